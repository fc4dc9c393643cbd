/** zrep's global lock, and the lock under which the gate breaks it: does their holder live? */

import { statSync } from 'node:fs';
import { isAlive } from '../process/liveness.ts';
import { readIfThere } from './ask.ts';
import { type Finding, finding } from './findings.ts';

/** A stock zrep makes the file first and writes into it then. Seconds, as long as it waits for one. */
const MOMENT = 10;

/** Both files in `rundir`. */
export function lookAtGlobalLocks(rundir: string): Finding[] {
  const path = `${rundir}/zrep.lock`;
  return [...lookAtLock(path, 'global-lock-stale'), ...lookAtLock(`${path}.break`, 'break-lock-stale')];
}

function lookAtLock(path: string, code: 'global-lock-stale' | 'break-lock-stale'): Finding[] {
  const text = readIfThere(path);
  const made = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (text === undefined || made === undefined) return [];
  const remove = ['When no zrep runs:', `rm ${path}`] as const;
  const pid = Number.parseInt(text, 10);
  if (Number.isNaN(pid)) {
    if (Date.now() - made < MOMENT * 1000) return [];
    return [finding('global-lock-unreadable', path, 'does not say whose it is', ...remove)];
  }
  // It lives for a moment only: one that is gone by now was let go of as it should be.
  if (isAlive(pid, made / 1000) || readIfThere(path) !== text) return [];
  return [finding(code, path, `is held by pid ${pid}, which is dead`, ...remove)];
}
