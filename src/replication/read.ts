/** `zfs list` and `zfs get`, whose output goes straight to the client. */

import type { Get, List } from '../command/request.ts';
import { getArgv, listArgv } from '../zfs/argv.ts';
import type { Done } from './done.ts';
import { mustSucceed, type Step } from './step.ts';

export async function read(step: Step, operation: List | Get): Promise<Done> {
  step.interruption.check();
  mustSucceed(await step.zfs.stream(readArgv(operation), []), operation.dataset);
  return { facts: {} };
}

/** The argv of a client's own `zfs list` or `zfs get`. */
export function readArgv(operation: List | Get): string[] {
  return operation.kind === 'list' ? listArgv(operation) : getArgv(operation);
}
