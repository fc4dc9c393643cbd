/**
 * `zrep expire -L`: destroys the oldest snapshots beyond the save count, and never the last sent one, anything
 * newer, a held one, or one that the policy's floors keep.
 *
 * Stock destroys with -r, whatever is below. Here children's snapshots go along only where the grant is
 * recursive, and only those of the same run, by name, children first; and a run goes only where no child's grant keeps it.
 */

import type { Expire } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import type { Reach } from '../policy/reach.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import type { Dataset, Tag } from '../zfs/names.ts';
import type { Change, Premise } from '../zfs/program.ts';
import { anyValue, type Listing } from '../zfs/state.ts';
import { changeUnderLock } from './change-under-lock.ts';
import { destroyEach, type Left } from './destroy.ts';
import type { Done } from './done.ts';
import { dueBookmarks, expireBookmarks } from './keep-base.ts';
import type { Reading } from './lock.ts';
import { masterPremises, masterProperties, refuseUnlessMaster, valuePremise } from './master.ts';
import { withLockOrNoRoom } from './no-room.ts';
import { type Expiring, expiringRuns } from './runs.ts';
import {
  expirable,
  fullName,
  lastSent,
  parseSavecount,
  SNAPSHOT_PROPERTIES,
  type TaggedSnapshot,
  taggedSnapshots,
} from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';
import { STREAMED } from './streamed.ts';

export async function expire(
  step: Step,
  operation: Expire,
  reach: Reach,
  limits: DatasetLimits,
): Promise<Done | Refusal> {
  const { dataset, tag } = operation;
  const reading = expireReading(tag, reach);
  const work = (listing: Listing) => expireLocked(step, operation, reach, limits, listing);
  const atOnce = () => expireAtOnce(step, operation, limits);
  return withLockOrNoRoom(step, dataset, tag, reading, work, reach === 'alone' ? atOnce : undefined);
}

/** Of the dataset alone. What is below goes one after the other: a run of which a part stays keeps its root's. */
async function expireAtOnce(
  step: Step,
  { dataset, tag }: Expire,
  limits: DatasetLimits,
): Promise<Done | Refusal> {
  const reading = expireReading(tag, 'alone');
  return changeUnderLock<Done>(step, dataset, tag, reading, async (listing) => {
    const runs = dueToExpire(step.hostName, dataset, tag, 'alone', limits, listing);
    if (isRefusal(runs)) return runs;
    return {
      premises: expirePremises(listing, dataset, tag, runs.own),
      changes: expireChanges(runs.own),
      needsLock: dueBookmarks(tag, dataset, limits, listing).length > 0,
      done: async ({ left }) => {
        const bookmarks = await expireBookmarks(step, tag, dataset, limits, listing);
        return answerExpired({ destroyed: runs.own.length - left.length, left, bookmarks }, dataset);
      },
    };
  });
}

/**
 * What a decision to expire `going` rests on: the master, the save count, that the last sent snapshot is there and marked, and that they are
 * the same ones.
 */
export function expirePremises(
  listing: Listing,
  dataset: Dataset,
  tag: Tag,
  going: readonly TaggedSnapshot[],
): Premise[] {
  const own = listing.get(dataset);
  const last = lastSent(taggedSnapshots(listing, dataset, tag), own, tag);
  const mark = `${tag}:sent`;
  return [
    ...masterPremises(dataset, tag, own),
    ...[`${tag}:savecount`, `${tag}:lastsent`].map((property) => valuePremise(dataset, property, own)),
    ...(last ? [guidPremise(last), valuePremise(fullName(last), mark, listing.get(fullName(last)))] : []),
    ...going.map(guidPremise),
  ];
}

/** What destroys `going`. */
export function expireChanges(going: readonly TaggedSnapshot[]): Change[] {
  return going.map((one) => ({ does: 'destroy', target: fullName(one) }));
}

function guidPremise(snapshot: TaggedSnapshot): Premise {
  return { holds: 'guid', target: fullName(snapshot), guid: snapshot.guid };
}

/** What `expireLocked` needs to have been read. */
export function expireReading(tag: Tag, reach: Reach): Reading {
  const properties = [
    ...SNAPSHOT_PROPERTIES,
    STREAMED,
    ...['sent', 'lastsent', 'savecount', 'src-fs'].map((name) => `${tag}:${name}`),
    ...masterProperties(tag),
  ];
  return { properties, depth: reach === 'alone' ? 1 : Number.POSITIVE_INFINITY };
}

/** The same where this process has the lock already, on what it then read. */
export async function expireLocked(
  step: Step,
  { dataset, tag }: Expire,
  reach: Reach,
  limits: DatasetLimits,
  listing: Listing,
): Promise<Done | Refusal> {
  const expired = await expireDue(step, dataset, tag, reach, limits, listing);
  return isRefusal(expired) ? expired : answerExpired(expired, dataset);
}

/** @throws ZfsFailed where one could not be destroyed. */
function answerExpired({ destroyed, left, bookmarks }: Expired, dataset: string): Done {
  for (const { ended } of left) mustSucceed(ended, dataset);
  return { print: expireText(dataset), facts: { destroyed, ...bookmarks } };
}

/** What stock prints of it. */
export function expireText(dataset: string): string {
  return `Expiring zrep snaps on ${dataset}\n`;
}

/** What expiring came to. */
export interface Expired {
  readonly destroyed: number;
  /** What zfs could not destroy: a clone of the oldest must not fill the pool. */
  readonly left: readonly Left[];
  /** What came of the bookmarks, to be put on record. */
  readonly bookmarks?: Done['facts'];
}

/** Destroys what is due, as far as zfs can. */
export async function expireDue(
  step: Step,
  dataset: Dataset,
  tag: Tag,
  reach: Reach,
  limits: DatasetLimits,
  listing: Listing,
): Promise<Expired | Refusal> {
  const runs = dueToExpire(step.hostName, dataset, tag, reach, limits, listing);
  if (isRefusal(runs)) return runs;
  // Children first; a run of which a part is still there keeps its root's, too.
  const below = await destroyEach(step, runs.along);
  const there = new Set(below.map(({ snapshot }) => snapshot.slice(snapshot.indexOf('@') + 1)));
  const going = runs.own.filter(({ name }) => !there.has(name));
  const left = [...below, ...(await destroyEach(step, going))];
  const bookmarks = await expireBookmarks(step, tag, dataset, limits, listing);
  return { destroyed: runs.along.length + going.length - left.length, left, bookmarks };
}

/** What is due at this moment on the host that zrep calls `hostName`. Pure, but for the clock. */
export function dueToExpire(
  hostName: string,
  dataset: Dataset,
  tag: Tag,
  reach: Reach,
  limits: DatasetLimits,
  listing: Listing,
): Expiring | Refusal {
  const own = listing.get(dataset);
  const refusal = refuseUnlessMaster(own, tag, hostName);
  if (refusal) return refusal;
  const text = anyValue(own, `${tag}:savecount`);
  const savecount = parseSavecount(text);
  if (savecount === undefined) return refuse('bad-savecount', `${tag}:savecount`, text ?? '-');
  const snapshots = taggedSnapshots(listing, dataset, tag);
  const last = lastSent(snapshots, own, tag);
  if (last === undefined) return refuse('never-sent', tag);

  const now = Math.floor(Date.now() / 1000);
  const expiring = expirable(snapshots, last, savecount, limits, now);
  return expiringRuns(listing, tag, { dataset, snapshots, last, expiring }, reach, limits, now);
}
