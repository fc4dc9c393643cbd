/**
 * `zrep _refreshcomplete`: marks a snapshot as sent, if it was: what was streamed to this client is on record. Nothing else
 * of the client's can be set this way. From this hour on the ones before it count as superseded, so that it goes into the
 * record, too: a thief can mark what was streamed long ago to a backup that could not receive it.
 */

import type { Refreshcomplete } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import { localValue, parseListing } from '../zfs/state.ts';
import { completeAndExpire } from './complete-and-expire.ts';
import type { Done } from './done.ts';
import { bookmarkFacts } from './keep-base.ts';
import type { Unrecorded } from './kept-lock.ts';
import { markChanges, readStreamed, recordStreamed } from './record-streamed.ts';
import { missingSnapshot, mustSucceed, type Step } from './step.ts';
import { parseStreamed, STREAMED } from './streamed.ts';

/**
 * Marks the snapshot as sent. Where `expiring` is there, snapshots expire by these limits in the same change, if zfs can: then the answer prints
 * what `zrep expire` prints, and nothing otherwise.
 */
export async function refreshcomplete(
  step: Step,
  mark: Refreshcomplete,
  expiring?: DatasetLimits,
): Promise<Done | Refusal> {
  step.interruption.check();
  const name = formatZrepSnapshot(mark.snapshot);
  const left = await step.kept?.takeUnrecorded();
  const own = left?.streamed[0]?.name === name ? left : undefined;
  if (own === undefined) await left?.record();
  if (expiring && step.capabilities.has('programs')) {
    const ended = await endRefresh(step, mark, own, expiring);
    if (ended) return ended;
  }
  try {
    return await complete(step, mark, own);
  } catch (error) {
    // It did come: the record is made all the same, before the lock goes.
    if (own) step.kept?.leaveUnrecorded(own);
    throw error;
  }
}

/** A refresh ends with it, so the lock goes, too. Undefined where nothing was changed: the two commands one by one then say why. */
async function endRefresh(
  step: Step,
  mark: Refreshcomplete,
  own: Unrecorded | undefined,
  limits: DatasetLimits,
): Promise<Done | undefined> {
  const { kept } = step;
  const wanted = kept?.wanted ?? false;
  if (kept) kept.wanted = false;
  const ended = await completeAndExpire(step, mark, own, limits);
  if (!isRefusal(ended)) return ended;
  if (kept) kept.wanted = wanted;
  return undefined;
}

/** `own` is what was streamed of the snapshot in the command before, and is not on record yet. */
async function complete(
  step: Step,
  mark: Refreshcomplete,
  own: Unrecorded | undefined,
): Promise<Done | Refusal> {
  const { dataset } = mark;
  const name = formatZrepSnapshot(mark.snapshot);
  const { streamed, along } = own ?? { streamed: [{ name, guid: undefined }], along: [] };
  const read = await readStreamed(step, streamed);
  const missing = await missingSnapshot(step, read, dataset, name.slice(dataset.length + 1));
  if (missing) return missing;
  // A base that is gone fails the read, and does no harm.
  const listing = parseListing(read.output);
  if (!listing.has(name)) mustSucceed(read, dataset);
  if (!own && !parseStreamed(localValue(listing.get(name), STREAMED)).has(step.client))
    return refuse('not-streamed', name);
  const marked = (record: string) => markChanges(mark, record);
  const made = await recordStreamed(step, dataset, streamed, along, marked, listing);
  return isRefusal(made) ? made : { facts: { snapshot: name, ...bookmarkFacts(along, made) } };
}
