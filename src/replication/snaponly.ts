/** `zrep snaponly`: the next snapshot in the row. Prints its name, without a newline, as stock does. */

import type { Snaponly } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { snapshotArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { Done } from './done.ts';
import { askForRoom, refuseFull, refuseMore } from './limits.ts';
import { withLock } from './lock.ts';
import { masterProperties, refuseUnlessMaster } from './master.ts';
import { nextSequence, SNAPSHOT_PROPERTIES, taggedSnapshots } from './snapshots.ts';
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
    const refusal =
      refuseUnlessMaster(listing.get(dataset), tag, step.hostName) ??
      refuseMore(snapshots, limits, Math.floor(Date.now() / 1000)) ??
      refuseFull(await room(), limits.freeSpace);
    if (refusal) return refusal;
    const sequence = nextSequence(snapshots);
    if (sequence === undefined) return refuse('sequence-exhausted', dataset);
    const name = formatZrepSnapshot({ dataset, tag, sequence });
    mustSucceed(await step.zfs.ask(snapshotArgv(name, recursive)), dataset);
    return { print: name, facts: { snapshot: name } };
  });
}
