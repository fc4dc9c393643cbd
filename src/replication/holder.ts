/** Who holds a lock on a file system, by its TAG:lock-pid and TAG:lock-time. */

import { argvOf, isAlive, ownerOf } from '../process/liveness.ts';
import { latestLockTime, parseLockTime } from './lock-time.ts';

/**
 * True where process `pid` runs and can have taken a lock at `time`, a lock-time. That is local time, and its zone is not
 * known: a zrep counts as the holder if it was running at that time in any zone. Any other process, which got the number
 * of a zrep that is dead, counts only if it was running at that time in this process's zone.
 */
export function isHolder(pid: number, time: string | undefined): boolean {
  if (isAlive(pid, parseLockTime(time))) return true;
  // Of this process the zone is known.
  if (pid === process.pid) return false;
  return isZrep(pid) && isAlive(pid, latestLockTime(time, Date.now() / 1000));
}

/** Whether it is a zrep of root's or of this user's. Where /proc hides it, it may be one. */
function isZrep(pid: number): boolean {
  const argv = argvOf(pid);
  const owner = ownerOf(pid);
  if (argv === undefined || owner === undefined) return true;
  return (owner === 0 || owner === process.geteuid?.()) && namesZrep(argv);
}

const ZREP = /(?:^|\/)zrep(?:-gate|-expire)?(?:\.[cm]?[jt]s)?$/;

/** What runs scripts: stock zrep's shells, and node. Not ssh. */
const INTERPRETER = /(?:^|\/)(?:node(?:js)?|perl|busybox|(?!ssh$)\w*sh\d*)$/;

/** Whether a process with these words is stock's script, this program, or the gate. Pure. */
export function namesZrep([program = '', ...words]: readonly string[]): boolean {
  if (ZREP.test(program)) return true;
  return INTERPRETER.test(program) && ZREP.test(words.find((word) => !word.startsWith('-')) ?? '');
}
