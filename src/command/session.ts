/**
 * The words of a session: one channel of ssh on which many commands are answered, one after the other. Pure.
 *
 * A client that sent `zrep-gate session` is greeted, and writes commands, each as it would have sent it alone, with a
 * newline behind it. Each answer says its lengths first, so that nothing in it can be taken for the next one. In front of a
 * command can stand that its lock is to be kept for the next one.
 *
 * A stream says no length. It comes behind a word of its own, knows its end by itself, and the answer follows; where it did
 * not come to its end, nothing follows any more.
 */

import { MAXIMUM_COMMAND } from './lex.ts';

/** Compared as it stands: no blanks around it, no sudo before it. */
export const SESSION = 'zrep-gate session';

/** The number is that of this form. */
export const GREETING = 'zrep-gate session 2\n';

/** The session is over, and nothing that came behind the last command that was answered has been looked at. */
export const FAREWELL = 'end\n';

/** Behind it comes a stream, and behind that the answer. */
export const STREAM = 'stream\n';

/** In the place of a command: the lock that was kept is let go of. The answer has the epoch seconds there; an older gate's is empty. */
export const LET_GO = 'let go';

/** In front of a command that is to leave its lock to the next one. */
export const KEEP = 'keep ';

/** What an answer can have of each. Bytes. */
export const LONGEST_ANSWER = 65_536;

export interface SessionAnswer {
  /** The exit code that the command would have had alone. */
  readonly code: number;
  readonly output: string;
  readonly message: string;
}

/** A command beyond this is too long for any, also without what stands in front of it. Characters. */
export const LONGEST_LINE = KEEP.length + MAXIMUM_COMMAND;

/** What a line asks for. */
export function readLine(line: string): { readonly command: string; readonly keep: boolean } | 'let go' {
  if (line === LET_GO) return 'let go';
  return line.startsWith(KEEP)
    ? { command: line.slice(KEEP.length), keep: true }
    : { command: line, keep: false };
}

/** `answer EXIT LENGTH LENGTH`, and behind that line the output and the message. */
export function formatAnswer({ code, output, message }: SessionAnswer): Buffer {
  const [out, error] = [Buffer.from(output), Buffer.from(message)];
  return Buffer.concat([Buffer.from(`answer ${code} ${out.length} ${error.length}\n`), out, error]);
}

const ANSWER = 'answer ';
const HEAD = /^answer (\d{1,3}) (\d{1,5}) (\d{1,5})\n/;
const SHORTEST_HEAD = 'answer 0 0 0\n'.length;

/** More than any head has. Bytes. */
const LONGEST_HEAD = 32;

export type Said =
  | { readonly kind: 'answer'; readonly answer: SessionAnswer; readonly length: number }
  | { readonly kind: 'farewell' | 'stream'; readonly length: number }
  | { readonly kind: 'nonsense' }
  /** It has not come yet; so many bytes have to at least. */
  | { readonly kind: 'part'; readonly lacks: number };

/** What is said at the start of `bytes`, and how many of them that has. */
export function readSaid(bytes: Buffer): Said {
  const head = bytes.subarray(0, LONGEST_HEAD).toString('latin1');
  for (const [kind, word] of [
    ['farewell', FAREWELL],
    ['stream', STREAM],
  ] as const) {
    if (head.startsWith(word)) return { kind, length: word.length };
    if (word.startsWith(head)) return { kind: 'part', lacks: Math.max(1, FAREWELL.length - head.length) };
  }
  const found = HEAD.exec(head);
  if (found === null) {
    const strange = !ANSWER.startsWith(head.slice(0, ANSWER.length));
    if (strange || head.includes('\n') || bytes.length >= LONGEST_HEAD) return { kind: 'nonsense' };
    return { kind: 'part', lacks: Math.max(1, SHORTEST_HEAD - head.length) };
  }
  const [code = 0, output = 0, message = 0] = found.slice(1).map(Number);
  if (code > 255 || output > LONGEST_ANSWER || message > LONGEST_ANSWER) return { kind: 'nonsense' };
  const start = found[0].length;
  const length = start + output + message;
  if (bytes.length < length) return { kind: 'part', lacks: length - bytes.length };
  const text = (from: number, to: number) => bytes.subarray(from, to).toString('latin1');
  const answer = { code, output: text(start, start + output), message: text(start + output, length) };
  return { kind: 'answer', answer, length };
}

/** What has come as lines: those that are whole, and the beginning of one that is longer than any command. */
export interface Lines {
  readonly whole: readonly string[];
  readonly overlong?: string;
}

/**
 * Parts what comes into lines, at newlines alone. Bytes stay characters, so that lex refuses what is not printable
 * ASCII. What has no newline behind it is kept, and is no line: half a command names another dataset than the whole.
 */
export function createLineReader(): (chunk: Buffer) => Lines {
  let rest = '';
  return (chunk) => {
    const whole = (rest + chunk.toString('latin1')).split('\n');
    rest = whole.pop() ?? '';
    return rest.length > LONGEST_LINE ? { whole, overlong: rest } : { whole };
  };
}
