/** What the next push can begin with when the last sent snapshot is not here any more: a bookmark of it is kept for that. */

import { ownBookmarks } from '../../replication/bookmarks.ts';
import { keepBase } from '../../replication/keep-base.ts';
import { fullName, SNAPSHOT_PROPERTIES, taggedSnapshots } from '../../replication/snapshots.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { type Listing, parseListing } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { theirSnapshots } from '../far/their-snapshots.ts';
import type { Run } from '../run/run.ts';
import type { Master } from './master.ts';

/** Keeps `snapshot`, a name behind the @ that the other side has, as a bookmark. Never throws: what is said against it is an event. */
export async function keepPushed(
  { settings: { tag, recursive }, step, report }: Run,
  dataset: Dataset,
  snapshot: string,
): Promise<void> {
  // A recursive stream can begin with no bookmark.
  if (recursive || !step.capabilities.has('bookmarks')) return;
  const properties = [...SNAPSHOT_PROPERTIES, `${tag}:sent`, `${tag}:lastsent`];
  const refused = (why: unknown) => report.event('bookmark-refused', { dataset, why: String(why) });
  try {
    const listing = parseListing((await step.zfs.ask(readStateArgv(dataset, properties, 1))).output);
    const kept = taggedSnapshots(listing, dataset, tag).find(({ name }) => name === snapshot);
    if (kept === undefined) return;
    const facts = await keepBase(step, tag, kept, { bookmarks: true, keepFor: 0 }, listing);
    const why = facts['bookmark-refused'];
    if (why !== undefined) refused(why);
  } catch (error) {
    refused(error);
  }
}

/**
 * What the next increment begins with, in full: the last sent snapshot, or an own bookmark where the other side has a newer one
 * that is not here any more. Only where there is such a bookmark the other side is asked.
 */
export async function pushBase(
  { settings: { tag, recursive } }: Run,
  far: FarSide,
  { dataset, destination, base, snapshots }: Master,
  listing: Listing,
): Promise<string> {
  const there = new Set(snapshots.map(({ guid }) => guid));
  const newer = ownBookmarks(listing, dataset, tag).filter(
    ({ createtxg, guid }) => createtxg > base.createtxg && !there.has(guid),
  );
  if (recursive || newer.length === 0) return fullName(base);
  const newest = (await theirSnapshots(far, tag, destination))?.at(-1);
  const found = newer.find(({ guid }) => guid === newest?.guid);
  return found === undefined ? fullName(base) : `${dataset}#${found.name}`;
}
