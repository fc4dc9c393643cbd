/**
 * `zrep _initpull`: the whole of one snapshot, for a copy that has none in common with the source: because the pair begins, or
 * because it was lost. Of a pair that has begun only the newest snapshot is streamed so, until it is marked as sent, and only to who
 * may refresh it. By a token a stream of any snapshot goes on that is not marked: when it was begun, that may have been the newest.
 */

import type { Pull } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { Done } from './done.ts';
import { pull, resumed } from './pull.ts';
import { newest } from './refreshpull.ts';
import { fullName, lastSent } from './snapshots.ts';
import type { Step } from './step.ts';

/** `barred` is the refusal of an increment in the place of this stream; undefined where the client may have one. */
export function initpull(
  step: Step,
  operation: Pull,
  flags: readonly SendFlag[],
  filters: readonly (readonly string[])[],
  limits: DatasetLimits,
  barred: Refusal | undefined,
): Promise<Done | Refusal> {
  const { dataset, tag, token } = operation;
  return pull(step, operation, filters, limits, (snapshots, listing) => {
    const begun = lastSent(snapshots, listing.get(dataset), tag) !== undefined;
    if (token?.fromguid !== undefined) {
      return refuse('token-mismatch', 'it continues an increment, and this begins with a full stream');
    }
    const name = formatZrepSnapshot(token?.snapshot ?? operation.snapshot);
    const snapshot = snapshots.find((one) => fullName(one) === name);
    if (begun && snapshot?.sent !== undefined) return refuse('already-sent', name);
    if (begun && barred) return barred;
    if (token) return resumed(token, snapshots, listing);
    const latest = begun ? newest(operation, snapshots) : undefined;
    if (isRefusal(latest)) return latest;
    if (snapshot === undefined) return refuse('no-such-snapshot', name);
    return { argv: sendArgv(flags, undefined, name), snapshot, base: undefined };
  });
}
