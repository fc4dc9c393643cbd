/**
 * Destroys snapshots by name: one process a dataset where the installed zfs can, otherwise one a snapshot.
 *
 * Of several names, zfs destroys none when one has a clone (cmd/zfs/zfs_main.c, `snapshot_to_nvl_cb`) or is held
 * (module/zfs/dsl_destroy.c, `dsl_destroy_snapshots_nvl`, checks all in one transaction; without channel programs
 * it destroys one by one up to the first that fails). So what is still there after a failure is tried again, each
 * alone: one that cannot be destroyed does not keep the others.
 */

import { type Ended, succeeded } from '../process/pipeline.ts';
import { destroyArgv, readStateArgv } from '../zfs/argv.ts';
import { parseListing } from '../zfs/state.ts';
import { fullName, type TaggedSnapshot } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';

/**
 * Names in one argument, of which Linux takes 128 KiB (execve(2), MAX_ARG_STRLEN): a name behind its `@` has 79
 * characters at most. And no signal is obeyed while zfs is at it.
 */
const LARGEST = 500;

type Destroying = Pick<Step, 'zfs' | 'capabilities' | 'interruption'>;

/** Snapshots of one dataset. */
interface Batch {
  readonly dataset: string;
  readonly names: readonly string[];
}

/** A snapshot that could not be destroyed, and how zfs ended over it. */
export interface Left {
  /** DATASET@NAME. */
  readonly snapshot: string;
  readonly ended: Ended;
}

/**
 * Destroys what it can of `snapshots`, in their order; the answer is how many are gone.
 *
 * @throws ZfsFailed at the end if one could not be: a clone of the oldest must not fill the pool.
 */
export async function destroyAll(
  step: Step,
  dataset: string,
  snapshots: readonly Pick<TaggedSnapshot, 'dataset' | 'name'>[],
): Promise<number> {
  for (const { ended } of await destroyEach(step, snapshots)) mustSucceed(ended, dataset);
  return snapshots.length;
}

/** The same, and the answer is what could not be. */
export async function destroyEach(
  step: Destroying,
  snapshots: readonly Pick<TaggedSnapshot, 'dataset' | 'name'>[],
): Promise<Left[]> {
  const left: Left[] = [];
  for (const batch of batchesOf(snapshots, step.capabilities.has('batches') ? LARGEST : 1)) {
    left.push(...(await destroyBatch(step, batch)));
  }
  return left;
}

/** `snapshots` in their order, neighbours of one dataset together, `largest` at a time at most. */
function batchesOf(snapshots: readonly Pick<TaggedSnapshot, 'dataset' | 'name'>[], largest: number): Batch[] {
  const batches: { dataset: string; names: string[] }[] = [];
  for (const { dataset, name } of snapshots) {
    const last = batches.at(-1);
    if (last?.dataset === dataset && last.names.length < largest) last.names.push(name);
    else batches.push({ dataset, names: [name] });
  }
  return batches;
}

async function destroyBatch(step: Destroying, batch: Batch): Promise<Left[]> {
  step.interruption.check();
  const ended = await step.zfs.ask(destroyArgv(batch.dataset, batch.names));
  if (succeeded(ended)) return [];
  const [name = '', ...more] = batch.names;
  if (more.length === 0) return [{ snapshot: fullName({ dataset: batch.dataset, name }), ended }];
  const left: Left[] = [];
  for (const name of await namesLeft(step, batch)) {
    left.push(...(await destroyBatch(step, { dataset: batch.dataset, names: [name] })));
  }
  return left;
}

/** Those of a batch that are still there; all, where zfs does not say. */
async function namesLeft({ zfs }: Destroying, { dataset, names }: Batch): Promise<readonly string[]> {
  const state = await zfs.ask(readStateArgv(dataset, ['guid'], 1));
  if (!succeeded(state)) return names;
  const listing = parseListing(state.output);
  return names.filter((name) => listing.has(fullName({ dataset, name })));
}
