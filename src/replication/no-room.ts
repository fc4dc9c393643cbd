/**
 * For what makes room, on a pool that has none for the lock's properties: there zfs-fuse destroys snapshots, and sets nothing.
 * (OpenZFS keeps some room for itself, and sets properties all the same.)
 *
 * The global lock is a file elsewhere, and who holds it lets nobody take a file system's lock.
 */

import { type Refusal, refuse } from '../refusal.ts';
import { readPropertiesArgv, readStateArgv } from '../zfs/argv.ts';
import type { ListedDataset, Tag } from '../zfs/names.ts';
import { type Listing, localValue, parseListing } from '../zfs/state.ts';
import { withGlobalLock } from './global-lock.ts';
import { isHolder } from './holder.ts';
import { lockPropertyNames, NoRoomForLock, parsePid, type Reading, withLock } from './lock.ts';
import { mustSucceed, type Step } from './step.ts';

/** Whose lock has to be free. */
export interface Place {
  readonly root: ListedDataset;
  readonly tag: Tag;
}

/**
 * Does `locked`, which takes the locks of `places`. Where there is no room for a lock, `alone` is done instead, under the global
 * lock, as long as nobody holds one of theirs.
 */
export async function evenWithoutRoom<Result>(
  step: Step,
  places: readonly Place[],
  locked: () => Promise<Result | Refusal>,
  alone: () => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  try {
    return await locked();
  } catch (error) {
    if (!(error instanceof NoRoomForLock)) throw error;
  }
  return withGlobalLock(step, async () => {
    for (const { root, tag } of places) {
      const holder = await liveHolder(step, root, tag);
      if (holder !== undefined) return refuse('lock-busy', step.hostName, holder);
    }
    return alone();
  });
}

/**
 * `withLock` for work that makes room: it is done also where there is none for the lock. `locked` is another way to do it with one.
 */
export function withLockOrNoRoom<Result>(
  step: Step,
  dataset: ListedDataset,
  tag: Tag,
  reading: Reading,
  work: (listing: Listing) => Promise<Result | Refusal>,
  locked: () => Promise<Result | Refusal> = () => withLock(step, dataset, tag, reading, work),
): Promise<Result | Refusal> {
  return evenWithoutRoom(step, [{ root: dataset, tag }], locked, async () => {
    const state = await step.zfs.ask(readStateArgv(dataset, reading.properties, reading.depth));
    return work(parseListing(mustSucceed(state, dataset).output));
  });
}

async function liveHolder({ zfs }: Step, dataset: ListedDataset, tag: Tag): Promise<number | undefined> {
  const names = lockPropertyNames(tag);
  const state = mustSucceed(await zfs.ask(readPropertiesArgv([dataset], names)), dataset);
  const [pid, time] = names.map((name) => localValue(parseListing(state.output).get(dataset), name));
  const holder = parsePid(pid);
  return holder !== undefined && isHolder(holder, time) ? holder : undefined;
}
