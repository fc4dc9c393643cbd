/** What this host is called in zrep's properties. */

import { hostname } from 'node:os';
import type { Policy } from './policy.ts';

/** By the policy's `zrep.src-host`, else the host's own name up to the first dot. */
export function hostNameBy({ zrep }: Pick<Policy, 'zrep'>): string {
  return zrep.srcHost ?? hostname().replace(/\..*/, '');
}
