/**
 * A lock file with a PID in it, taken and broken.
 *
 * The file appears whole, by link(2): a stock zrep that reads it empty quits with "invalid contents". The lock of a process that died is broken
 * under a second lock of the same kind: while the file is there nobody else can take the lock, and of those who would break it one does.
 */

import { linkSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { isStale, readLockFile } from './lock-file.ts';

/** Makes the lock at `path`, held by this process; false where it is there already. */
export function tryLink(path: string): boolean {
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, `${process.pid}\n`, { flag: 'wx', mode: 0o644 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    unlinkSync(draft);
  }
}

/** Removes the lock of a process that is gone; false when there is none, or somebody else is at it. */
export function breakStale(path: string): boolean {
  const guard = `${path}.break`;
  if (!isHeldByDead(path) || !tryLink(guard)) return false;
  try {
    // Whoever had the guard before may have broken it, and a third process taken it.
    if (!isHeldByDead(path)) return false;
    // An administrator may do the same at this moment.
    rmSync(path, { force: true });
    return true;
  } finally {
    unlinkSync(guard);
  }
}

function isHeldByDead(path: string): boolean {
  const found = readLockFile(path);
  return found !== undefined && isStale(found);
}
