/**
 * A copy whose first stream came whole in a run that was killed before it set the pair's properties: where zfs has no
 * `receive -o`, they are set after the stream. Its snapshot has the GUID of the one that the set-up made on the fileserver.
 */

import { taggedSnapshots } from '../../replication/snapshots.ts';
import type { Tag } from '../../zfs/names.ts';
import { type Listing, localValue } from '../../zfs/state.ts';
import { readTheirSide } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { SourceHost } from '../words/source.ts';

/**
 * Whether it is such a copy. The fileserver is asked only where this host alone cannot tell. With -R it is none: a zfs without
 * `receive -o` does not receive such a stream (partial-tree.ts).
 *
 * @throws Failure where the fileserver does not answer that.
 */
export async function cameWhole(
  run: Run,
  host: SourceHost,
  { source, destination }: Pick<InitPullCommand, 'source' | 'destination'>,
  listing: Listing,
  pair: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { tag, recursive } = run.settings;
  const guid = recursive ? undefined : unclaimedSnapshot(listing, destination, tag, pair);
  if (guid === undefined) return false;
  const theirs = await readTheirSide(run, host, source, 'copy');
  if (!('side' in theirs))
    throw new Failure(
      `${destination} exists already, and whether this command began it cannot be known: ${theirs.unseen}. Nothing was done`,
    );
  return theirs.side.tagged.some((one) => one.guid === guid && one.sent === undefined);
}

/**
 * The GUID of the only snapshot with the tag in `dataset`; undefined where there are others, where it is marked as sent, or where
 * `dataset` or anything in it says something else than that it is to be that pair's copy. Pure.
 */
export function unclaimedSnapshot(
  listing: Listing,
  dataset: string,
  tag: Tag,
  pair: Readonly<Record<string, string>>,
): string | undefined {
  const own = listing.get(dataset);
  const [first, ...more] = taggedSnapshots(listing, dataset, tag);
  const isOther = Object.entries(pair).some(([name, value]) => (localValue(own, name) ?? value) !== value);
  const isMaster = localValue(own, `${tag}:master`) === 'yes';
  const isAbove = [...listing.keys()].some((name) => name.startsWith(`${dataset}/`));
  if (first === undefined || more.length > 0 || isOther || isMaster || isAbove) return undefined;
  return first.sent === undefined && first.guid !== '' ? first.guid : undefined;
}
