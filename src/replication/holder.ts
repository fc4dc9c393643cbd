/** Who holds a lock on a file system, by its TAG:lock-pid and TAG:lock-time. */

import { commandLineOf, isAlive } from '../process/liveness.ts';
import { latestLockTime, parseLockTime } from './lock-time.ts';

/**
 * True where process `pid` runs and can have taken a lock at `time`, a lock-time. That is local time, and its zone is not
 * known: a zrep counts as the holder if it was running at that time in any zone. Any other process, which got the number
 * of a zrep that is dead, counts only if it was running at that time in this process's zone.
 */
export function isHolder(pid: number, time: string | undefined): boolean {
  if (isAlive(pid, parseLockTime(time))) return true;
  return isZrep(pid) && isAlive(pid, latestLockTime(time, Date.now() / 1000));
}

/** Stock's script, this program, and the gate have the word in their command lines. */
function isZrep(pid: number): boolean {
  return commandLineOf(pid)?.includes('zrep') ?? true;
}
