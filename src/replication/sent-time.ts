/** The time of a new sent mark. Pure, but for the clock. */

import type { TaggedSnapshot } from './snapshots.ts';

/**
 * A mark that is farther ahead was set by a clock that was wrong; our gate refuses those of more than a day, and its clock may
 * itself be behind. Seconds.
 */
const FARTHEST = 12 * 3600;

/** Epoch seconds: now, or the newest mark among `snapshots` where that is later, as after a clock was set back. */
export function sentTime(
  snapshots: readonly Pick<TaggedSnapshot, 'sent'>[],
  now: number = Math.floor(Date.now() / 1000),
): number {
  const marks = snapshots.map(({ sent }) => Number(sent)).filter((sent) => sent <= now + FARTHEST);
  return Math.max(now, ...marks);
}
