/**
 * One session for all that a refresh asks there about one file system: the lock is taken once, and the stream comes by the
 * same channel.
 */

import type { Interruption } from '../../process/interruption.ts';
import { succeeded } from '../../process/pipeline.ts';
import { type Answer, answerFrom, type Reply } from './answer.ts';
import { AGAIN, askInTime, type Session, type SessionStream } from './session.ts';

/** Each is undefined where the command is to be sent by itself; no lock is kept then. */
export interface PinnedSession {
  ask(command: string): Promise<Answer | undefined>;
  /** The lock is not kept behind it. */
  askLast(command: string): Promise<Answer | undefined>;
  stream(command: string): Promise<Answer | StreamThere | undefined>;
  /** Has the lock let go of, without waiting for it. */
  done(): void;
}

/** A stream on a session's channel, which process `writer` writes into this host's end. */
export interface StreamThere extends SessionStream {
  readonly writer: number;
}

/** Where sessions come from and go to. */
interface Pool {
  take(): Promise<Session | undefined>;
  drop(session: Session): void;
  giveBack(session: Session, ready: Promise<boolean>): void;
  ask(command: string): Promise<Answer | undefined>;
}

/** A session of `pool` that is taken when it is first asked; where `writer` knows none, nothing is kept from one command to the next, and nothing streamed. */
export function pinSession(
  pool: Pool,
  interruption: Interruption,
  writer: () => number | undefined,
): PinnedSession {
  let own: Session | undefined;
  let busy = false;
  const lose = () => {
    if (own !== undefined) pool.drop(own);
    own = undefined;
  };

  /** What the own session replies, or, where that was over, another one. */
  async function tryOn<Got>(
    work: (session: Session) => Promise<Got | Reply>,
  ): Promise<Got | Reply | undefined> {
    busy = true;
    try {
      for (let attempt = 0; attempt <= AGAIN; attempt += 1) {
        own ??= await pool.take();
        if (own === undefined) return undefined;
        interruption.check();
        const reply = await work(own);
        if (typeof reply === 'string') lose();
        interruption.check();
        if (reply !== 'unread') return reply;
      }
      return undefined;
    } finally {
      busy = false;
    }
  }

  /** While it comes, others are asked; where it does not end well, the session is over. */
  function held(stream: SessionStream, writer: number): StreamThere {
    busy = true;
    return {
      ...stream,
      writer,
      async finish() {
        const ended = await stream.finish();
        busy = false;
        if (!succeeded(ended)) lose();
        return ended;
      },
      async giveUp(signal) {
        const ended = await stream.giveUp(signal);
        busy = false;
        lose();
        return ended;
      },
    };
  }

  async function ask(command: string, keep: boolean): Promise<Answer | undefined> {
    if (busy) return pool.ask(command);
    const reply = await tryOn((session) => askInTime(session, command, keep));
    return reply && answerFrom(reply);
  }

  return {
    ask: (command) => ask(command, writer() !== undefined),
    askLast: (command) => ask(command, false),
    async stream(command) {
      const writing = writer();
      if (writing === undefined) return undefined;
      const reply = await tryOn((session) => session.stream(command, true));
      if (typeof reply === 'object' && 'inlet' in reply) return held(reply, writing);
      const answer = reply && answerFrom(reply);
      if (answer === undefined) await own?.letGo();
      return answer;
    },
    done() {
      if (own === undefined) return;
      const ready =
        writer() !== undefined
          ? own.letGo().then((reply) => typeof reply !== 'string')
          : Promise.resolve(true);
      pool.giveBack(own, ready);
      own = undefined;
    },
  };
}
