/**
 * zrep's global lock: RUNDIR/zrep.lock, holding a PID, for the moment in which a file system's lock changes.
 *
 * The file appears whole, by link(2): a stock zrep that reads it empty quits with "invalid contents". Stock
 * never breaks a stale one and neither does this: two that broke it at once could both believe they hold it.
 */

import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Interruption } from '../process/interruption.ts';
import { isAlive } from '../process/liveness.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { Step } from './step.ts';

/** As stock: ten tries, a second apart. */
const TRIES = 10;
const PAUSE = 1000;

/** Runs `work` while holding the global lock in `rundir`; waits up to ten seconds for it. */
export async function withGlobalLock<Result>(
  { rundir, interruption }: Pick<Step, 'rundir' | 'interruption'>,
  work: () => Promise<Result>,
): Promise<Result | Refusal> {
  const path = `${rundir}/zrep.lock`;
  const refusal = await acquire(path, interruption);
  if (refusal) return refusal;
  try {
    return await work();
  } finally {
    // Only what is ours: an administrator may have removed it, and another zrep taken it.
    if (holderOf(path) === process.pid) unlinkSync(path);
  }
}

async function acquire(path: string, interruption: Interruption): Promise<Refusal | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    interruption.check();
    if (tryLink(path)) return undefined;
    if (attempt === TRIES) return refuse('global-lock-busy', path, describeHolder(path));
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

function holderOf(path: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(path, 'latin1'), 10);
  } catch {
    return undefined;
  }
}

function describeHolder(path: string): string {
  const pid = holderOf(path);
  if (pid === undefined || Number.isNaN(pid)) return 'its holder is not known';
  return isAlive(pid, undefined) ? `pid ${pid}` : `pid ${pid}, which is dead`;
}
