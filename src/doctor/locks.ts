/** zrep's global lock, and the lock under which the gate breaks it: does their holder live? */

import { lookAtLockFile } from '../replication/lock-file.ts';
import { type Finding, finding } from './findings.ts';

/** Both files in `rundir`. */
export function lookAtGlobalLocks(rundir: string): Finding[] {
  const path = `${rundir}/zrep.lock`;
  return [...lookAtLock(path, 'global-lock-stale'), ...lookAtLock(`${path}.break`, 'break-lock-stale')];
}

function lookAtLock(path: string, code: 'global-lock-stale' | 'break-lock-stale'): Finding[] {
  const found = lookAtLockFile(path);
  const what = 'When no zrep runs:';
  if (found.state === 'stale')
    return [finding(code, path, `is held by pid ${found.pid}, which is dead`, what, `rm ${path}`)];
  if (found.state !== 'unreadable') return [];
  return [finding('global-lock-unreadable', path, 'does not say whose it is', what, found.remedy)];
}
