/**
 * The file that is zrep's global lock, as any zrep may have made it: with a PID in it, or, up to zrep 1.7.4, a symbolic link to
 * /proc/PID, which reads as a directory while that process runs, and as nothing when it is dead.
 */

import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { isAlive } from '../process/liveness.ts';

export interface LockFile {
  /** Undefined where nobody can tell: it has no number, or is a folder. */
  readonly pid: number | undefined;
  /** When it was made, in epoch milliseconds. */
  readonly made: number;
  readonly isFolder: boolean;
}

/** A stock zrep makes the file first and writes into it then. Milliseconds, as long as it waits for one. */
const BEING_MADE = 10_000;

/** The lock at `path`; undefined where there is none. */
export function readLockFile(path: string): LockFile | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const pid = Number.parseInt(readPid(path, found.isSymbolicLink()), 10);
  return { pid: Number.isNaN(pid) ? undefined : pid, made: found.mtimeMs, isFolder: found.isDirectory() };
}

/** '' where that cannot be read. */
function readPid(path: string, isLink: boolean): string {
  try {
    const process = isLink ? /^\/proc\/(\d+)$/.exec(readlinkSync(path))?.[1] : undefined;
    return process ?? readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** True where its holder has died, or its number now belongs to a process that is younger than the lock. */
export function isStale({ pid, made }: LockFile): boolean {
  return pid !== undefined && !isAlive(pid, made / 1000);
}

export type LockState =
  | { readonly state: 'free' | 'held' }
  | { readonly state: 'stale'; readonly pid: number }
  | { readonly state: 'unreadable'; readonly remedy: string };

/** How the lock at `path` stands, to somebody who only looks; with the command that removes one that nobody can tell of. */
export function lookAtLockFile(path: string): LockState {
  const found = readLockFile(path);
  if (found === undefined) return { state: 'free' };
  if (found.pid === undefined)
    return Date.now() - found.made < BEING_MADE && !found.isFolder
      ? { state: 'held' }
      : { state: 'unreadable', remedy: `${found.isFolder ? 'rmdir' : 'rm'} ${path}` };
  // It lives for a moment only: one that is gone by now was let go of as it should be.
  return isStale(found) && readLockFile(path)?.pid === found.pid
    ? { state: 'stale', pid: found.pid }
    : { state: 'held' };
}
