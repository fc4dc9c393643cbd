/** What a rollback of the other side to a snapshot would destroy, for a person to read. */

import type { Side } from '../../pair/side.ts';
import { bytesOf } from '../../pair/side.ts';
import { printable } from '../../printable.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { anyValue } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { readTheirSide } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Course } from './master.ts';

/**
 * The losses, one a line.
 *
 * @throws Failure where the other side's snapshot of that name is another one, or, without -f, where it cannot be told.
 */
export async function newerThere(
  run: Run,
  far: FarSide,
  { destination }: Course,
  { name, guid }: TaggedSnapshot,
): Promise<string[]> {
  const theirs = await readTheirSide(run, far.host, destination, 'source');
  if (!('side' in theirs)) {
    if (run.settings.force) return [];
    throw new Failure(
      `what would be destroyed on ${far.host.name} cannot be listed (${theirs.unseen}); -f does it all the same`,
    );
  }
  const found = theirs.side.snapshots.find((one) => one.name === name)?.guid;
  if (found !== guid)
    throw new Failure(
      `${destination}@${name} on ${far.host.name} is another snapshot than the one here (GUID ${found ?? '-'}, here ${guid}); nothing was done`,
    );
  return describeNewer(theirs.side, name);
}

/** The snapshots of `side` that are newer than the one called `name`, clones of theirs, and changes since. Pure. */
export function describeNewer({ dataset, snapshots, properties }: Side, name: string): string[] {
  const base = snapshots.find((one) => one.name === name)?.createtxg ?? 0;
  const newer = snapshots.filter(({ createtxg }) => createtxg > base);
  const full = (one: { name: string }) => `${dataset}@${printable(one.name)}`;
  const clones = newer.flatMap((one) =>
    one.clones.map((clone) => `${printable(clone)}, a clone of ${full(one)}, with all that is in it`),
  );
  const written = bytesOf(anyValue(properties, 'written'));
  const changes =
    written === undefined
      ? ['changes since the newest snapshot, if there are any: the zfs there does not tell']
      : [`changes since the newest snapshot: ${written} bytes`];
  return [
    ...newer.map((one) => `${full(one)}, of ${sayTime(one.creation)}`),
    ...clones,
    ...(written === 0 ? [] : changes),
  ];
}

/** The same on both hosts, whatever their time zones: `2026-11-25 00:29:12 UTC`. */
function sayTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? '?' : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
