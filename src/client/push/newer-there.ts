/** What a rollback of the other side to a snapshot would destroy, for a person to read. */

import { type GoingBack, goingBack, lossesOf, lostClones } from '../../pair/going-back.ts';
import type { Side } from '../../pair/side.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import type { FarSide } from '../far/far-side.ts';
import { readTheirSide } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Course } from './master.ts';

/**
 * The losses, one a line.
 *
 * @throws Failure where the other side's snapshot of that name is another one, or, without -f, where it cannot be told.
 */
export async function newerThere(
  run: Run,
  far: FarSide,
  { destination }: Course,
  { name, guid }: TaggedSnapshot,
): Promise<string[]> {
  const theirs = await readTheirSide(run, far.host, destination, 'source');
  if (!('side' in theirs)) {
    if (run.settings.force) return [];
    throw new Failure(
      `what would be destroyed on ${far.host.name} cannot be listed (${theirs.unseen}); -f does it all the same`,
    );
  }
  const found = theirs.side.snapshots.find((one) => one.name === name);
  if (found?.guid !== guid)
    throw new Failure(
      `${destination}@${name} on ${far.host.name} is another snapshot than the one here (GUID ${found?.guid ?? '-'}, here ${guid}); nothing was done`,
    );
  return describeNewer(theirs.side, found);
}

/** The snapshots of `side` that are newer than `base`, clones of theirs, and changes since. Pure. */
export function describeNewer(side: Side, base: GoingBack['base']): string[] {
  const back = goingBack(side, base);
  const { snapshots, changes } = lossesOf(back);
  return [...snapshots, ...lostClones(back), ...changes];
}
