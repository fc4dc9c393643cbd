/**
 * A turn for stock zrep at the global lock. Stock looks at the lock once a second, ten times, and nobody sees that it waits; ours look fifty times a
 * second. Where ours have been waiting for each other for seconds, the one that releases the lock leaves a file beside it, and until that file is
 * a little older than stock's pause, none of ours takes the lock.
 */

import { lstatSync, rmSync, writeFileSync } from 'node:fs';

/** Stock's pause is a second, and starting its programs takes some more. Milliseconds. */
const TURN = 1300;

function turnFile(lock: string): string {
  return `${lock}.turn`;
}

/** Begins a turn: called by the holder of `lock`, before it releases it. */
export function leaveStocksTurn(lock: string): void {
  const path = turnFile(lock);
  rmSync(path, { force: true });
  writeFileSync(path, '', { mode: 0o644 });
}

/** Whether a turn has not ended yet. One that has ended is removed; also one of the future, after a clock was set back. */
export function isStocksTurn(lock: string): boolean {
  const path = turnFile(lock);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  const age = Date.now() - found.mtimeMs;
  // Of the file system's clock, which is a tick behind.
  if (age > -TURN && age < TURN) return true;
  rmSync(path, { force: true });
  return false;
}
