/** zrep's global lock on this host, which belongs to no pair. */

import { lookAtGlobalLock } from '../../replication/global-lock.ts';
import { byHand, type Finding, finding } from './finding.ts';

export function diagnoseGlobalLock(rundir: string): Finding[] {
  const { state, path } = lookAtGlobalLock(rundir);
  if (state === 'stale')
    return [
      finding('global-lock-stale', path, 'its holder is dead', {
        ...byHand('Take it away, when no zrep runs:', [`rm ${path}`]),
        ...{ by: 'safe', acts: [{ kind: 'global-lock' }] },
      }),
    ];
  if (state !== 'unreadable') return [];
  const mend = byHand('Take it away, when no zrep runs:', [`rm ${path}`]);
  return [finding('global-lock-unreadable', path, 'it does not say whose it is', mend)];
}
