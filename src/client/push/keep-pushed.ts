/** What was pushed is kept as a bookmark: the next push can begin with it when the snapshot is not here any more. */

import { keepBase } from '../../replication/keep-base.ts';
import { SNAPSHOT_PROPERTIES, taggedSnapshots } from '../../replication/snapshots.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';

/** Seconds. A pair can be pulled as well, by a copy that needs what the gate keeps. */
const A_DAY = 86_400;

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
    const { facts } = await keepBase(step, tag, kept, { bookmarks: true, keepFor: A_DAY }, listing);
    const why = facts['bookmark-refused'];
    if (why !== undefined) refused(why);
  } catch (error) {
    refused(error);
  }
}
