/** What a policy's limits say to one more snapshot. Pure, but for the question how much room the pool has. */

import { leaves, type Space } from '../policy/amounts.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { readPropertiesArgv } from '../zfs/argv.ts';
import { anyValue, parseListing } from '../zfs/state.ts';
import type { TaggedSnapshot } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';

const HOUR = 3600;

/** The refusal of one more snapshot of `dataset` beside `snapshots`, all that it has of one tag, at `now` (epoch seconds). */
export function refuseMore(
  dataset: string,
  snapshots: readonly TaggedSnapshot[],
  { snapshots: most, snapshotsPerHour }: DatasetLimits,
  now: number,
): Refusal | undefined {
  if (snapshots.length >= most) return refuse('too-many-snapshots', dataset, snapshots.length, most);
  // One more is allowed as soon as the oldest of the last so many is an hour old.
  const last = snapshots.map(({ creation }) => creation).sort((a, b) => b - a)[snapshotsPerHour - 1];
  if (last === undefined || last <= now - HOUR) return undefined;
  return refuse('snapshots-too-often', dataset, snapshotsPerHour, Math.ceil((last + HOUR - now) / 60));
}

/** Bytes of a pool. */
export interface Room {
  readonly pool: string;
  readonly free: number;
  readonly size: number;
}

/** How much of the pool of `dataset` is free, and of how much; asked at once, to be looked at later. */
export function askForRoom({ zfs }: Pick<Step, 'zfs'>, dataset: string): () => Promise<Room> {
  const [pool = ''] = dataset.split('/');
  const asked = zfs.ask(readPropertiesArgv([pool], ['available', 'used']));
  return async () => {
    const own = parseListing(mustSucceed(await asked, dataset).output).get(pool);
    const [free, used] = ['available', 'used'].map((name) => Number(anyValue(own, name)));
    return { pool, free: free as number, size: (free as number) + (used as number) };
  };
}

/** The refusal of one more snapshot in a pool with so much room. */
export function refuseFull({ pool, free, size }: Room, space: Space): Refusal | undefined {
  return leaves(free, size, space) ? undefined : refuse('pool-full', pool, space.text);
}
