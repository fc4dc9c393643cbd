/**
 * So many processes of a kind at once, counted without a daemon: each has a file in a folder for as long as it is
 * one of them.
 *
 * A file's name is its process's number and start (PID-TICKS), so that the file of a process which died counts for
 * nothing, also when its number was given away, and can be removed by whoever sees it. Who wants to sit down makes the
 * file first and counts after that: of two that come at once at least one sees the other, so there are never too
 * many. When both see each other both stand up again, and try once more after a moment of their own.
 *
 * Who leaves last takes the folder along: its name can come from a client, who could fill the disk with folders.
 */

import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { startTicks } from './liveness.ts';

/** For two that came at once; who is refused by many that sit is refused as well after this. */
const TRIES = 4;
/** Milliseconds, at most. */
const MOMENT = 40;

/** Gives the seat back. */
export type Leave = () => void;

/**
 * A seat in `folder`, which is made where it is not there, for this process; undefined when `limit` others sit there.
 *
 * @throws Error when the folder cannot be used, or /proc cannot be read.
 */
export async function takeSeat(folder: string, limit: number): Promise<Leave | undefined> {
  const ticks = startTicks(process.pid);
  if (ticks === undefined) throw new Error('/proc says nothing of this process');
  const own = `${process.pid}-${ticks}`;
  const leave = () => standUp(folder, own);
  for (let attempt = 1; ; attempt += 1) {
    sitDown(folder, own);
    if (countOthers(folder, own) < limit) return leave;
    leave();
    if (attempt === TRIES) return undefined;
    await wait(Math.random() * MOMENT);
  }
}

function sitDown(folder: string, own: string): void {
  for (;;) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${folder}/${own}`, '', { mode: 0o600 });
      return;
    } catch (error) {
      // Somebody left last between the two calls, or in the middle of the first: Node makes the folder, and then looks at it.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

function standUp(folder: string, own: string): void {
  rmSync(`${folder}/${own}`, { force: true });
  try {
    rmdirSync(folder);
  } catch {
    // Others sit there, or have taken the folder along already.
  }
}

/** How many live processes sit in `folder` beside `own`. */
function countOthers(folder: string, own: string): number {
  let count = 0;
  for (const name of readdirSync(folder)) {
    const [, pid, ticks] = /^([1-9][0-9]*)-([0-9]+)$/.exec(name) ?? [];
    if (pid === undefined || name === own) continue;
    if (startTicks(Number(pid)) === Number(ticks)) count += 1;
    else rmSync(`${folder}/${name}`, { force: true });
  }
  return count;
}
