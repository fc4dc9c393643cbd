/**
 * `zfs send` as the client wrote it: no lock, no marks; a plain stream of snapshots that are granted, or the dry run
 * of one.
 */

import type { Send } from '../command/request.ts';
import { dryRunArgv, sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { Done } from './done.ts';
import { mustSucceed, type Step } from './step.ts';
import { streamEstimated } from './stream.ts';

export async function send(
  step: Step,
  operation: Send,
  flags: readonly SendFlag[],
  filters: readonly (readonly string[])[],
): Promise<Done> {
  step.interruption.check();
  const { dataset, snapshot, dryRun } = operation;
  const argv = sendOperationArgv(operation, flags);
  const facts = { snapshot: formatZrepSnapshot(snapshot) };
  if (dryRun) {
    mustSucceed(await step.zfs.stream(argv, []), dataset);
    return { facts };
  }
  return { facts: { ...facts, ...(await streamEstimated(step, dataset, argv, filters)) } };
}

/** The argv of a client's own `zfs send`. */
export function sendOperationArgv({ base, snapshot, dryRun }: Send, flags: readonly SendFlag[]): string[] {
  const from = base && { through: base.through, snapshot: formatZrepSnapshot(base.snapshot) };
  const argv = sendArgv(flags, from, formatZrepSnapshot(snapshot));
  return dryRun ? dryRunArgv(argv, dryRun) : argv;
}
