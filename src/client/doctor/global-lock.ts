/** zrep's global lock on this host, which belongs to no pair. */

import { lookAtLockFile } from '../../replication/lock-file.ts';
import { byHand, type Finding, finding } from './finding.ts';

export function diagnoseGlobalLock(rundir: string): Finding[] {
  const path = `${rundir}/zrep.lock`;
  const found = lookAtLockFile(path);
  const what = 'Remove it when no zrep runs:';
  if (found.state === 'stale')
    return [
      finding('global-lock-stale', path, `its holder, pid ${found.pid}, is dead`, {
        ...byHand(what, [`rm ${path}`]),
        ...{ by: 'safe', acts: [{ kind: 'global-lock' }] },
      }),
    ];
  if (found.state !== 'unreadable') return [];
  return [
    finding('global-lock-unreadable', path, 'it does not say whose it is', byHand(what, [found.remedy])),
  ];
}
