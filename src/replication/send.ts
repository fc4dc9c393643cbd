/** `zfs send` as the client wrote it: no lock, no marks; a plain stream of snapshots that are granted. */

import type { Send } from '../command/request.ts';
import { sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { Done } from './done.ts';
import type { Step } from './step.ts';
import { streamEstimated } from './stream.ts';

export async function send(
  step: Step,
  operation: Send,
  flags: readonly SendFlag[],
  filters: readonly (readonly string[])[],
): Promise<Done> {
  step.interruption.check();
  const { dataset, snapshot } = operation;
  const known = await streamEstimated(step, dataset, sendOperationArgv(operation, flags), filters);
  return { facts: { snapshot: formatZrepSnapshot(snapshot), ...known } };
}

/** The argv of a client's own `zfs send`. */
export function sendOperationArgv({ base, snapshot }: Send, flags: readonly SendFlag[]): string[] {
  const from = base && { through: base.through, snapshot: formatZrepSnapshot(base.snapshot) };
  return sendArgv(flags, from, formatZrepSnapshot(snapshot));
}
