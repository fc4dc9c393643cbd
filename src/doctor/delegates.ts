/**
 * Accounts that serve without root and without sudo, by what `zfs allow` gave them (docs/zfs-allow.md): told by the
 * folder of zrep's lock, which the policy has moved to one of theirs. What zfs allows them is not asked.
 */

import { statSync } from 'node:fs';
import type { Policy } from '../policy/policy.ts';
import type { GateLine } from './gate-lines.ts';

/** True for a line of such an account's, under `policy`. */
export function isDelegate({ account, call }: GateLine, { zrep }: Policy): boolean {
  if (account.uid === 0 || call === undefined || call.sudo !== undefined) return false;
  return statSync(zrep.rundir, { throwIfNoEntry: false })?.uid === account.uid;
}
