/**
 * zrep's global lock: RUNDIR/zrep.lock, holding a PID, for the moment in which a file system's lock changes.
 *
 * Stock never breaks the lock of a zrep that died, so that somebody has to. The gate does.
 */

import { lstatSync, unlinkSync } from 'node:fs';
import { childrenOf } from '../process/liveness.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { isStale, readLockFile } from './lock-file.ts';
import { breakStale, tryLink } from './lock-link.ts';
import type { Step } from './step.ts';
import { isStocksTurn, leaveStocksTurn } from './stocks-turn.ts';

/** Milliseconds between two looks at the lock: on a fast pool it is held for a moment. */
const PAUSE = 20;

/**
 * How many looks a holder has that does not move: ten seconds, as with stock, and two minutes where a program of its own runs. On a loaded
 * pool one `zfs set` takes up to 50 seconds.
 */
const IDLE_LOOKS = 500;
const BUSY_LOOKS = 6000;

/** How many looks one and the same lock has in all: ten minutes. Its number may by now be that of a program that starts others for ever. */
const MOST_LOOKS = 30_000;

/** Who waited for longer leaves a turn to a stock zrep, which may be waiting, too; on a fast pool nobody does. Milliseconds. */
const BEFORE_STOCK = 800;

/** The waiters in this process, by the lock's path: they wait for each other without the file, and share what they saw of it. */
interface Row {
  last: Promise<unknown>;
  readonly watch: Watch;
  /** When stock's turn was last seen, by performance.now(). */
  turn: number;
}

const rows = new Map<string, Row>();

/** Runs `work` while holding the global lock in `rundir`; waits for other processes as long as the holders live and move. */
export async function withGlobalLock<Result>(
  { rundir, interruption, hostName }: Pick<Step, 'rundir' | 'interruption' | 'hostName'>,
  work: () => Promise<Result>,
): Promise<Result | Refusal> {
  const path = `${rundir}/zrep.lock`;
  const row = rows.get(path) ?? { last: Promise.resolve(), watch: createWatch(path), turn: 0 };
  const asked = performance.now();
  const own = row.last.then(() => holding({ path, hostName, interruption, row, asked }, work));
  const over = own.then(
    () => undefined,
    () => undefined,
  );
  row.last = over;
  rows.set(path, row);
  try {
    return await own;
  } finally {
    if (row.last === over) rows.delete(path);
  }
}

interface Waiter extends Pick<Step, 'interruption' | 'hostName'> {
  readonly path: string;
  readonly row: Row;
  /** By performance.now(). */
  readonly asked: number;
}

async function holding<Result>(waiter: Waiter, work: () => Promise<Result>): Promise<Result | Refusal> {
  const { path, row, asked } = waiter;
  const refusal = await acquire(waiter);
  if (refusal) return refusal;
  const waited = performance.now() - Math.max(asked, row.turn);
  try {
    return await work();
  } finally {
    // Only what is ours: an administrator may have removed it, and another zrep taken it.
    if (holderOf(path) === process.pid) {
      if (waited > BEFORE_STOCK) leaveStocksTurn(path);
      unlinkSync(path);
    }
  }
}

async function acquire({ path, row, hostName, interruption }: Waiter): Promise<Refusal | undefined> {
  for (;;) {
    interruption.check();
    if (isStocksTurn(path)) row.turn = performance.now();
    else if ((isFree(path) || breakStale(path)) && tryLink(path)) return undefined;
    else if (!row.watch.moves()) {
      const { holder, remove } = describeHolder(path);
      return refuse('global-lock-busy', hostName, path, holder, remove);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

interface Watch {
  /** Looks once more: false where the holder has had its looks without moving. */
  moves(): boolean;
}

/** The lock moves when it has another holder, and when its holder starts another program: a stock zrep sets a lock by two. */
function createWatch(path: string): Watch {
  let seen: { readonly lock: string; readonly programs: string } | undefined;
  let [looks, looksInAll] = [0, 0];
  return {
    moves() {
      const found = readLockFile(path);
      const programs = found?.pid === undefined ? '' : childrenOf(found.pid);
      const lock = `${found?.pid} ${found?.made}`;
      looksInAll = lock === seen?.lock ? looksInAll + 1 : 0;
      looks = looksInAll > 0 && programs === seen?.programs ? looks + 1 : 0;
      seen = { lock, programs };
      return looksInAll < MOST_LOOKS && looks < (programs === '' ? IDLE_LOOKS : BUSY_LOOKS);
    },
  };
}

/** To write a draft for each look would be fifty files a second. */
function isFree(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

function holderOf(path: string): number | undefined {
  return readLockFile(path)?.pid;
}

/** Who holds it, and what to do if nobody does. */
function describeHolder(path: string): { holder: string; remove: string } {
  const found = readLockFile(path);
  const remove = `${found?.isFolder ? 'rmdir' : 'rm'} ${path}`;
  if (found?.pid === undefined) return { holder: 'its holder is not known', remove };
  return { holder: isStale(found) ? `pid ${found.pid}, which is dead` : `pid ${found.pid}`, remove };
}
