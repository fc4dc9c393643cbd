/** Going back to a snapshot of the tag, as stock does when roles change, and what that loses. Pure. */

import { goingBack, lossesOf, lostClones } from '../../pair/going-back.ts';
import { sideOf, snapshotProperties } from '../../pair/side.ts';
import { fullName, lastSent, type TaggedSnapshot, taggedSnapshots } from '../../replication/snapshots.ts';
import { rollbackArgv } from '../../zfs/argv.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import type { Dataset, Tag } from '../../zfs/names.ts';
import type { Listing } from '../../zfs/state.ts';
import { childrenOf } from '../copy/destination.ts';
import { Failure } from '../run/failure.ts';

export interface Rollback {
  readonly snapshot: TaggedSnapshot;
  /** What goes back; the pair's own file system first. */
  readonly datasets: readonly string[];
  /** What is destroyed by it, for a person. */
  readonly losses: readonly string[];
  /** Clones of that, one a line: `zfs rollback` here refuses to destroy them, and stock's -R does. */
  readonly clones: readonly string[];
  /** Words of zfs. */
  readonly argvs: readonly (readonly string[])[];
}

/** What `planRollback` needs of the dataset and its snapshots. */
export function rollbackProperties(capabilities: Capabilities, tag: Tag): string[] {
  const clones = capabilities.has('written') ? ['clones'] : [];
  return [...snapshotProperties(capabilities, tag), ...clones, 'used', `${tag}:lastsent`];
}

/**
 * What takes `dataset` back to its snapshot `name`, or to the last one that was sent; `below` along with the file systems
 * below that have one of that name.
 *
 * @throws Failure when there is no such snapshot, or the other side need not have it.
 */
export function planRollback(
  listing: Listing,
  dataset: Dataset,
  tag: Tag,
  { name, below }: { name: string | undefined; below: boolean },
): Rollback {
  const snapshot = chooseSnapshot(listing, dataset, tag, name);
  const affected = [
    dataset,
    ...(below ? childrenOf(listing, dataset) : []).filter((child) =>
      listing.has(`${child}@${snapshot.name}`),
    ),
  ];
  const backs = affected.flatMap((one) => {
    const side = sideOf(listing, one, tag);
    const base = side.snapshots.find(({ name }) => name === snapshot.name);
    return base === undefined ? [] : [goingBack(side, base)];
  });
  return {
    snapshot,
    datasets: affected,
    losses: backs.flatMap((back) => {
      const { snapshots, changes } = lossesOf(back);
      return [...snapshots, ...changes];
    }),
    clones: backs.flatMap(lostClones),
    argvs: affected.map((one) => rollbackArgv(`${one}@${snapshot.name}`)),
  };
}

function chooseSnapshot(
  listing: Listing,
  dataset: Dataset,
  tag: Tag,
  name: string | undefined,
): TaggedSnapshot {
  const snapshots = taggedSnapshots(listing, dataset, tag);
  if (name === undefined) {
    const last = lastSent(snapshots, listing.get(dataset), tag);
    if (last) return last;
    throw new Failure(`No last synced snap found for ${dataset}. Cannot fail over`);
  }
  const full = fullName({ dataset, name });
  if (!listing.has(full)) throw new Failure(`${full} does not exist. Cannot roll to snap`);
  const found = snapshots.find((one) => one.name === name);
  // Otherwise nothing could ever be sent from it.
  if (found === undefined) throw new Failure(`${full} is not zrep snapshot. Cannot roll with it.`);
  return found;
}
