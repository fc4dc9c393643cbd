/** Variables whose texts a shell would read, read as plain words. Pure; each throws UsageError with what to write. */

import { lex } from '../../command/lex.ts';
import { fixedSeconds, isProblem, parseSpan } from '../../expire/span.ts';
import { quote } from '../../printable.ts';
import { isRefusal } from '../../refusal.ts';
import { UsageError } from './usage-error.ts';

/** One command in words. */
export function readCommand(name: string, text: string, example: string): readonly string[] {
  const [words = [], ...more] = readStages(name, text, example);
  if (more.length > 0) throw new UsageError(`${name} can be one command, without |; write e.g. ${example}`);
  return words;
}

export function readWords(name: string, text: string | undefined, example: string): readonly string[] {
  return text === undefined || /^ *$/.test(text) ? [] : readCommand(name, text, `${name}="${example}"`);
}

export function readStages(name: string, text: string, example: string): string[][] {
  const stages = lex(text);
  if (!isRefusal(stages)) return stages;
  throw new UsageError(
    `${name} is ${quote(text)}, which has shell syntax in it, or no words; here no shell reads it: write plain words, and paths in full (no ~, $, or *), e.g. ${example}`,
  );
}

export function readFlags(name: string, text: string | undefined): readonly string[] {
  const words = readWords(name, text, '-c --raw');
  const other = words.find((word) => !/^--?[A-Za-z]/.test(word));
  if (other !== undefined)
    throw new UsageError(
      `${name} can hold options of zfs send alone, and ${quote(other)} is none; write e.g. ${name}="-c --raw"`,
    );
  return words;
}

export function readProperties(text: string | undefined): readonly string[] {
  const name = 'ZREP_INIT_REMOTE_PROPERTIES';
  const words = readWords(name, text, 'compression=lz4 atime=off');
  const other = words.find((word) => !/^[a-z0-9][a-z0-9_.:-]*=./.test(word));
  if (other !== undefined)
    throw new UsageError(
      `${name}: ${quote(other)} is not property=value; write e.g. ${name}="compression=lz4 atime=off"`,
    );
  return words;
}

/** Goes on the wire, or to a terminal, as it stands. */
export function readLine(name: string, text: string): string {
  if (/[^\x20-\x7e]/.test(text))
    throw new UsageError(`${name} is ${quote(text)}; write it in one line of printable ASCII`);
  return text;
}

/** A variable that is an option of zfs or zrep by itself; stock puts it on command lines. */
export function readSwitch(text: string | undefined, name: string, value: string): boolean {
  if (text !== undefined && text !== value)
    throw new UsageError(
      `${name} is ${quote(text)}, but can only be ${value}, or unset; write ${name}=${value}`,
    );
  return text !== undefined;
}

/** Seconds, of `90s`, `5min`, `2h`. */
export function readDuration(name: string, text: string): number {
  const span = parseSpan(text);
  if (isProblem(span)) throw new UsageError(`${name}: ${span.problem}`);
  return fixedSeconds(span);
}

export function readAbsolutePath(name: string, text: string): string {
  if (!/^\/[\x21-\x7e]*$/.test(text))
    throw new UsageError(`${name} is ${quote(text)}; write a path in full, beginning with /`);
  return text;
}
