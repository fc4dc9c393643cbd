/**
 * The place of a new copy on this host, before anybody is asked to change anything: its name, its pool, its parent, what its
 * mount point would hide, its key, and its room. Pure.
 *
 * Each answer is a sentence or two: what is wrong, and what to do.
 */

import { didYouMean } from '../../did-you-mean.ts';
import { sayBytes } from '../../expire/amounts.ts';
import { bytesOf } from '../../pair/side.ts';
import { type Dataset, MAXIMUM_NAME, type Tag } from '../../zfs/names.ts';
import { anyValue, type Listing } from '../../zfs/state.ts';

/** What zfs is asked of the copy, and of each file system above it. */
export const PLACE_PROPERTIES = ['type', 'available', 'mountpoint'] as const;

/** zfs_namecheck.c, zfs_max_dataset_nesting. */
const DEEPEST = 50;

export interface Place {
  readonly dataset: Dataset;
  /** It and those above it, as far as they are here. */
  readonly listing: Listing;
  /** Every file system here; read only where one of those is not. */
  readonly names: readonly string[];
  /** Its pool was imported readonly=on. */
  readonly isPoolReadonly: boolean;
  /** What its mount point would hide: a path, and what is there. */
  readonly hides: { readonly path: string; readonly what: string } | undefined;
}

/** All above `dataset`, the pool first. */
export function above(dataset: string): string[] {
  const parts = dataset.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Why its name cannot be: zrep's snapshots of it would have too long ones. */
export function judgeName(dataset: Dataset, tag: Tag): string | undefined {
  const longest = `@${tag}_000000_unsent`;
  const most = MAXIMUM_NAME - longest.length;
  if (dataset.length > most)
    return `the name of the copy has ${dataset.length} characters, and can have ${most}: with ${longest} behind it, zfs takes no more than ${MAXIMUM_NAME}. Take a shorter name`;
  if (dataset.split('/').length > DEEPEST)
    return `${dataset} would be more than ${DEEPEST} levels deep, which zfs does not take. Take a name higher up`;
  return undefined;
}

/** What keeps a copy from being begun there; `begin` prints the command for another name of the copy. */
export function judgePlace(place: Place, begin: (dataset: string) => string): string | undefined {
  const { dataset, listing, isPoolReadonly } = place;
  const missing = above(dataset).find((name) => !listing.has(name));
  const [pool = ''] = dataset.split('/');
  if (missing !== undefined) return sayMissing(place, missing, begin);
  if (!listing.has(dataset) && !dataset.includes('/')) return sayMissing(place, dataset, begin);
  const volume = above(dataset).find((name) => anyValue(listing.get(name), 'type') === 'volume');
  if (volume !== undefined)
    return `${volume} is a volume, and nothing can be below one. Take a name below a file system`;
  if (isPoolReadonly)
    return `the pool ${pool} is imported read-only. If it may be written to here, import it anew: zpool export ${pool} && zpool import ${pool}`;
  return undefined;
}

/** The same for what is mounted: a file system, not a volume. */
export function judgeMountPoint({ dataset, listing, hides }: Place): string | undefined {
  return hides === undefined || listing.has(dataset)
    ? undefined
    : `${dataset} would be mounted on ${hides.path}, ${hides.what}, and hide what is there. Take another name for the copy`;
}

function sayMissing({ dataset, names }: Place, missing: string, begin: (dataset: string) => string): string {
  const parent = missing.slice(0, missing.lastIndexOf('/') + 1);
  const siblings = names.filter(
    (name) => name.startsWith(parent) && !name.slice(parent.length).includes('/'),
  );
  const meant = didYouMean(missing, siblings);
  const what = parent === '' ? `there is no pool ${missing} here` : `${missing} does not exist here`;
  if (meant !== undefined)
    return `${what}. Did you mean ${meant}? Then: ${begin(`${meant}${dataset.slice(missing.length)}`)}`;
  if (parent === '') return `${what}. If it is not imported: zpool import ${missing}`;
  return `${what}. To create it: zfs create -p ${above(dataset).at(-1)}`;
}

/** The path at which zfs would mount a new file system `dataset`; undefined where it would not. */
export function mountPathOf(listing: Listing, dataset: string): string | undefined {
  const parent = above(dataset).at(-1);
  const path = parent === undefined ? undefined : anyValue(listing.get(parent), 'mountpoint');
  if (parent === undefined || path === undefined || !path.startsWith('/')) return undefined;
  return `${path === '/' ? '' : path}${dataset.slice(parent.length)}`;
}

/** The source, as far as it tells before anything is changed there. */
export interface FirstStream {
  /** Bytes that it leads to. */
  readonly referenced: string | undefined;
  /** Whether it is encrypted there; undefined where that is not known. */
  readonly isEncrypted: boolean | undefined;
}

/** What keeps the first stream from being received; `again` prints the command with an option more. */
export function judgeFirstStream(
  listing: Listing,
  dataset: Dataset,
  { referenced, isEncrypted }: FirstStream,
  again: (option: string) => string,
): string | undefined {
  const parent = above(dataset).at(-1);
  const own = parent === undefined ? undefined : listing.get(parent);
  // A stream of an encrypted file system can be raw, and brings its own key then.
  if (isEncrypted === false && anyValue(own, 'keystatus') === 'unavailable')
    return `the copy would be encrypted with the key of ${parent}, which is not loaded. Load it: zfs load-key ${anyValue(own, 'encryptionroot') ?? parent}`;
  const [needed, room] = [bytesOf(referenced), bytesOf(anyValue(own, 'available'))];
  if (needed === undefined || room === undefined || needed <= room) return undefined;
  return `the first stream has about ${sayBytes(needed)}, and ${parent} has room for ${sayBytes(room)}. Nothing was changed. If it is enough, since this side compresses better: ${again('--ignore-room')}`;
}
