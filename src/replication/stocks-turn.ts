/**
 * A turn for stock zrep at the global lock. Stock looks at the lock once a second, ten times, and nobody sees that it waits; ours look fifty times a
 * second. Where ours wait for each other, the one that releases the lock dates a file beside it, now and then, and until that date is
 * a little older than stock's pause, none of ours takes the lock. It is a help for stock and no more: whatever fails about it is no failure.
 */

import { lstatSync, rmSync, type Stats, utimesSync, writeFileSync } from 'node:fs';

/** Stock's pause is a second, and starting its programs takes some more. Milliseconds. */
const TURN = 1300;

/** From the beginning of one turn to that of the next, at the least. Milliseconds. */
const BETWEEN = 5000;

function turnFile(lock: string): string {
  return `${lock.replace(/\.lock$/, '')}.turn`;
}

/** Begins a turn, if the last one is long ago: called by the holder of `lock`, before it releases it. Never throws. */
export function leaveStocksTurn(lock: string): void {
  const path = turnFile(lock);
  try {
    const found = lookAt(path);
    const now = new Date();
    if (found !== undefined && isOurs(found)) {
      if (!isYounger(found, BETWEEN)) utimesSync(path, now, now);
      return;
    }
    rmSync(path, { force: true });
    writeFileSync(path, '', { flag: 'wx', mode: 0o644 });
  } catch {
    // Not in a folder where it is somebody else's, nor on a full disk.
  }
}

/** Whether a turn has not ended yet. What is somebody else's, or no file, is no turn; nor is one of the future, after a clock was set back. */
export function isStocksTurn(lock: string): boolean {
  const found = lookAt(turnFile(lock));
  return found !== undefined && isOurs(found) && isYounger(found, TURN);
}

function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** In a folder for everybody anybody could make one. */
function isOurs(found: Stats): boolean {
  return found.isFile() && (found.uid === 0 || found.uid === process.geteuid?.());
}

/** The file system's clock is a tick behind. */
function isYounger(found: Stats, most: number): boolean {
  const age = Date.now() - found.mtimeMs;
  return age > -TURN && age < most;
}
