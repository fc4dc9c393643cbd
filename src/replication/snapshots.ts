/**
 * Which snapshots a dataset has and what follows from them: the next name, the last sent, what can expire.
 *
 * Pure. Order is by createtxg, the pool's own clock: names sort wrongly once they wrap, and creation has
 * only whole seconds. A tag's snapshots are TAG_hhhhhh, also with zrep's `_unsent` behind it.
 */

import { type Dataset, MAXIMUM_SEQUENCE, type Tag } from '../zfs/names.ts';
import { anyValue, type Listing, localValue, type Properties } from '../zfs/state.ts';
import { lastStreamed, STREAMED } from './streamed.ts';

export interface TaggedSnapshot {
  readonly dataset: string;
  /** What stands behind the `@`. */
  readonly name: string;
  readonly sequence: number;
  readonly guid: string;
  readonly createtxg: number;
  /** Epoch seconds, by the fileserver's clock. */
  readonly creation: number;
  /** Number of holds; 0 where the installed zfs does not say. */
  readonly holds: number;
  /** The local TAG:sent, epoch seconds; undefined when it was never sent. */
  readonly sent: string | undefined;
  /** When a stream of it to any client ended, or it was marked as sent, the last time, epoch seconds; undefined where none was. */
  readonly streamed: number | undefined;
}

/** The native properties that a listing needs for `taggedSnapshots`. */
export const SNAPSHOT_PROPERTIES = ['guid', 'createtxg', 'creation', 'userrefs'] as const;

export function fullName(snapshot: Pick<TaggedSnapshot, 'dataset' | 'name'>): string {
  return `${snapshot.dataset}@${snapshot.name}`;
}

/** The snapshots of `dataset` itself with this tag, oldest first. */
export function taggedSnapshots(listing: Listing, dataset: string, tag: Tag): TaggedSnapshot[] {
  const found: TaggedSnapshot[] = [];
  for (const [name, properties] of listing) {
    const snapshot = name.startsWith(`${dataset}@`) ? name.slice(dataset.length + 1) : '';
    const sequence = sequenceOf(snapshot, tag);
    if (sequence !== undefined) found.push(describe(dataset, snapshot, sequence, properties, tag));
  }
  return found.sort((a, b) => a.createtxg - b.createtxg);
}

/** True for the name, behind its @, of a snapshot with this tag. */
export function isTagged(name: string, tag: Tag): boolean {
  return sequenceOf(name, tag) !== undefined;
}

