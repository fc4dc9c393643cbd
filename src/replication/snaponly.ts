/** `zrep snaponly`: the next snapshot in the row. Prints its name, without a newline, as stock does. */

import type { Snaponly } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { snapshotArgv } from '../zfs/argv.ts';
import { type Dataset, formatZrepSnapshot, type Tag } from '../zfs/names.ts';
import type { Done } from './done.ts';
import { askForRoom, type Room, refuseFull, refuseMore } from './limits.ts';
import { withLock } from './lock.ts';
import { masterProperties, refuseUnlessMaster } from './master.ts';
import { nextSequence, SNAPSHOT_PROPERTIES, type TaggedSnapshot, taggedSnapshots } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';

export async function snaponly(
  step: Step,
  { dataset, tag, recursive }: Snaponly,
  limits: DatasetLimits,
): Promise<Done | Refusal> {
  step.interruption.check();
  const room = askForRoom(step, dataset);
  const reading = { properties: [...SNAPSHOT_PROPERTIES, `${tag}:sent`, ...masterProperties(tag)], depth: 1 };
  return withLock(step, dataset, tag, reading, async (listing) => {
    const snapshots = taggedSnapshots(listing, dataset, tag);
    const name =
      refuseUnlessMaster(listing.get(dataset), tag, step.hostName) ??
      (await nextSnapshot(dataset, tag, snapshots, limits, room));
    if (isRefusal(name)) return name;
    mustSucceed(await step.zfs.ask(snapshotArgv(name, recursive)), dataset);
    return { print: name, facts: { snapshot: name } };
  });
}

/** The name of one more snapshot beside `snapshots`, as far as the limits allow one. */
export async function nextSnapshot(
  dataset: Dataset,
  tag: Tag,
  snapshots: readonly TaggedSnapshot[],
  limits: DatasetLimits,
  room: () => Promise<Room>,
): Promise<string | Refusal> {
  const refusal =
    refuseMore(snapshots, limits, Math.floor(Date.now() / 1000)) ??
    refuseFull(await room(), limits.freeSpace);
  if (refusal) return refusal;
  const sequence = nextSequence(snapshots);
  if (sequence === undefined) return refuse('sequence-exhausted', dataset);
  return formatZrepSnapshot({ dataset, tag, sequence });
}
