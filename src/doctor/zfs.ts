/** The zfs that a policy names, asked by the doctor. */

import type { Policy } from '../policy/policy.ts';
import { createZfs, type Zfs } from '../zfs/run.ts';

/** The doctor ends when it is told to, like any program. */
const NEVER = { signal: undefined, check: () => {}, onSignal: () => () => {} };

export function zfsOf({ zfs }: Policy): Zfs {
  return createZfs(zfs, NEVER);
}
