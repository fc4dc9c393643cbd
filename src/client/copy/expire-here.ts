/**
 * Expiring on the side that receives: the newest TAG:savecount snapshots of the tag stay, and whatever that number
 * says the newest, the newest marked as sent, held ones, and one that a resume token goes on from.
 *
 * Where the pair is recursive, the children's snapshots of the same name go along, but not those of a child with a
 * zrep configuration of its own.
 */

import { printable } from '../../printable.ts';
import { destroyEach } from '../../replication/destroy.ts';
import {
  fullName,
  parseSavecount,
  SNAPSHOT_PROPERTIES,
  type TaggedSnapshot,
  taggedSnapshots,
} from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import type { Dataset, Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue, parseListing } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { childrenOf } from './destination.ts';

/**
 * Expires snapshots of `dataset`, whose lock is held; the answer is how many went. One that has a clone stays, with a note.
 *
 * @throws ZfsFailed where one could not be destroyed for another reason.
 */
export async function expireHere({ settings, step, report }: Run, dataset: Dataset): Promise<number> {
  const { tag, recursive, skipExpire } = settings;
  if (skipExpire) return 0;
  const properties = [...SNAPSHOT_PROPERTIES, `${tag}:sent`, `${tag}:savecount`, `${tag}:src-fs`];
  const depth = recursive ? Number.POSITIVE_INFINITY : 1;
  const state = mustSucceed(await step.zfs.ask(readStateArgv(dataset, properties, depth)), dataset);
  const listing = parseListing(state.output);
  const text = anyValue(listing.get(dataset), `${tag}:savecount`);
  const savecount = parseSavecount(text);
  if (savecount === undefined)
    throw new Failure(
      `${tag}:savecount on ${dataset} set to improper value ${text ?? '-'}; mend it with zfs set ${tag}:savecount=5 ${dataset}`,
    );
  const expiring = expirableHere(taggedSnapshots(listing, dataset, tag), savecount);
  const along = recursive ? sameNames(listing, dataset, tag, expiring) : [];
  const left = await destroyEach(step, [...along, ...expiring]);
  const kept = new Set(left.map(({ snapshot }) => snapshot));
  for (const one of expiring)
    if (!kept.has(fullName(one))) report.event('expired', { snapshot: fullName(one) });
  for (const { snapshot, ended } of left) {
    const clones = clonesIn(ended.message);
    if (clones === undefined) mustSucceed(ended, dataset);
    else report.warn(`NOTE: ${snapshot} is not expired, since ${clones} of it`);
  }
  return along.length + expiring.length - left.length;
}

/** Of zfs's refusal to destroy a snapshot that has clones: `vault/try is a clone`. Pure; undefined for any other refusal. */
export function clonesIn(message: string): string | undefined {
  if (!message.includes('has dependent clones')) return undefined;
  const [, listed = ''] = message.split(/^use '-R' .*:$/m);
  const names = listed
    .split('\n')
    .filter((line) => line !== '')
    .map(printable);
  if (names.length === 0) return 'there is a clone';
  return names.length === 1 ? `${names[0]} is a clone` : `${names.join(', ')} are clones`;
}

/** Of a copy's snapshots, oldest first, those beyond the save count. Pure. */
export function expirableHere(snapshots: readonly TaggedSnapshot[], savecount: number): TaggedSnapshot[] {
  const beyond = snapshots.slice(0, Math.max(0, snapshots.length - savecount));
  const common = snapshots.findLast(({ sent }) => sent !== undefined);
  return beyond.filter((one) => one !== common && one.holds === 0);
}

/** Their names, in the datasets below that are not configured by themselves. On this side createtxg tells no run. */
function sameNames(
  listing: Listing,
  root: Dataset,
  tag: Tag,
  expiring: readonly TaggedSnapshot[],
): TaggedSnapshot[] {
  const names = new Set(expiring.map(({ name }) => name));
  const below = childrenOf(listing, root);
  const own = below.filter((child) => localValue(listing.get(child), `${tag}:src-fs`) !== undefined);
  return below
    .filter((child) => !own.some((one) => child === one || child.startsWith(`${one}/`)))
    .flatMap((child) => taggedSnapshots(listing, child, tag))
    .filter(({ name, holds }) => holds === 0 && names.has(name));
}
