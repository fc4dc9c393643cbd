/**
 * `zfs send` as the client wrote it: no lock, no marks; a plain stream of snapshots that are granted, or the dry run
 * of one.
 */

import type { Send } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { dryRunArgv, sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { Done } from './done.ts';
import { missingSnapshot, mustSucceed, type Step, ZfsFailed } from './step.ts';
import { streamEstimated } from './stream.ts';

export async function send(
  step: Step,
  operation: Send,
  flags: readonly SendFlag[],
  filters: readonly (readonly string[])[],
  { stallSeconds }: DatasetLimits,
): Promise<Done | Refusal> {
  step.interruption.check();
  const { dataset, snapshot, dryRun } = operation;
  const argv = sendOperationArgv(operation, flags);
  const facts = { snapshot: formatZrepSnapshot(snapshot) };
  try {
    if (dryRun) {
      const ended = await step.zfs.stream(argv, [], { stallSeconds });
      if (ended.stalled) return refuse('stalled', stallSeconds);
      mustSucceed(ended, dataset);
      return { facts };
    }
    const known = await streamEstimated(step, dataset, argv, filters, stallSeconds);
    return isRefusal(known) ? known : { facts: { ...facts, ...known } };
  } catch (error) {
    // Nobody has looked before whether it is there.
    const [, name = ''] = facts.snapshot.split('@');
    const missing = error instanceof ZfsFailed && (await missingSnapshot(step, error.ended, dataset, name));
    if (missing) return missing;
    throw error;
  }
}

/** The argv of a client's own `zfs send`. */
export function sendOperationArgv({ base, snapshot, dryRun }: Send, flags: readonly SendFlag[]): string[] {
  const from = base && { through: base.through, snapshot: formatZrepSnapshot(base.snapshot) };
  const argv = sendArgv(flags, from, formatZrepSnapshot(snapshot));
  return dryRun ? dryRunArgv(argv, dryRun) : argv;
}
