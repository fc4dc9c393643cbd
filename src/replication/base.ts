/** What an increment begins with: the last sent snapshot, or what the client names by its GUID. Pure. */

import { quote } from '../printable.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { Guid, Tag } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import { anyValue, type Listing } from '../zfs/state.ts';
import { fullName, type TaggedSnapshot } from './snapshots.ts';

export interface Base {
  /** DATASET@NAME, or DATASET#NAME of a bookmark. */
  readonly name: string;
  readonly guid: string;
}

/** The last sent snapshot, for a stream of `snapshot`. */
export function lastSentBase(
  snapshot: TaggedSnapshot,
  last: TaggedSnapshot | undefined,
  tag: Tag,
): Base | Refusal {
  if (last === undefined) return refuse('never-sent', tag);
  if (last === snapshot) return refuse('already-sent', fullName(snapshot));
  return { name: fullName(last), guid: last.guid };
}

/**
 * The dataset's own snapshot with this GUID, whoever made it and whatever its mark; its bookmark where there is none. It must
 * be older than `snapshot`, and one that `zfs send` with `flags` can begin with.
 */
export function namedBase(
  listing: Listing,
  snapshot: TaggedSnapshot,
  guid: Guid,
  flags: readonly SendFlag[],
): Base | Refusal {
  const { dataset, createtxg } = snapshot;
  const name = nameOf(listing, dataset, guid);
  if (name === undefined)
    return refuse('no-such-base', `${dataset} has no snapshot or bookmark with the GUID ${guid}`);
  if (!(Number(anyValue(listing.get(name), 'createtxg')) < createtxg))
    return refuse('no-such-base', `${quote(name)} is not older than ${fullName(snapshot)}`);
  if (isBookmark(name) && flags.includes('R'))
    return refuse('no-such-base', `${quote(name)} is a bookmark, and a recursive stream needs a snapshot`);
  return { name, guid };
}

/** The name of the dataset's own snapshot with this GUID, or of its bookmark where no snapshot has it. */
export function nameOf(listing: Listing, dataset: string, guid: string): string | undefined {
  const names = [...listing].flatMap(([name, own]) => (anyValue(own, 'guid') === guid ? [name] : []));
  return ['@', '#']
    .map((sign) => names.find((name) => name.startsWith(`${dataset}${sign}`)))
    .find((name) => name !== undefined);
}

/** True for the name of a bookmark, DATASET#NAME. */
export function isBookmark(name: string): boolean {
  return name.includes('#');
}
