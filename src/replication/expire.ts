/**
 * `zrep expire -L`: destroys the oldest snapshots beyond the save count, and never the last sent one, anything
 * newer, a held one, or one that the policy's floors keep.
 *
 * Stock destroys with -r, whatever is below. Here children's snapshots go along only where the grant is
 * recursive, and only those of the same run, by name, children first.
 */

import type { Expire } from '../command/request.ts';
import type { Reach } from '../policy/decide.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { Tag } from '../zfs/names.ts';
import { anyValue, type Listing } from '../zfs/state.ts';
import { destroyAll } from './destroy.ts';
import type { Done } from './done.ts';
import { type Reading, withLock } from './lock.ts';
import { masterProperties, refuseUnlessMaster } from './master.ts';
import {
  companions,
  expirable,
  lastSent,
  parseSavecount,
  SNAPSHOT_PROPERTIES,
  taggedSnapshots,
} from './snapshots.ts';
import type { Step } from './step.ts';
import { STREAMED } from './streamed.ts';

export async function expire(
  step: Step,
  operation: Expire,
  reach: Reach,
  limits: DatasetLimits,
): Promise<Done | Refusal> {
  const { dataset, tag } = operation;
  return withLock(step, dataset, tag, expireReading(tag, reach), (listing) =>
    expireLocked(step, operation, reach, limits, listing),
  );
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
  const own = listing.get(dataset);
  const refusal = refuseUnlessMaster(own, tag, step.hostName);
  if (refusal) return refusal;
  const text = anyValue(own, `${tag}:savecount`);
  const savecount = parseSavecount(text);
  if (savecount === undefined) return refuse('bad-savecount', `${tag}:savecount`, text ?? '-');
  const snapshots = taggedSnapshots(listing, dataset, tag);
  const last = lastSent(snapshots, own, tag);
  if (last === undefined) return refuse('never-sent');

  const expiring = expirable(snapshots, last, savecount, limits, Math.floor(Date.now() / 1000));
  const along = reach === 'alone' ? [] : companions(listing, dataset, tag, expiring, reach.spared);
  const destroyed = await destroyAll(step, dataset, [...along, ...expiring]);
  return { print: `Expiring zrep snaps on ${dataset}\n`, facts: { destroyed } };
}
