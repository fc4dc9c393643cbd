/** One side of a pair, as its own zfs tells it: the file system, its snapshots and its bookmarks. Pure. */

import { type OwnBookmark, ownBookmarks } from '../replication/bookmarks.ts';
import { SNAPSHOT_PROPERTIES, type TaggedSnapshot, taggedSnapshots } from '../replication/snapshots.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import type { Tag } from '../zfs/names.ts';
import { anyValue, type Listing, type Properties } from '../zfs/state.ts';

export interface Snapshot {
  /** What stands behind the `@`. */
  readonly name: string;
  readonly guid: string;
  readonly createtxg: number;
  /** Number of holds; 0 where that was not asked. */
  readonly holds: number;
  /** How many bytes it leads to; undefined where that was not asked. */
  readonly referenced: string | undefined;
  /** Bytes that were written between the snapshot before it and this one; undefined where zfs does not say, or was not asked. */
  readonly written: number | undefined;
  /** Bytes that it alone holds; undefined where that was not asked. */
  readonly used: number | undefined;
  /** Epoch seconds; NaN where that was not asked. */
  readonly creation: number;
  /** File systems that were made of it; none where zfs does not say, or was not asked. */
  readonly clones: readonly string[];
}

export interface Bookmark {
  /** In full: `tank/home#name`. */
  readonly name: string;
  /** Of the snapshot that it was made of; '' where that was not asked. */
  readonly guid: string;
  readonly createtxg: number;
}

export interface Side {
  readonly dataset: string;
  readonly properties: Properties;
  /** Those of the tag, oldest first. */
  readonly tagged: readonly TaggedSnapshot[];
  /** All of them, oldest first. */
  readonly snapshots: readonly Snapshot[];
  /** Oldest first; none where that was not asked. */
  readonly bookmarks: readonly Bookmark[];
  /** The pair's own among them, whose numbers no new snapshot gets; none where a stock zrep gives the numbers. */
  readonly reserved: readonly OwnBookmark[];
}

/** What has to be read of snapshots for `sideOf`. */
export function snapshotProperties(capabilities: Capabilities, tag: Tag): string[] {
  const written = capabilities.has('written') ? ['written'] : [];
  return [...SNAPSHOT_PROPERTIES, 'referenced', ...written, `${tag}:sent`];
}

/** The same, and what has to be read of the file system: all that a pair is judged by. */
export function sideProperties(capabilities: Capabilities, tag: Tag): string[] {
  return [
    ...snapshotProperties(capabilities, tag),
    ...['lastsent', 'dest-host', 'savecount'].map((name) => `${tag}:${name}`),
    ...(capabilities.has('resume') ? ['receive_resume_token'] : []),
    ...(capabilities.has('excludes') ? ['encryption', 'keystatus'] : []),
  ];
}

export function sideOf(listing: Listing, dataset: string, tag: Tag): Side {
  const below = <Found>(sign: '@' | '#', read: (name: string, own: Properties) => Found): Found[] =>
    [...listing].flatMap(([name, own]) => (name.startsWith(`${dataset}${sign}`) ? [read(name, own)] : []));
  const snapshots = below('@', (name, own) => ({
    name: name.slice(dataset.length + 1),
    ...placeOf(own),
    holds: Number(anyValue(own, 'userrefs') ?? 0),
    referenced: anyValue(own, 'referenced'),
    written: bytesOf(anyValue(own, 'written')),
    used: bytesOf(anyValue(own, 'used')),
    creation: Number(anyValue(own, 'creation') ?? Number.NaN),
    clones: (anyValue(own, 'clones') ?? '').split(',').filter((name) => name !== ''),
  }));
  const bookmarks = below('#', (name, own) => ({ name, ...placeOf(own) }));
  const inOrder = (one: { createtxg: number }, other: { createtxg: number }) =>
    one.createtxg - other.createtxg;
  return {
    dataset,
    properties: listing.get(dataset) ?? new Map(),
    tagged: taggedSnapshots(listing, dataset, tag),
    bookmarks: bookmarks.sort(inOrder),
    reserved: ownBookmarks(listing, dataset, tag),
    snapshots: snapshots.sort(inOrder),
  };
}

function placeOf(own: Properties): Pick<Snapshot, 'guid' | 'createtxg'> {
  return { guid: anyValue(own, 'guid') ?? '', createtxg: Number(anyValue(own, 'createtxg') ?? 0) };
}

/** A number of bytes as `zfs get -p` prints it; undefined for anything else. */
export function bytesOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,19}$/.test(text) ? Number(text) : undefined;
}
