/** The name of the next snapshot in the row, as far as the limits of every dataset that is to get one allow it. */

import type { DatasetLimits } from '../policy/limits.ts';
import { limitsOf, type Reach } from '../policy/reach.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { type Dataset, formatZrepSnapshot, type Tag } from '../zfs/names.ts';
import type { Listing } from '../zfs/state.ts';
import { ownBookmarks } from './bookmarks.ts';
import { type Room, refuseFull, refuseMore } from './limits.ts';
import type { Reading } from './lock.ts';
import { masterProperties } from './master.ts';
import { datasetsBelow, nextSequence, SNAPSHOT_PROPERTIES, taggedSnapshots } from './snapshots.ts';

/** What limits a new snapshot. */
export interface Limiting {
  /** The dataset's own. */
  readonly limits: DatasetLimits;
  /** Where it is made: of the dataset alone, or of all below it, each by its own limits. */
  readonly reach: Reach;
}

/** What `nextSnapshot` needs to have been read, and `refuseUnlessMaster`. */
export function nextSnapshotReading(tag: Tag, reach: Reach): Reading {
  const properties = [...SNAPSHOT_PROPERTIES, `${tag}:sent`, ...masterProperties(tag)];
  return { properties, depth: reach === 'alone' ? 1 : Number.POSITIVE_INFINITY };
}

/** The name of one more snapshot of `dataset`; the refusal where a limit forbids it, there or below. */
export async function nextSnapshot(
  listing: Listing,
  dataset: Dataset,
  tag: Tag,
  { limits, reach }: Limiting,
  room: () => Promise<Room>,
): Promise<string | Refusal> {
  const now = Math.floor(Date.now() / 1000);
  const getting = [dataset, ...(reach === 'alone' ? [] : datasetsBelow(listing, dataset))];
  for (const one of getting) {
    const refusal = refuseMore(one, taggedSnapshots(listing, one, tag), limitsOf(reach, one, limits), now);
    if (refusal) return refusal;
  }
  const found = await room();
  for (const one of getting) {
    const refusal = refuseFull(found, limitsOf(reach, one, limits).freeSpace);
    if (refusal) return refusal;
  }
  // With -R one name is made everywhere: it has to be free below as well.
  const sequence = nextSequence([
    ...getting.flatMap((one) => taggedSnapshots(listing, one, tag)),
    ...ownBookmarks(listing, dataset, tag),
  ]);
  if (sequence === undefined) return refuse('sequence-exhausted', dataset);
  return formatZrepSnapshot({ dataset, tag, sequence });
}
