/**
 * Expiring on the side that receives: the newest TAG:savecount snapshots of the tag stay, and whatever that number
 * says the newest, the newest marked as sent, held ones, and one that a resume token goes on from.
 *
 * Where the pair is recursive, the children's snapshots of the same name go along, but not those of a child with a
 * zrep configuration of its own.
 */

import { printable } from '../../printable.ts';
import { isRefusal } from '../../refusal.ts';
import { destroyEach, type Left } from '../../replication/destroy.ts';
import type { Held } from '../../replication/lock.ts';
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
import type { Change } from '../../zfs/program.ts';
import { anyValue, type Listing, localValue, parseListing } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { childrenOf } from './destination.ts';

/**
 * Expires snapshots of `dataset`, whose lock is held; the answer is how many went. One that has a clone stays, with a note.
 *
 * @throws ZfsFailed where one could not be destroyed for another reason.
 */
export async function expireHere(run: Run, dataset: Dataset): Promise<number> {
  if (run.settings.skipExpire) return 0;
  const expiring = await dueHere(run, dataset);
  const left = await destroyEach(run.step, expiring);
  return tellExpired(run, expiring, left);
}

/**
 * The last changes of a refresh: the snapshot of that name gets its mark, the snapshots that are due go, and the lock is let go of, in
 * one moment where zfs can. `listing` has what `expiringProperties` names of the copy, read since the stream ended. `marked` is called when it has the mark.
 *
 * @throws ZfsFailed where it could not be marked, or one could not be destroyed.
 */
export async function markAndExpireHere(
  run: Run,
  dataset: Dataset,
  held: Held,
  {
    name,
    sent,
    listing,
  }: { readonly name: string; readonly sent: number; readonly listing?: Listing | undefined },
  marked: () => void,
): Promise<void> {
  const { tag, skipExpire } = run.settings;
  const mark: Change = {
    does: 'set',
    target: `${dataset}@${name}`,
    property: `${tag}:sent`,
    value: String(sent),
  };
  const finish = async (expiring: readonly TaggedSnapshot[]) => {
    const going = expiring.map((one) => ({ target: fullName(one), guid: one.guid }));
    const made = await held.finish(
      [mark, ...going.map(({ target }): Change => ({ does: 'destroy', target }))],
      going.map((one) => ({ holds: 'guid', ...one })),
    );
    if (isRefusal(made))
      throw new Failure(
        `${dataset} has ${name}, and is not marked: ${made.reason}; the next refresh goes on from it`,
      );
    marked();
    return made;
  };
  let expiring: TaggedSnapshot[];
  try {
    expiring = skipExpire ? [] : await dueHere(run, dataset, { marking: name, listing });
  } catch (error) {
    await finish([]);
    throw error;
  }
  const { left } = await finish(expiring);
  tellExpired(run, expiring, left);
}

/** What expiring here goes by. */
export function expiringProperties(tag: Tag): string[] {
  return [...SNAPSHOT_PROPERTIES, `${tag}:sent`, `${tag}:savecount`, `${tag}:src-fs`];
}

/** The snapshots that are due, children's first; `marking` is a name behind the @ that counts as marked already. */
async function dueHere(
  { settings, step }: Pick<Run, 'settings' | 'step'>,
  dataset: Dataset,
  { marking, listing: known }: { marking?: string; listing?: Listing | undefined } = {},
): Promise<TaggedSnapshot[]> {
  const { tag, recursive } = settings;
  const read = async (depth: number) => {
    const argv = readStateArgv(dataset, expiringProperties(tag), depth);
    return parseListing(mustSucceed(await step.zfs.ask(argv), dataset).output);
  };
  const listing = recursive ? await read(Number.POSITIVE_INFINITY) : (known ?? (await read(1)));
  const text = anyValue(listing.get(dataset), `${tag}:savecount`);
  const savecount = parseSavecount(text);
  if (savecount === undefined)
    throw new Failure(
      `${tag}:savecount on ${dataset} set to improper value ${text ?? '-'}; mend it with zfs set ${tag}:savecount=5 ${dataset}`,
    );
  const snapshots = taggedSnapshots(listing, dataset, tag).map((one) =>
    one.name === marking ? { ...one, sent: '0' } : one,
  );
  const expiring = expirableHere(snapshots, savecount);
  return [...(recursive ? sameNames(listing, dataset, tag, expiring) : []), ...expiring];
}

/** How many are gone. @throws ZfsFailed for one that could not be destroyed for another reason than a clone. */
function tellExpired(
  { report }: Pick<Run, 'report'>,
  expiring: readonly TaggedSnapshot[],
  left: readonly Left[],
): number {
  const kept = new Set(left.map(({ snapshot }) => snapshot));
  for (const one of expiring)
    if (!kept.has(fullName(one))) report.event('expired', { snapshot: fullName(one) });
  for (const { snapshot, ended } of left) {
    const clones = clonesIn(ended.message);
    if (clones === undefined) mustSucceed(ended, snapshot.slice(0, snapshot.indexOf('@')));
    else report.warn(`NOTE: ${snapshot} is not expired, since ${clones} of it`);
  }
  return expiring.length - left.length;
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
