/**
 * The words of a session: one channel of ssh on which many short commands are answered, one after the other. Pure.
 *
 * A client that sent `zrep-gate session` is greeted, and writes commands, each as it would have sent it alone, with a
 * newline behind it. Each answer says its lengths first, so that nothing in it can be taken for the next one.
 */

import { MAXIMUM_COMMAND } from './lex.ts';

/** Compared as it stands: no blanks around it, no sudo before it. */
export const SESSION = 'zrep-gate session';

/** The number is that of this form. */
export const GREETING = 'zrep-gate session 1\n';

/** The session is over, and nothing that came behind the last command that was answered has been looked at. */
export const FAREWELL = 'end\n';

/** What an answer can have of each. Bytes. */
export const LONGEST_ANSWER = 65_536;

export interface SessionAnswer {
  /** The exit code that the command would have had alone. */
  readonly code: number;
  readonly output: string;
  readonly message: string;
}

/** `answer EXIT LENGTH LENGTH`, and behind that line the output and the message. */
export function formatAnswer({ code, output, message }: SessionAnswer): Buffer {
  const [out, error] = [Buffer.from(output), Buffer.from(message)];
  return Buffer.concat([Buffer.from(`answer ${code} ${out.length} ${error.length}\n`), out, error]);
}

const HEAD = /^answer (\d{1,3}) (\d{1,5}) (\d{1,5})\n/;

/** More than any head has. Bytes. */
const LONGEST_HEAD = 32;

/**
 * The answer at the start of `bytes`, and how many of them it has; undefined where it has not come yet. What is
 * neither an answer nor a farewell is nonsense.
 */
export function readAnswer(
  bytes: Buffer,
): { readonly answer: SessionAnswer; readonly length: number } | 'farewell' | 'nonsense' | undefined {
  const head = bytes.subarray(0, LONGEST_HEAD).toString('latin1');
  if (head === FAREWELL) return 'farewell';
  const found = HEAD.exec(head);
  if (found === null) return head.includes('\n') || bytes.length >= LONGEST_HEAD ? 'nonsense' : undefined;
  const [code = 0, output = 0, message = 0] = found.slice(1).map(Number);
  if (code > 255 || output > LONGEST_ANSWER || message > LONGEST_ANSWER) return 'nonsense';
  const start = found[0].length;
  const length = start + output + message;
  if (bytes.length < length) return undefined;
  const text = (from: number, to: number) => bytes.subarray(from, to).toString('latin1');
  return {
    answer: { code, output: text(start, start + output), message: text(start + output, length) },
    length,
  };
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
    return rest.length > MAXIMUM_COMMAND ? { whole, overlong: rest } : { whole };
  };
}
