/**
 * A folder in /tmp for as long as this process runs. Its name has the process's number and start, and the pid namespace
 * in which these count (zrep-NAMESPACE-PID-TICKS-RANDOM). So what a process left that was killed (SIGKILL) is found, ended and removed by
 * the next one, also where containers share /tmp.
 */

import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { startTicks } from './liveness.ts';

const ALL = '/tmp';
let swept = false;

/** A new folder, for this user alone (mode 700), which whoever asks removes. The first one of a process sweeps first. */
export function makeRunFolder(): string {
  const first = !swept;
  swept = true;
  if (first) removeDeadFolders();
  return mkdtempSync(`/tmp/zrep-${namespaceNumber()}-${process.pid}-${startTicks(process.pid) ?? 0}-`);
}

/** Removes this user's folders of processes that are gone, and ends the ssh processes whose sockets are in them. Never throws. */
export function removeDeadFolders(): void {
  try {
    for (const name of readdirSync(ALL)) removeIfDead(name);
  } catch {
    // Who cannot read /tmp can still have a folder there.
  }
}

function removeIfDead(name: string): void {
  const [, namespace, pid, ticks] =
    /^zrep-([1-9][0-9]*)-([1-9][0-9]*)-([1-9][0-9]*)-[A-Za-z0-9]+$/.exec(name) ?? [];
  if (pid === undefined || namespace !== namespaceNumber() || startTicks(Number(pid)) === Number(ticks))
    return;
  const folder = `${ALL}/${name}`;
  try {
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (!found?.isDirectory() || found.uid !== process.geteuid?.()) return;
    for (const user of usersOf(folder)) end(user);
    // Another run may do the same at this moment.
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // It stays. The work does not wait for that.
  }
}

/** Of the pid namespace of this process; 0 where /proc does not say. */
function namespaceNumber(): string {
  try {
    return /[1-9][0-9]*/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** This user's processes that were started with a control socket in `folder`. */
function usersOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .filter((pid) => {
      try {
        const own = statSync(`/proc/${pid}`).uid === process.geteuid?.();
        return own && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`\0ControlPath=${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** A process that was stopped does not get the signal before it goes on. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended.
  }
}