function sequenceOf(name: string, tag: Tag): number | undefined {
  if (!name.startsWith(`${tag}_`)) return undefined;
  const digits = /^([0-9a-f]{6,7})(?:_unsent)?$/.exec(name.slice(tag.length + 1))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

function describe(
  dataset: string,
  name: string,
  sequence: number,
  properties: Properties,
  tag: Tag,
): TaggedSnapshot {
  return {
    dataset,
    name,
    sequence,
    guid: anyValue(properties, 'guid') ?? '',
    createtxg: Number(anyValue(properties, 'createtxg') ?? 0),
    creation: Number(anyValue(properties, 'creation') ?? 0),
    holds: Number(anyValue(properties, 'userrefs') ?? 0),
    sent: localValue(properties, `${tag}:sent`),
    streamed: lastStreamed(localValue(properties, STREAMED)),
  };
}

/**
 * The number of the next snapshot: one more than the highest that a snapshot or an own bookmark has, since a copy can still have the
 * snapshot of a bookmark, under its name; undefined when six digits are used up.
 */
export function nextSequence(taken: readonly { readonly sequence: number }[]): number | undefined {
  const next = 1 + Math.max(-1, ...taken.map(({ sequence }) => sequence));
  return next > MAXIMUM_SEQUENCE ? undefined : next;
}

/**
 * The newest snapshot with a sent mark. Where none has one, the one that the dataset's own TAG:lastsent
 * names: zrep's way before snapshots could carry properties.
 */
export function lastSent(
  snapshots: readonly TaggedSnapshot[],
  datasetProperties: Properties | undefined,
  tag: Tag,
): TaggedSnapshot | undefined {
  const marked = snapshots.findLast(({ sent }) => sent !== undefined);
  if (marked) return marked;
  const named = localValue(datasetProperties, `${tag}:lastsent`);
  return snapshots.findLast((snapshot) => fullName(snapshot) === named);
}

/** What stays whatever the save count says; its keys in a policy are `keep-at-least` and `keep-for`. */
export interface Floor {
  readonly keepAtLeast: number;
  /** Seconds. */
  readonly keepFor: number;
}

/**
 * The snapshots beyond the save count: of those before the last sent one, all but the newest `savecount - 1`, or more
 * where `keepAtLeast` is more. The last sent one, everything behind it, and whatever is held stay. So does every snapshot
 * for `keepFor` after a newer one took its place, `now` being epoch seconds.
 *
 * Only when a newer one was marked as sent, at the hour when the gate did that, can a snapshot no longer be the one that the
 * real backup has. Its own age would not do: after a quiet week the base is a week old. What was sent past the
 * gate counts from when it was made.
 */
export function expirable(
  snapshots: readonly TaggedSnapshot[],
  last: TaggedSnapshot,
  savecount: number,
  { keepAtLeast, keepFor }: Floor,
  now: number,
): TaggedSnapshot[] {
  const place = snapshots.findLastIndex((one) => hasSuperseded(one, last, keepFor, now));
  const stays = Math.max(savecount, keepAtLeast) - 1;
  const beyond = Math.min(snapshots.indexOf(last) - stays, place);
  return snapshots.slice(0, Math.max(0, beyond)).filter(({ holds }) => holds === 0);
}

/** Whether a snapshot of `snapshots` that is newer than `point` took its place, at least `keepFor` ago. */
export function isSuperseded(
  { createtxg }: Pick<TaggedSnapshot, 'createtxg'>,
  snapshots: readonly TaggedSnapshot[],
  last: TaggedSnapshot,
  { keepFor }: Pick<Floor, 'keepFor'>,
  now: number,
): boolean {
  return snapshots.some((one) => one.createtxg > createtxg && hasSuperseded(one, last, keepFor, now));
}

/** Whether `snapshot` was marked as sent at least `keepFor` ago. */
function hasSuperseded(
  snapshot: TaggedSnapshot,
  last: TaggedSnapshot,
  keepFor: number,
  now: number,
): boolean {
  const { sent, streamed, creation } = snapshot;
  return (sent !== undefined || snapshot === last) && (streamed ?? creation) <= now - keepFor;
}

/** zrep's savecount, which must be a whole number of at least 1; undefined for anything else. */
export function parseSavecount(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined;
}

/**
 * The children's snapshots that were made in the same run as one of `expiring`: same name and same
 * createtxg, in datasets below `root` that `spared` does not name and that have no zrep configuration of
 * their own under this tag.
 */
export function companions(
  listing: Listing,
  root: Dataset,
  tag: Tag,
  expiring: readonly TaggedSnapshot[],
  spared: readonly string[],
): TaggedSnapshot[] {
  const runs = new Set(expiring.map(runOf));
  return expiringChildren(listing, root, tag, spared)
    .flatMap((child) => taggedSnapshots(listing, child, tag))
    .filter((one) => one.holds === 0 && runs.has(runOf(one)));
}

/** The datasets below `root` whose snapshots of the same runs expire with its own. */
export function expiringChildren(
  listing: Listing,
  root: Dataset,
  tag: Tag,
  spared: readonly string[],
): string[] {
  const children = datasetsBelow(listing, root);
  const own = children.filter((child) => localValue(listing.get(child), `${tag}:src-fs`) !== undefined);
  const left = [...own, ...spared];
  return children.filter((child) => !left.some((root) => child === root || child.startsWith(`${root}/`)));
}

/** The datasets below `root` that were listed; what else OpenZFS lists there are snapshots and bookmarks. */
export function datasetsBelow(listing: Listing, root: string): string[] {
  return [...listing.keys()].filter((name) => !/[@#]/.test(name) && name.startsWith(`${root}/`));
}

/** What the snapshots of one recursive `zfs snapshot` have in common. */
export function runOf({ name, createtxg }: Pick<TaggedSnapshot, 'name' | 'createtxg'>): string {
  return `${name} ${createtxg}`;
}
