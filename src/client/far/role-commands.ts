/**
 * What is said to the other side when roles change, byte for byte as stock zrep says it, which under -D changes neither.
 * test/compliance/client-role-strings.ts has them as recorded. Pure.
 */

import type { Settings } from '../words/settings.ts';

type Wire = Pick<Settings, 'zrepPath'>;

/** Said to the copy, by the master that has stepped down. */
export function takeoverCommand({ zrepPath }: Wire, destination: string): string {
  return `${zrepPath} takeover -L ${destination}`;
}

/** Said to the master, by the copy. */
export function failoverCommand({ zrepPath }: Wire, source: string): string {
  return `${zrepPath} failover ${source}`;
}

/** The same, back to a snapshot, when somebody has been asked here. Our own: stock forgets the snapshot. */
export function failoverBackCommand({ zrepPath }: Wire, snapshot: string): string {
  return `${zrepPath} failover -f ${snapshot}`;
}
