/**
 * A folder in /tmp for as long as this process runs. Its name has the process's number and start (zrep-PID-TICKS-RANDOM), so
 * what a process left that was killed (SIGKILL) is found, ended and removed by the next one.
 */

import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { startTicks } from './liveness.ts';

const ALL = '/tmp';
let swept = false;

/** A new folder, for this user alone (mode 700), which whoever asks removes. The first one of a process sweeps first. */
export function makeRunFolder(): string {
  if (!swept) removeDeadFolders();
  swept = true;
  return mkdtempSync(`/tmp/zrep-${process.pid}-${startTicks(process.pid) ?? 0}-`);
}

/** Removes this user's folders of processes that are gone, and ends the ssh processes whose sockets are in them. */
export function removeDeadFolders(): void {
  for (const name of readdirSync(ALL)) {
    const [, pid, ticks] = /^zrep-([1-9][0-9]*)-([1-9][0-9]*)-[A-Za-z0-9]+$/.exec(name) ?? [];
    if (pid === undefined || startTicks(Number(pid)) === Number(ticks)) continue;
    const folder = `${ALL}/${name}`;
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (!found?.isDirectory() || found.uid !== process.geteuid?.()) continue;
    for (const user of usersOf(folder)) end(user);
    // Another run may do the same at this moment.
    rmSync(folder, { recursive: true, force: true });
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
