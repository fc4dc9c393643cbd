/** `zrep _initpull`: the whole of one snapshot, for a pair of which the other side has none yet. */

import type { Pull } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { Done } from './done.ts';
import { refuseInitialized } from './pair.ts';
import { pull, resumed } from './pull.ts';
import { fullName } from './snapshots.ts';
import type { Step } from './step.ts';

export function initpull(
  step: Step,
  operation: Pull,
  flags: readonly SendFlag[],
  filters: readonly (readonly string[])[],
  limits: DatasetLimits,
): Promise<Done | Refusal> {
  const { dataset, tag, token } = operation;
  return pull(step, operation, filters, limits, (snapshots, listing) => {
    const refusal = refuseInitialized(snapshots, listing, dataset, tag);
    if (refusal) return refusal;
    if (token?.fromguid !== undefined) {
      return refuse('token-mismatch', 'it continues an increment, and this begins with a full stream');
    }
    if (token) return resumed(token, snapshots, listing);
    const name = formatZrepSnapshot(operation.snapshot);
    const snapshot = snapshots.find((one) => fullName(one) === name);
    if (snapshot === undefined) return refuse('no-such-snapshot', name);
    return { argv: sendArgv(flags, undefined, name), snapshot, base: undefined };
  });
}
