/** How a command to the far side ended, and how what a session replied becomes that. */

import type { SessionAnswer } from '../../command/session.ts';
import type { Ended } from '../../process/pipeline.ts';

/** ssh's own exit code: the host was not reached, or the connection broke. */
export const NO_CONNECTION = 255;

/** A listing has a line or more for each snapshot; of some fifty thousand. Bytes. */
export const MOST_OF_LISTING = 64 << 20;

export interface Answer extends Ended {
  readonly output: string;
}

/** The code of the refusal, where our gate refused; undefined for any other answer. */
export function refusedByGate({ message }: Pick<Answer, 'message'>): string | undefined {
  return /refused \(([a-z-]+)\)/.exec(message)?.[1];
}

/** What came to a line of a session: its answer, or that the session was over before it was looked at, or ended over it. */
export type Reply = SessionAnswer | 'unread' | 'lost';

/** Of our gate, which says so of what is too much for a session. */
const BY_ITSELF = 'refused (not-in-session)';

const LOST = 'the connection ended before the answer came';

/** Undefined where the command is to be sent by itself. */
export function answerFrom(reply: Reply): Answer | undefined {
  if (typeof reply === 'string') return { code: NO_CONNECTION, signal: null, output: '', message: LOST };
  return reply.message.includes(BY_ITSELF) ? undefined : { ...reply, signal: null };
}
