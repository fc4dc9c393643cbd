/** The lock of `grant` and `revoke`: what they look at last, they replace, and nobody else of them writes in between. */

import { rmSync } from 'node:fs';
import { readLockFile } from '../../replication/lock-file.ts';
import { breakStale, tryLink } from '../../replication/lock-link.ts';
import { CannotPair } from './cannot-pair.ts';

/** One for all files: each of the two commands changes several. */
const WRITE_LOCK = '/run/zrep-gate-pairing.lock';

/** Writing takes a moment. Milliseconds. */
const WAIT = 10_000;
/** Milliseconds between two looks. */
const PAUSE = 20;

let holds = false;

/**
 * Runs `work` while this process holds the lock at `path`; inside of another such `work` it does so at once.
 *
 * @throws CannotPair where another process holds the lock for longer than `limit` milliseconds.
 */
export function withWriteLock<Result>(work: () => Result, path = WRITE_LOCK, limit = WAIT): Result {
  if (holds) return work();
  const end = performance.now() + limit;
  while (!tryLink(path)) {
    if (breakStale(path)) continue;
    if (performance.now() > end) throw new CannotPair(sayHeld(path));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
  }
  holds = true;
  try {
    return work();
  } finally {
    holds = false;
    rmSync(path, { force: true });
  }
}

function sayHeld(path: string): string {
  const pid = readLockFile(path)?.pid;
  return pid === undefined
    ? `${path} is not a lock of zrep-gate; see: ls -l ${path}`
    : `process ${pid} holds ${path}: run this again when it has ended; see: ps -p ${pid} -o args`;
}
