/**
 * A session at the far side's gate, where there is one: many short commands by one process there and one of ssh here.
 *
 * A far side that knows no sessions (a stock zrep, a gate of before, a gatekeeper) says so by not greeting; that is no
 * failure, and not worth a word: every command goes by itself then.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import {
  FAREWELL,
  GREETING,
  LONGEST_ANSWER,
  readAnswer,
  SESSION,
  type SessionAnswer,
} from '../../command/session.ts';
import type { Interruption } from '../../process/interruption.ts';
import { endOf } from '../../process/pipeline.ts';

/** A far side that neither greets nor ends in this time will not. Milliseconds. */
const GREETED_WITHIN = 10_000;

/** The longest that an answer can be before it is whole, and more. Bytes. */
const MOST = 3 * LONGEST_ANSWER;

export interface Session {
  /**
   * The answer to `command`, one at a time; `unread` where the session was over before the far side looked at it, and
   * `lost` where it ended over it, so that nobody knows how far it has come.
   */
  ask(command: string): Promise<SessionAnswer | 'unread' | 'lost'>;
  /** Lets it end. */
  close(): void;
  /** Ends it. */
  kill(): void;
}

/** A session by `argv`, which runs a command there; undefined where there are none. A signal ends it. */
export async function openSession(
  argv: readonly string[],
  interruption: Interruption,
): Promise<Session | undefined> {
  const [file = '', ...words] = [...argv, SESSION];
  const child = spawn(file, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.once(
    'exit',
    interruption.onSignal(() => child.kill('SIGTERM')),
  );
  // Who is gone reads nothing; that shows by its end.
  child.stdin.on('error', () => {});
  const reader = createReader(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), GREETED_WITHIN);
  const greeted = await reader.until((bytes) => {
    const text = bytes.toString('latin1');
    if (!GREETING.startsWith(text.slice(0, GREETING.length))) return { value: false, length: 0 };
    return text.length < GREETING.length ? undefined : { value: true, length: GREETING.length };
  });
  clearTimeout(timer);
  if (greeted !== true) {
    child.kill('SIGKILL');
    return undefined;
  }
  return {
    async ask(command) {
      child.stdin.write(`${command}\n`);
      const found = await reader.until(findAnswer);
      if (found === undefined) return 'lost';
      return typeof found === 'string' ? found : { ...found, message: found.message + reader.aside() };
    },
    close: () => child.stdin.end(),
    kill: () => child.kill('SIGTERM'),
  };
}

function findAnswer(bytes: Buffer): Found<SessionAnswer | 'unread' | 'lost'> {
  const read = readAnswer(bytes);
  if (read === undefined) return undefined;
  if (read === 'farewell') return { value: 'unread', length: FAREWELL.length };
  return read === 'nonsense' ? { value: 'lost', length: 0 } : { value: read.answer, length: read.length };
}

type Found<Value> = { readonly value: Value; readonly length: number } | undefined;

/** What a child prints, a piece at a time, and beside it what it says on standard error. */
function createReader(child: ChildProcess) {
  let bytes: Buffer = Buffer.alloc(0);
  let over = false;
  let message = '';
  let look = () => {};
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length > MOST) child.kill('SIGKILL');
    else look();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    if (message.length < LONGEST_ANSWER) message += chunk.toString('latin1');
  });
  endOf(child).then(() => {
    over = true;
    look();
  });
  return {
    /** What `find` finds at the start of what has come, once it does; undefined when the child has ended before. */
    until<Value>(find: (bytes: Buffer) => Found<Value>): Promise<Value | undefined> {
      return new Promise((resolve) => {
        look = () => {
          const found = find(bytes);
          if (found === undefined && !over) return;
          look = () => {};
          bytes = bytes.subarray(found?.length ?? 0);
          resolve(found?.value);
        };
        look();
      });
    },
    /** What was said on standard error since the last time. */
    aside(): string {
      const said = message;
      message = '';
      return said;
    },
  };
}
