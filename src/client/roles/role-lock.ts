/** The lock on a file system whose role or configuration changes, with what has to be known of it. */

import type { Ended } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { type Reading, withLock } from '../../replication/lock.ts';
import { mustSucceed, ZfsFailed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { type Listing, parseListing } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import { busyHere } from '../run/patience.ts';
import type { Run } from '../run/run.ts';

/** Does `work` under the lock on `dataset`, for which it waits as long as --wait says. @throws Failure in stock's words where it cannot be had. */
export async function withRoleLock<Result>(
  { settings: { tag }, step, patience }: Run,
  dataset: Dataset,
  reading: Reading,
  work: (listing: Listing) => Promise<Result>,
): Promise<Result> {
  try {
    const locked = () => withLock(step, dataset, tag, reading, work);
    const result = await patience.until(locked, busyHere(dataset));
    if (!isRefusal(result)) return result;
    const why =
      result.refused === 'lock-busy'
        ? `another zrep is at work on it; its process: zfs get ${tag}:lock-pid ${dataset}`
        : result.reason;
    throw new Failure(`could not lock ${dataset} (${why})`);
  } catch (error) {
    if (error instanceof ZfsFailed) mustFind(error.ended, dataset);
    throw error;
  }
}

/**
 * The same once more, when the lock is there: zfs counts as written what is on disk, and setting the lock has brought all
 * there that was written before it (dsl_sync_task.c: a property is set when its transaction group is synced).
 */
export async function readAgain(
  { step }: Pick<Run, 'step'>,
  dataset: Dataset,
  { properties, depth }: Reading,
): Promise<Listing> {
  const state = await step.zfs.ask(readStateArgv(dataset, properties, depth));
  return parseListing(mustFind(state, dataset).output);
}

/** @throws Failure in stock's words where `dataset` is not there, ZfsFailed where zfs failed otherwise. */
function mustFind<Result extends Ended>(ended: Result, dataset: Dataset): Result {
  if (ended.message.includes(`'${dataset}': dataset does not exist`))
    throw new Failure(`invalid filesystem ${dataset}: it does not exist here`);
  return mustSucceed(ended, dataset);
}
