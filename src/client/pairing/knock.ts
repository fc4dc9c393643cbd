/** One try to get in at the fileserver: what it says tells what is missing. Pure, but for the try. */

import { succeeded } from '../../process/pipeline.ts';
import { type Answer, MOST_OF_LISTING, NO_CONNECTION, refusedByGate } from '../far/answer.ts';
import { stateCommand } from '../far/far-commands.ts';
import { capture } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { explained, isHostKeyUnknown, isTurnedAway } from '../far/ssh-failure.ts';
import type { Run } from '../run/run.ts';

export type Knock =
  | { readonly kind: 'open' }
  /** The line has to be pasted there first: the key is not accepted, or the dataset is not granted to it. */
  | { readonly kind: 'closed'; readonly why: string; readonly lacks: 'key' | 'grant' }
  /** ssh does not know the host. */
  | { readonly kind: 'stranger'; readonly why: string }
  /** Who answers is no gate. */
  | { readonly kind: 'no gate'; readonly why: string }
  /** Waiting does not help. */
  | { readonly kind: 'failed'; readonly why: string };

/** No try asks anybody for anything. */
const QUIET = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=20'];

/** The gate's codes for what a grant brings. */
const UNGRANTED = [
  'unknown-client',
  'not-granted',
  'operation-not-granted',
  'tag-not-granted',
  'recursive-not-granted',
];

/** Asks for the state of `source`, which changes nothing there. */
export async function knock({ settings, step }: Run, host: string, source: string): Promise<Knock> {
  const argv = [...settings.ssh, ...QUIET, host, stateCommand(settings, source)];
  const answer = await capture(argv, step.interruption, MOST_OF_LISTING);
  return judgeKnock(explained(answer, host, settings.ssh));
}

/** What an answer means. Pure. */
export function judgeKnock(answer: Answer): Knock {
  const why =
    farLines(answer.message).slice(-2).join('; ') || `it ended with ${answer.signal ?? answer.code}`;
  if (succeeded(answer))
    return answer.output.startsWith('{"version":')
      ? { kind: 'open' }
      : { kind: 'no gate', why: farLines(answer.output)[0] ?? 'it said nothing' };
  const code = refusedByGate(answer);
  // A gate of before.
  if (code === 'unknown-verb') return { kind: 'no gate', why };
  if (code !== undefined)
    return UNGRANTED.includes(code) ? { kind: 'closed', why, lacks: 'grant' } : { kind: 'failed', why };
  if (answer.code !== NO_CONNECTION)
    return { kind: answer.message.includes('zrep-gate:') ? 'failed' : 'no gate', why };
  if (isHostKeyUnknown(answer)) return { kind: 'stranger', why };
  return isTurnedAway(answer) ? { kind: 'closed', why, lacks: 'key' } : { kind: 'failed', why };
}
