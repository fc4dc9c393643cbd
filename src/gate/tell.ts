/**
 * What the person at the other end reads: one line on standard error, prefix first, with the id of the record in
 * the log; nothing of a client's or of zfs's unescaped. Standard output belongs to zrep's protocol and to the stream.
 */

import { printable } from '../printable.ts';
import { writeOrDrop } from '../process/outlet.ts';
import { saySystemRefusal } from '../process/system-refusal.ts';
import type { Outcome } from './outcome.ts';

/** Tells how request `id` ended. */
export function tell(outcome: Outcome, id: string): void {
  const { output, message } = wordsFor(outcome, id);
  // The client may be gone, or read nothing; the audit record has it all.
  if (output !== '') writeOrDrop(1, output);
  if (message !== '') writeOrDrop(2, message);
}

/** What there is to tell, for standard output and for standard error. */
export function wordsFor(outcome: Outcome, id: string): { output: string; message: string } {
  if (outcome.kind === 'done') return { output: outcome.done.print ?? '', message: '' };
  return { output: '', message: line(`${sentenceFor(outcome)} [log id ${id}]`) };
}

/** One line on standard error. */
export function say(text: string): void {
  writeOrDrop(2, line(text));
}

function line(text: string): string {
  return `zrep-gate: ${text}\n`;
}

function sentenceFor(outcome: Exclude<Outcome, { kind: 'done' }>): string {
  switch (outcome.kind) {
    case 'refused':
      return `refused (${outcome.refusal.refused}): ${outcome.refusal.reason}`;
    case 'failed': {
      const { code, signal, message } = outcome.ended;
      const how = signal === null ? `exit code ${code}` : `killed by ${signal}`;
      const complaint = sayable(message, outcome.dataset);
      return `zfs failed (${how})${complaint === undefined ? '' : `: ${complaint}`}`;
    }
    case 'interrupted':
      return `interrupted by ${outcome.signal}`;
    case 'error':
      return saySystemRefusal(outcome.error) ?? 'an error in zrep-gate itself';
  }
}

/**
 * The first line of zfs's message, if every name that it quotes belongs to `dataset`: zfs lists clones and
 * children by name, and those may be nobody's business. Printable.
 */
export function sayable(message: string, dataset: string): string | undefined {
  const [line = ''] = message.trim().split('\n');
  const names = [...line.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '');
  const own = names.every((name) => name === dataset || name.startsWith(`${dataset}@`));
  return own && names.length > 0 ? printable(line) : undefined;
}
