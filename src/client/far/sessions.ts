/** The sessions of a run at one host: as many as are asked at once, up to a few; none where the far side has none. */

import type { Interruption } from '../../process/interruption.ts';
import { type Answer, answerFrom } from './answer.ts';
import { type PinnedSession, pinSession } from './pinned-session.ts';
import { AGAIN, askInTime, openSession, type Session } from './session.ts';

/** sshd allows ten channels a connection (MaxSessions), and streams need some. */
const MOST = 4;

export interface Sessions {
  /**
   * The answer to `command`; undefined where it is to be sent by itself.
   *
   * @throws Failure when the host cannot be reached.
   */
  ask(command: string): Promise<Answer | undefined>;
  /** One session for several commands about one file system, whose lock stays taken from one to the next. */
  pin(): PinnedSession;
  /** How far the clock there is ahead, seconds; undefined where no session has told. */
  skew(): number | undefined;
  /** Lets them end, and waits until no lock is kept any more. */
  close(): Promise<void>;
}

/**
 * Sessions by what `argvOf` answers, the argv in front of a command there. The first one is opened at once. What
 * they print is written by process `writer`, once one is open; where that is not certain, no stream can be taken from them.
 */
export function createSessions(
  argvOf: () => Promise<readonly string[]>,
  interruption: Interruption,
  writer: () => number | undefined,
): Sessions {
  const all = new Set<Session>();
  const idle: Session[] = [];
  const comingBack = new Set<Promise<void>>();
  let opening = 0;
  let skew: number | undefined;
  let [refused, closed] = [false, false];

  const open = async (): Promise<Session | undefined> => {
    opening += 1;
    try {
      const session = await openSession(argvOf, interruption);
      if (session === undefined) refused = true;
      else if (closed) session.close();
      else all.add(session);
      return closed ? undefined : session;
    } finally {
      opening -= 1;
    }
  };
  const take = async (): Promise<Session | undefined> => {
    await first;
    // Sooner than a new one is there.
    while (idle.length === 0 && comingBack.size > 0) await Promise.race(comingBack);
    return idle.pop() ?? (refused || all.size + opening >= MOST ? undefined : open());
  };
  // Whether there are any is found out once, and why not by whoever asks next.
  const first = open().then(
    (session) => session && idle.push(session),
    () => {},
  );
  const drop = (session: Session) => {
    all.delete(session);
    session.kill();
  };
  /** Back to the others, once `ready` says whether it can be used. */
  const giveBack = (session: Session, ready: Promise<boolean>) => {
    const back = ready.then((usable) => {
      comingBack.delete(back);
      skew = session.skew() ?? skew;
      if (usable) idle.push(session);
      else drop(session);
    });
    comingBack.add(back);
  };
  const ask = async (command: string): Promise<Answer | undefined> => {
    for (let attempt = 0; attempt <= AGAIN; attempt += 1) {
      const session = await take();
      if (session === undefined) return undefined;
      interruption.check();
      const reply = await askInTime(session, command, false);
      if (typeof reply === 'string') drop(session);
      else idle.push(session);
      interruption.check();
      if (reply !== 'unread') return answerFrom(reply);
    }
    return undefined;
  };

  return {
    ask,
    pin: () => pinSession({ take, drop, giveBack, ask }, interruption, writer),
    skew: () => skew,
    async close() {
      closed = true;
      while (comingBack.size > 0) await Promise.race(comingBack);
      for (const session of all) session.close();
    },
  };
}
