/**
 * zrep's global lock: RUNDIR/zrep.lock, holding a PID, for the moment in which a file system's lock changes.
 *
 * The file appears whole, by link(2): a stock zrep that reads it empty quits with "invalid contents". Stock
 * never breaks the lock of a zrep that died, so that somebody has to. The gate does, under a second lock of the same
 * kind: while the file is there nobody else can take the lock, and of those who would break it one does.
 */

import { linkSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Interruption } from '../process/interruption.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { isStale, readLockFile } from './lock-file.ts';
import type { Step } from './step.ts';

/** Ten seconds in all, as stock; but not a second apart: it is held for two or three calls of zfs. Milliseconds. */
const TRIES = 500;
const PAUSE = 20;

/** The last in the row of those in this process, by the lock's path: they need not look at the file to wait for each other. */
const rows = new Map<string, Promise<unknown>>();

/** Runs `work` while holding the global lock in `rundir`; waits up to ten seconds for another process that has it. */
export async function withGlobalLock<Result>(
  { rundir, interruption, hostName }: Pick<Step, 'rundir' | 'interruption' | 'hostName'>,
  work: () => Promise<Result>,
): Promise<Result | Refusal> {
  const path = `${rundir}/zrep.lock`;
  const before = rows.get(path) ?? Promise.resolve();
  const own = before.then(() => holding(path, hostName, interruption, work));
  const over = own.then(
    () => undefined,
    () => undefined,
  );
  rows.set(path, over);
  try {
    return await own;
  } finally {
    if (rows.get(path) === over) rows.delete(path);
  }
}

async function holding<Result>(
  path: string,
  hostName: string,
  interruption: Interruption,
  work: () => Promise<Result>,
): Promise<Result | Refusal> {
  const refusal = await acquire(path, hostName, interruption);
  if (refusal) return refusal;
  try {
    return await work();
  } finally {
    // Only what is ours: an administrator may have removed it, and another zrep taken it.
    if (holderOf(path) === process.pid) unlinkSync(path);
  }
}

async function acquire(
  path: string,
  hostName: string,
  interruption: Interruption,
): Promise<Refusal | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    interruption.check();
    if (tryLink(path) || (breakStale(path) && tryLink(path))) return undefined;
    if (attempt === TRIES) {
      const { holder, remove } = describeHolder(path);
      return refuse('global-lock-busy', hostName, path, holder, remove);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function tryLink(path: string): boolean {
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
function breakStale(path: string): boolean {
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

function holderOf(path: string): number | undefined {
  return readLockFile(path)?.pid;
}

function isHeldByDead(path: string): boolean {
  const found = readLockFile(path);
  return found !== undefined && isStale(found);
}

/** Who holds it, and what to do if nobody does. */
function describeHolder(path: string): { holder: string; remove: string } {
  const found = readLockFile(path);
  const remove = `${found?.isFolder ? 'rmdir' : 'rm'} ${path}`;
  if (found?.pid === undefined) return { holder: 'its holder is not known', remove };
  return { holder: isStale(found) ? `pid ${found.pid}, which is dead` : `pid ${found.pid}`, remove };
}
