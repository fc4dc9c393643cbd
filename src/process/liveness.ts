/** Is the process that took a lock still there? Linux's /proc, and kill(pid, 0). */

import { readFileSync, statSync } from 'node:fs';

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
  if (hasEnded(found)) return false;
  const boot = since === undefined ? undefined : bootTime();
  if (since === undefined || boot === undefined) return true;
  return boot + found.ticks / TICKS_PER_SECOND <= since + SLACK;
}

/**
 * When process `pid` was started, in ticks since the machine was: with the pid a name that no other process of this
 * boot has, whatever becomes of the clock. Undefined where there is no such process, or only its zombie.
 */
export function startTicks(pid: number): number | undefined {
  const found = readProcess(pid);
  return found === undefined || hasEnded(found) ? undefined : found.ticks;
}

/** The words that process `pid` was started with; undefined where there is none, or /proc hides it. */
export function argvOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/\0$/, '').split('\0');
  } catch {
    return undefined;
  }
}

/** The user, by number, as whom process `pid` runs; undefined likewise. */
export function ownerOf(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return undefined;
  }
}

/**
 * The numbers of the processes that the main thread of `pid` has started and not buried, as the kernel lists them; '' where there is none, where
 * `pid` is stopped, or /proc hides it.
 */
export function childrenOf(pid: number): string {
  const found = readProcess(pid);
  if (found === undefined || found.state === 'T' || found.state === 't') return '';
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  } catch {
    return '';
  }
}

function hasEnded({ state }: { state: string }): boolean {
  return state === 'Z' || state === 'X';
}

/** The state letter and the start of a process, from proc(5); undefined when unreadable. */
function readProcess(pid: number): { state: string; ticks: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name, in parentheses, may itself hold blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '?', ticks: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** When the machine was started, in epoch seconds; undefined when unreadable. */
function bootTime(): number | undefined {
  try {
    const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1];
    return boot === undefined ? undefined : Number(boot);
  } catch {
    return undefined;
  }
}
