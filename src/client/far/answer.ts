/** How a command to the far side ended, and how what a session replied becomes that. */

import type { SessionAnswer } from '../../command/session.ts';
import type { Ended } from '../../process/pipeline.ts';

export interface Answer extends Ended {
  readonly output: string;
}

/** What came to a line of a session: its answer, or that the session was over before it was looked at, or ended over it. */
export type Reply = SessionAnswer | 'unread' | 'lost';

/** Of our gate, which says so of what is too much for a session. */
const BY_ITSELF = 'refused (not-in-session)';

const LOST = 'the connection ended before the answer came';

/** Undefined where the command is to be sent by itself. */
export function answerFrom(reply: Reply): Answer | undefined {
  if (typeof reply === 'string') return { code: 255, signal: null, output: '', message: LOST };
  return reply.message.includes(BY_ITSELF) ? undefined : { ...reply, signal: null };
}
