/**
 * `zrep _refreshpull`: the stream from the last sent snapshot to the newest.
 *
 * zrep's own tag ships every snapshot in between (-I); another tag ships one step (-i), since the snapshots in
 * between are then other people's.
 */

import type { Pull } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { type SendBase, sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot, type Tag } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { Done } from './done.ts';
import { pull, resumed, type Stream } from './pull.ts';
import { fullName, lastSent, type TaggedSnapshot } from './snapshots.ts';
import type { Step } from './step.ts';

export function refreshpull(
  step: Step,
  operation: Pull,
  flags: readonly SendFlag[],
  filters: readonly (readonly string[])[],
  limits: DatasetLimits,
  through: SendBase['through'] = incrementFrom(operation.tag, '').through,
): Promise<Done | Refusal> {
  const { dataset, tag, token } = operation;
  return pull(step, operation, filters, limits, (snapshots, listing) => {
    if (token) return resumed(token, snapshots);
    const base = lastSent(snapshots, listing.get(dataset), tag);
    return newest(operation, flags, snapshots, base, through);
  });
}

/** How an increment starts, given the last sent snapshot (or what stands for it in `explain`). */
export function incrementFrom(tag: Tag, snapshot: string): SendBase {
  return { through: tag === 'zrep' ? '-I' : '-i', snapshot };
}

/** Only the newest snapshot is streamed, and only onto one that the other side has. */
function newest(
  { snapshot }: Pull,
  flags: readonly SendFlag[],
  snapshots: readonly TaggedSnapshot[],
  base: TaggedSnapshot | undefined,
  through: SendBase['through'],
): Stream | Refusal {
  const name = formatZrepSnapshot(snapshot);
  const latest = snapshots.at(-1);
  if (latest === undefined || !snapshots.some((one) => fullName(one) === name))
    return refuse('no-such-snapshot', name);
  if (fullName(latest) !== name) return refuse('not-latest', name, fullName(latest));
  if (base === undefined) return refuse('never-sent');
  if (base === latest) return refuse('already-sent', name);
  const argv = sendArgv(flags, { through, snapshot: fullName(base) }, name);
  return { argv, snapshot: latest, base };
}
