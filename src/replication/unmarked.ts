/**
 * A client that streams and never completes: zrep before 1.9.0 sends no `_refreshcomplete`. Through a gate its second refresh
 * begins where the first began, and `zfs receive` refuses it. Pure.
 */

import type { Tag } from '../zfs/names.ts';
import { type Listing, localValue } from '../zfs/state.ts';
import { fullName, type TaggedSnapshot } from './snapshots.ts';
import { parseStreamed, STREAMED } from './streamed.ts';

/** The newest snapshot between `base` and the last one that `client` was streamed to its end, and never marked as sent. */
export function lastUnmarked(
  snapshots: readonly TaggedSnapshot[],
  listing: Listing,
  base: string,
  client: string,
): TaggedSnapshot | undefined {
  const begin = snapshots.findIndex((one) => fullName(one) === base);
  return snapshots.slice(begin + 1, -1).findLast((one) => {
    const record = localValue(listing.get(fullName(one)), STREAMED);
    return one.sent === undefined && parseStreamed(record).has(client);
  });
}

/** What the client's person is to know of it, in one line. */
export function sayUnmarked(unmarked: TaggedSnapshot, base: string, tag: Tag): string {
  const zrep = tag === 'zrep' ? 'zrep' : `zrep -t ${tag}`;
  const name = fullName(unmarked);
  return `note: ${name} was streamed to this client and never marked as sent, so this stream begins at ${base} again, and zfs receive may refuse it. A zrep before 1.9.0 marks nothing through a gate: update it on the backup server. If the copy has that snapshot, run on the fileserver: ${zrep} sentsync -L ${name}`;
}
