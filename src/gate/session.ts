/**
 * A session, as it goes: commands come in as lines, each is answered before the next one is looked at.
 *
 * It has bounds, so that one that is left open, or that nobody reads, ends by itself. What it does not do is judge: that is
 * serve.ts's, command by command.
 */

import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import {
  createLineReader,
  FAREWELL,
  formatAnswer,
  GREETING,
  type SessionAnswer,
  STREAM,
} from '../command/session.ts';
import type { Interruption } from '../process/interruption.ts';

/** What a session can have before it ends, with a farewell. */
export interface Bounds {
  readonly commands: number;
  /** Milliseconds without a command, however much of one has come; and for an answer to be read. */
  readonly idle: number;
}

const BOUNDS: Bounds = { commands: 1000, idle: 15_000 };

/** What there is to put on record. */
export interface SessionFacts {
  readonly commands: number;
  readonly end: 'closed' | 'idle' | 'commands' | 'overlong' | 'interrupted' | 'unread' | 'stream';
}

export interface Channel {
  readonly input: Readable;
  readonly output: Writable;
  /** To be called when a child has had the channel for its standard output. */
  takeBack(): void;
}

/**
 * Does `work`, whose child has the channel itself for its standard output; behind a word that says so.
 */
export type Lend = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** What sshd made our standard input and output. Never written to in a way that could block this process. */
export function sshChannel(): Channel {
  const output = new Socket({ fd: 1, readable: false, writable: true });
  return {
    input: new Socket({ fd: 0, readable: true, writable: false }),
    output,
    // libuv has a child's standard output wait, which is a mode of the socket, and so of this process's end as well
    // (src/unix/process.c, uv__process_child_init). Node has no other way to say this than the one of its own stdout.
    takeBack: () => (output as unknown as Handled)._handle?.setBlocking(false),
  };
}

interface Handled {
  readonly _handle?: { setBlocking(blocking: boolean): void };
}

/**
 * Answers each line with what `answer` makes of it, until one side has enough; then the channel is closed. Where it makes
 * nothing of it, a stream was cut off, and the session with it: what follows would be taken for the rest. At the end, before it says so, it
 * does `letGo`.
 */
export async function converse(
  { input, output, takeBack }: Channel,
  interruption: Interruption,
  answer: (line: string, number: number, lend: Lend) => Promise<SessionAnswer | undefined>,
  letGo: () => Promise<void>,
  { commands: most, idle }: Bounds = BOUNDS,
): Promise<SessionFacts> {
  let commands = 0;
  let end: SessionFacts['end'] | undefined;
  let cutOff = false;
  const stop = (why: SessionFacts['end']) => {
    end ??= why;
    input.destroy();
  };
  const stopListening = interruption.onSignal(() => stop('interrupted'));
  output.on('error', () => stop('unread'));
  const say = async (bytes: string | Buffer) => {
    if (!(await written(output, bytes, idle))) stop('unread');
  };
  const lend: Lend = async (work) => {
    await say(STREAM);
    try {
      return await work();
    } finally {
      takeBack();
    }
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    await say(GREETING);
    timer = setTimeout(() => stop('idle'), idle);
    const read = createLineReader();
    for await (const chunk of input) {
      const { whole, overlong } = read(chunk as Buffer);
      // The beginning of a command that is too long is refused for that, and its end is not waited for.
      for (const command of overlong === undefined ? whole : [...whole, overlong]) {
        if (end !== undefined) break;
        clearTimeout(timer);
        commands += 1;
        const answered = await answer(command, commands, lend);
        if (answered === undefined) {
          cutOff = true;
          stop('stream');
          break;
        }
        await say(formatAnswer(answered));
        timer = setTimeout(() => stop('idle'), idle);
        if (commands >= most) stop('commands');
      }
      if (overlong !== undefined) stop('overlong');
    }
  } catch (error) {
    // A stream that was destroyed under the loop says so; one that broke has ended.
    if (end === undefined && !isStreamError(error)) throw error;
  } finally {
    clearTimeout(timer);
    stopListening();
  }
  // Whoever hears the farewell goes on elsewhere, and needs the lock, and the record of what was streamed.
  await letGo();
  if (end !== undefined && end !== 'unread' && !cutOff) await say(FAREWELL);
  output.destroy();
  input.destroy();
  return { commands, end: end ?? 'closed' };
}

/** False where nobody took it in time, or ever will. */
function written(output: Writable, bytes: string | Buffer, limit: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limit);
    output.write(bytes, (error) => {
      clearTimeout(timer);
      resolve(error === null || error === undefined);
    });
  });
}

function isStreamError(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
