/** What a rollback of the other side to a snapshot would destroy, for a person to read. */

import { type GoingBack, goingBack, lossesOf, lostClones } from '../../pair/going-back.ts';
import { type Side, sideOf } from '../../pair/side.ts';
import { printable } from '../../printable.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { childrenOf } from '../copy/destination.ts';
import type { FarSide } from '../far/far-side.ts';
import { readTheirSide } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Course } from './master.ts';

/**
 * The losses, one a line; with `below` also those of the file systems below that have a snapshot of that name. With -f a host that
 * does not tell is a line as well.
 *
 * @throws Failure where the other side's snapshot of that name is another one, or, without -f, where it cannot be told.
 */
export async function newerThere(
  run: Run,
  far: FarSide,
  { destination }: Course,
  { name, guid }: TaggedSnapshot,
  below = false,
): Promise<string[]> {
  const depth = below ? Number.POSITIVE_INFINITY : 1;
  const theirs = await readTheirSide(run, far.host, destination, 'source', depth);
  if (!('side' in theirs)) {
    if (run.settings.force)
      return [`what is newer in ${destination}, which cannot be listed (${theirs.unseen})`];
    throw new Failure(
      `what would be destroyed on ${far.host.name} cannot be listed (${theirs.unseen}); -f does it all the same`,
    );
  }
  const found = theirs.side.snapshots.find((one) => one.name === name);
  if (found?.guid !== guid)
    throw new Failure(
      `${destination}@${name} on ${far.host.name} is another snapshot than the one here (GUID ${found?.guid ?? '-'}, here ${guid}); nothing was done`,
    );
  const { listing = new Map(), unread = [] } = theirs.said ?? {};
  const children = below ? childrenOf(listing, destination) : [];
  const lost = children.flatMap((child) => {
    const side = sideOf(listing, child, run.settings.tag);
    const base = side.snapshots.find((one) => one.name === name);
    return base === undefined ? [] : describeNewer(side, base);
  });
  const unlisted = below ? unread.map((one) => `what is newer in ${printable(one)}`) : [];
  return [...describeNewer(theirs.side, found), ...lost, ...unlisted];
}

/** The snapshots of `side` that are newer than `base`, clones of theirs, and changes since. Pure. */
export function describeNewer(side: Side, base: GoingBack['base']): string[] {
  const back = goingBack(side, base);
  const { snapshots, changes } = lossesOf(back);
  return [...snapshots, ...lostClones(back), ...changes];
}
