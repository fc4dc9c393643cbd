/** Is the process that took a lock still there? Linux's /proc, and kill(pid, 0). */

import { readFileSync } from 'node:fs';

/** USER_HZ, which the kernel fixes at 100 for /proc (proc(5), sysconf(3)). */
const TICKS_PER_SECOND = 100;

/** Start times are whole ticks and the lock's time whole seconds, taken by another program. Seconds. */
const SLACK = 2;

/**
 * True when process `pid` runs and can have taken a lock at `since` (epoch seconds; undefined when that is
 * not known). A zombie is dead; a process that was started after the lock was taken is another one that got
 * the number. Where permissions hide a process it counts as alive.
 */
export function isAlive(pid: number, since: number | undefined): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const found = readProcess(pid);
  if (found === undefined) return true;
  if (found.state === 'Z' || found.state === 'X') return false;
  return since === undefined || found.started <= since + SLACK;
}

/** The state letter and the start (epoch seconds) of a process, from proc(5); undefined when unreadable. */
function readProcess(pid: number): { state: string; started: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name, in parentheses, may itself hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1];
    if (boot === undefined) return undefined;
    return { state: fields[0] ?? '?', started: Number(boot) + Number(fields[19]) / TICKS_PER_SECOND };
  } catch {
    return undefined;
  }
}
