/** A sync that has succeeded is put on record, so that every program knows that this pair is pushed (pair/pushed.ts). */

import { isPushed, pushedProperty } from '../../pair/pushed.ts';
import { taggedSnapshots } from '../../replication/snapshots.ts';
import { setArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import type { Listing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';

/** Once for each pair; `listing` is from before the sync. That it could not be put on record is no failure. */
export async function recordPushed(
  { settings: { tag }, step }: Run,
  listing: Listing,
  dataset: Dataset,
): Promise<void> {
  const tagged = taggedSnapshots(listing, dataset, tag);
  if (isPushed({ properties: listing.get(dataset) ?? new Map(), tagged }, tag)) return;
  await step.zfs.ask(setArgv(dataset, { [pushedProperty(tag)]: String(Math.floor(Date.now() / 1000)) }));
}
