/**
 * Runs: the snapshots that one recursive `zfs snapshot` made of a tree. A run expires as a whole, once no dataset of the tree
 * keeps its part by the floors of its own grant. A part that stayed behind alone would stay for ever: nothing would name
 * its run any more. Pure.
 */

import type { DatasetLimits } from '../policy/limits.ts';
import { limitsOf, type Reach } from '../policy/reach.ts';
import type { Dataset, Tag } from '../zfs/names.ts';
import type { Listing } from '../zfs/state.ts';
import {
  companions,
  expirable,
  expiringChildren,
  type Floor,
  runOf,
  type TaggedSnapshot,
  taggedSnapshots,
} from './snapshots.ts';

/** The snapshots of a tree's root, oldest first, the last sent one among them, and those that expire as far as the root goes. */
export interface Rooted {
  readonly dataset: Dataset;
  readonly snapshots: readonly TaggedSnapshot[];
  readonly last: TaggedSnapshot;
  readonly expiring: readonly TaggedSnapshot[];
}

/** What expires of a tree: of the root, and of the datasets below it. */
export interface Expiring {
  readonly own: readonly TaggedSnapshot[];
  readonly along: readonly TaggedSnapshot[];
}

/** Of what expires at the root, the runs that no dataset in reach keeps; `now` being epoch seconds. */
export function expiringRuns(
  listing: Listing,
  tag: Tag,
  root: Rooted,
  reach: Reach,
  limits: DatasetLimits,
  now: number,
): Expiring {
  const { dataset, expiring } = root;
  if (reach === 'alone' || expiring.length === 0) return { own: expiring, along: [] };
  const kept = new Set(
    expiringChildren(listing, dataset, tag, reach.spared).flatMap((child) =>
      runsKept(taggedSnapshots(listing, child, tag), root, limitsOf(reach, child, limits), now),
    ),
  );
  const own = expiring.filter((one) => !kept.has(runOf(one)));
  return { own, along: companions(listing, dataset, tag, own, reach.spared) };
}

/**
 * The runs that a dataset keeps by its own floor, and by holds. Only the root's snapshots are marked as sent, and each
 * mark is for the whole run. Where no run that was sent has a part here, nothing here is known to be anywhere else.
 */
function runsKept(
  snapshots: readonly TaggedSnapshot[],
  { snapshots: rooted, last }: Rooted,
  floor: Floor,
  now: number,
): string[] {
  const marks = new Map(rooted.map((one) => [runOf(one), one]));
  const own = snapshots.map((one) => {
    const { sent, streamed } = marks.get(runOf(one)) ?? {};
    return { ...one, sent, streamed };
  });
  const latest = own.findLast((one) => one.sent !== undefined || runOf(one) === runOf(last));
  const free = new Set(latest === undefined ? [] : expirable(own, latest, 1, floor, now));
  return own.filter((one) => !free.has(one)).map(runOf);
}
