/**
 * A pair's own bookmarks: of each snapshot that was streamed one, so that an increment can still begin there when somebody has
 * destroyed the snapshot. Pure.
 *
 * They are called DATASET#TAG_hhhhhh_GUID, by the number and the GUID of the snapshot. So two never have one name where a number is
 * used again, and a bookmark is the pair's own only if its name has its GUID: what other tools and people make does not look like one.
 */

import type { Tag } from '../zfs/names.ts';
import { anyValue, type Listing } from '../zfs/state.ts';
import { type Floor, isSuperseded, type TaggedSnapshot } from './snapshots.ts';

export interface OwnBookmark {
  readonly dataset: string;
  /** What stands behind the `#`. */
  readonly name: string;
  /** The number of the snapshot that it was made of. */
  readonly sequence: number;
  /** Of that snapshot. */
  readonly guid: string;
  /** Of that snapshot. */
  readonly createtxg: number;
}

/**
 * So many stay of those up to the last sent snapshot: its own, from which the next increment begins; the one before it, for a copy
 * that is one behind; and one more, so that the next stream can destroy it while it runs, and expiring has nothing to wait for.
 */
export const KEPT = 3;

/** So many stay of those that are newer than the last sent snapshot: of streams whose completion was lost, or that failed. */
const KEPT_UNSENT = 2;

/** The own bookmarks of `dataset` with this tag, oldest first. */
export function ownBookmarks(listing: Listing, dataset: string, tag: Tag): OwnBookmark[] {
  const found: OwnBookmark[] = [];
  for (const [full, properties] of listing) {
    const name = full.startsWith(`${dataset}#`) ? full.slice(dataset.length + 1) : '';
    const place = placeOf(name, tag);
    if (place === undefined || anyValue(properties, 'guid') !== place.guid) continue;
    found.push({ dataset, name, ...place, createtxg: Number(anyValue(properties, 'createtxg') ?? 0) });
  }
  return found.sort((a, b) => a.createtxg - b.createtxg);
}

/** DATASET#NAME of the bookmark that is made of `snapshot`. */
export function bookmarkOf({
  dataset,
  name,
  guid,
}: Pick<TaggedSnapshot, 'dataset' | 'name' | 'guid'>): string {
  return `${dataset}#${name.replace(/_unsent$/, '')}_${guid}`;
}

/** The number and GUID in the name of an own bookmark with this tag, behind its #; undefined for any other. */
function placeOf(name: string, tag: Tag): Pick<OwnBookmark, 'sequence' | 'guid'> | undefined {
  if (!name.startsWith(`${tag}_`)) return undefined;
  const [, digits, guid] = /^([0-9a-f]{6,7})_([1-9][0-9]{0,19})$/.exec(name.slice(tag.length + 1)) ?? [];
  return digits === undefined || guid === undefined
    ? undefined
    : { sequence: Number.parseInt(digits, 16), guid };
}

/**
 * Of `bookmarks`, oldest first, those that nobody needs any more, `last` being the last sent snapshot and `now` epoch seconds. Of
 * those up to `last` the newest `kept` stay.
 *
 * One whose snapshot is gone may be all that is left of the base: like a snapshot it stays for `keepFor` after a newer one took its
 * place, so that a thief who marks what nobody received does not lose it.
 */
export function expirableBookmarks(
  bookmarks: readonly OwnBookmark[],
  snapshots: readonly TaggedSnapshot[],
  last: TaggedSnapshot,
  floor: Pick<Floor, 'keepFor'>,
  now: number,
  kept = KEPT,
): OwnBookmark[] {
  const isSent = ({ createtxg }: OwnBookmark) => createtxg <= last.createtxg;
  const beyond = (all: readonly OwnBookmark[], kept: number) => all.slice(0, Math.max(0, all.length - kept));
  const sent = beyond(bookmarks.filter(isSent), kept);
  const unsent = beyond(
    bookmarks.filter((one) => !isSent(one)),
    KEPT_UNSENT,
  );
  const there = new Set(snapshots.map(({ guid }) => guid));
  return [...sent, ...unsent].filter(
    (one) => there.has(one.guid) || isSuperseded(one, snapshots, last, floor, now),
  );
}
