/**
 * A session at the far side's gate, where there is one: many commands by one process there and one of ssh here, and the
 * streams among them on the same channel.
 *
 * What comes is read from a pipe of the kernel's, never beyond what is known to come: behind the word for a stream the pipe is
 * whoever's who receives it.
 *
 * A far side that knows no sessions (a stock zrep, a gate of before, a gatekeeper) does not greet. Nor is there a session
 * where our words do not reach it (SSH="ssh -n", StdinNull): it greets, and does not answer. Neither is a failure, nor worth a
 * message: every command goes by itself then.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import {
  GREETING,
  KEEP,
  LET_GO,
  LONGEST_ANSWER,
  readSaid,
  type Said,
  SESSION,
} from '../../command/session.ts';
import { createInlet, type Inlet } from '../../process/inlet.ts';
import type { Interruption } from '../../process/interruption.ts';
import { makePipe } from '../../process/pipe.ts';
import { type Ended, endOf } from '../../process/pipeline.ts';
import type { Reply } from './answer.ts';
import { skewOf } from './clock.ts';

/** A far side that neither greets nor ends in this time will not. Milliseconds. */
const GREETED_WITHIN = 10_000;

/** How often a command is sent once more because its session was over before it was read. */
export const AGAIN = 2;

/** Nothing but a stream takes so long. Milliseconds. */
const LONGEST = 15 * 60 * 1000;

export interface Session {
  /** The reply to `command`, one at a time; `keep` leaves the lock that it takes to the next one. */
  ask(command: string, keep?: boolean): Promise<Reply>;
  /** The same for one that streams; a session that is not to stream says so by its answer. */
  stream(command: string, keep?: boolean): Promise<Reply | SessionStream>;
  /** Has the far side let go of the lock that was kept. */
  letGo(): Promise<Reply>;
  /** How far the clock there was ahead when that was answered, seconds; undefined before, and where it does not say. */
  skew(): number | undefined;
  /** Lets it end. */
  close(): void;
  /** Ends it. */
  kill(): void;
}

/** A stream that has begun. Before anything else, it is to be finished or given up. */
export interface SessionStream {
  readonly inlet: Inlet;
  /** The process that is in front of what writes it. */
  readonly pid: number | undefined;
  /** Behind its end: how the far side says that it ended, or, where it does not, how the session did. */
  finish(): Promise<Ended>;
  /** Takes no more of it, and ends the session: how that ended. With `signal` at once. */
  giveUp(signal?: NodeJS.Signals): Promise<Ended>;
}

/** A session by what `argvOf` answers, which runs a command there; undefined where there are none. A signal ends it. */
export async function openSession(
  argvOf: () => Promise<readonly string[]>,
  interruption: Interruption,
): Promise<Session | undefined> {
  // Before anything else: to connect takes longest.
  const connecting = argvOf();
  connecting.catch(() => {});
  const pipe = makePipe();
  const inlet = createInlet(pipe.read);
  let child: ChildProcess;
  try {
    const [file = '', ...words] = [...(await connecting), SESSION];
    child = spawn(file, words, { stdio: ['pipe', pipe.write, 'pipe'] });
  } catch (error) {
    inlet.close();
    throw error;
  } finally {
    closeSync(pipe.write);
  }
  const session = speak(child, inlet, interruption);
  const timer = setTimeout(session.kill, GREETED_WITHIN);
  // A first word that changes nothing, sent ahead so that its answer costs no round trip.
  session.say(LET_GO);
  const greeted = (await session.take(GREETING.length)).toString('latin1') === GREETING;
  const heard = greeted && typeof (await session.hear()) === 'object';
  clearTimeout(timer);
  if (heard) return session;
  session.kill();
  return undefined;
}

function speak(
  child: ChildProcess,
  inlet: Inlet,
  interruption: Interruption,
): Session & {
  take(count: number): Promise<Buffer>;
  say(line: string): void;
  hear(): Promise<Reply | 'stream'>;
} {
  // Who is gone reads nothing; that shows by its end.
  child.stdin?.on('error', () => {});
  const aside = collectAside(child);
  const ending = endOf(child);
  let skew: number | undefined;
  let reading: Promise<Buffer> = Promise.resolve(Buffer.alloc(0));
  const release = async () => {
    await ending;
    await reading;
    inlet.close();
  };
  const kill = () => {
    child.kill('SIGTERM');
    // ssh's master may hold the other end for longer.
    inlet.abort();
    release();
  };
  const stopListening = interruption.onSignal(() => {
    child.kill('SIGTERM');
    inlet.abort();
  });
  ending.then(({ signal }) => {
    stopListening();
    if (signal !== null) inlet.abort();
  });
  const take = (count: number) => {
    reading = inlet.take(count);
    return reading;
  };
  const hear = async (): Promise<Reply | 'stream'> => {
    const said = await nextSaid(take);
    if (said === undefined || said.kind === 'nonsense') return 'lost';
    if (said.kind === 'stream') return 'stream';
    if (said.kind !== 'answer') return 'unread';
    return { ...said.answer, message: said.answer.message + aside() };
  };
  const say = (line: string) => child.stdin?.write(`${line}\n`);
  const ask = async (line: string): Promise<Reply> => {
    say(line);
    const reply = await hear();
    // Nobody asked for one.
    return reply === 'stream' ? 'lost' : reply;
  };
  const words = (command: string, keep: boolean) => (keep ? KEEP : '') + command;
  return {
    ...{ take, say, hear, kill },
    ask: (command, keep = false) => ask(words(command, keep)),
    async letGo() {
      const before = Date.now() / 1000;
      const reply = await ask(LET_GO);
      if (typeof reply !== 'string') skew = skewOf(reply.output, before, Date.now() / 1000);
      return reply;
    },
    skew: () => skew,
    close() {
      child.stdin?.end();
      release();
    },
    async stream(command, keep = false) {
      say(words(command, keep));
      const reply = await hear();
      if (reply !== 'stream') return reply;
      return {
        inlet,
        pid: child.pid,
        async finish() {
          const reply = await hear();
          if (typeof reply !== 'string') return { ...reply, signal: null };
          kill();
          const ended = await ending;
          // Without an answer nobody knows.
          return ended.code === 0 ? { ...ended, code: 255 } : ended;
        },
        async giveUp(signal) {
          child.stdin?.end();
          if (signal !== undefined) child.kill(signal);
          inlet.close();
          return ending;
        },
      };
    },
  };
}

/** Undefined where it is over before something whole was said. */
async function nextSaid(
  take: (count: number) => Promise<Buffer>,
): Promise<Exclude<Said, { kind: 'part' }> | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const said = readSaid(bytes);
    if (said.kind !== 'part') return said;
    const more = await take(said.lacks);
    if (more.length < said.lacks) return undefined;
    bytes = Buffer.concat([bytes, more]);
  }
}

/** What a child says on standard error, since the last time. */
function collectAside(child: ChildProcess): () => string {
  let message = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (message.length < LONGEST_ANSWER) message += chunk.toString('latin1');
  });
  return () => {
    const said = message;
    message = '';
    return said;
  };
}

/** The reply, in the time that anything but a stream can take. */
export async function askInTime(session: Session, command: string, keep: boolean): Promise<Reply> {
  const timer = setTimeout(() => session.kill(), LONGEST);
  try {
    return await session.ask(command, keep);
  } finally {
    clearTimeout(timer);
  }
}
