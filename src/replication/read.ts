/** `zfs list` and `zfs get`, whose output goes straight to the client. */

import type { Get, List } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { getArgv, listArgv } from '../zfs/argv.ts';
import type { Done } from './done.ts';
import { missingSnapshot, mustSucceed, type Step } from './step.ts';

/** Ends where nobody has read it for so long as a stream does: a listing holds a seat, too, and zfs writes it by itself anywhere. */
export async function read(
  step: Step,
  operation: List | Get,
  { stallSeconds }: DatasetLimits,
): Promise<Done | Refusal> {
  step.interruption.check();
  const ended = await step.zfs.stream(readArgv(operation), [], { stallSeconds });
  if (ended.stalled) return refuse('stalled', stallSeconds);
  const { dataset, snapshot } = operation;
  const missing = snapshot === undefined ? undefined : await missingSnapshot(step, ended, dataset, snapshot);
  if (missing) return missing;
  mustSucceed(ended, dataset);
  return { facts: {} };
}

/** The argv of a client's own `zfs list` or `zfs get`. */
export function readArgv(operation: List | Get): string[] {
  return operation.kind === 'list' ? listArgv(operation) : getArgv(operation);
}
