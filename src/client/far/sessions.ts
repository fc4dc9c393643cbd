/** The sessions of a run at one host: as many as are asked at once, up to a few; none where the far side has none. */

import type { Interruption } from '../../process/interruption.ts';
import type { Answer } from './far-side.ts';
import { openSession, type Session } from './session.ts';

/** sshd allows ten channels a connection (MaxSessions), and streams need some. */
const MOST = 4;

/** How often a command is sent once more because its session was over before it was read. */
const AGAIN = 2;

/** Nothing but a stream takes so long. Milliseconds. */
const LONGEST = 15 * 60 * 1000;

/** Of our gate, which says so of what is too much for a session. */
const BY_ITSELF = 'refused (not-in-session)';

export interface Sessions {
  /**
   * The answer to `command`; undefined where it is to be sent by itself.
   *
   * @throws Failure when the host cannot be reached.
   */
  ask(command: string): Promise<Answer | undefined>;
  close(): void;
}

/** Sessions by what `argvOf` answers, the argv in front of a command there. The first one is opened at once. */
export function createSessions(
  argvOf: () => Promise<readonly string[]>,
  interruption: Interruption,
): Sessions {
  const all = new Set<Session>();
  const idle: Session[] = [];
  let opening = 0;
  let [refused, closed] = [false, false];

  const open = async (): Promise<Session | undefined> => {
    opening += 1;
    try {
      const argv = await argvOf();
      if (closed) return undefined;
      const session = await openSession(argv, interruption);
      if (session === undefined) refused = true;
      else if (closed) session.close();
      else all.add(session);
      return session;
    } finally {
      opening -= 1;
    }
  };
  const take = async (): Promise<Session | undefined> => {
    await first;
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
  const askOnce = async (command: string): Promise<Answer | 'unread' | undefined> => {
    const session = await take();
    if (session === undefined) return undefined;
    interruption.check();
    const timer = setTimeout(() => session.kill(), LONGEST);
    try {
      const answer = await session.ask(command);
      if (typeof answer !== 'string') idle.push(session);
      else drop(session);
      interruption.check();
      if (answer === 'unread') return answer;
      if (answer === 'lost') return { code: 255, signal: null, output: '', message: LOST };
      return answer.message.includes(BY_ITSELF) ? undefined : { ...answer, signal: null };
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async ask(command) {
      for (let attempt = 0; attempt <= AGAIN; attempt += 1) {
        const answer = await askOnce(command);
        if (answer !== 'unread') return answer;
      }
      return undefined;
    },
    close() {
      closed = true;
      for (const session of all) session.close();
    },
  };
}

const LOST = 'the connection ended before the answer came';
