/** Processes that are made to stand still for a moment, so that they write nothing meanwhile. */

import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds between two looks, and how many there are at most: a process that sleeps in the kernel for good stays as it is. */
const [LOOK, LOOKS] = [1, 5000];

/** The last one's end: what one has brought to a stand, another must not set going. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Does `work` while the processes `pids`, children of ours, stand still; one `work` at a time.
 *
 * @throws Error when one does not come to a stand.
 */
export async function whileStill<Result>(
  pids: readonly number[],
  work: () => Promise<Result>,
): Promise<Result> {
  const own = before.then(() => standing(pids, work));
  before = own.catch(() => {});
  return own;
}

async function standing<Result>(pids: readonly number[], work: () => Promise<Result>): Promise<Result> {
  try {
    for (const pid of pids) tell(pid, 'SIGSTOP');
    for (const pid of pids) await stand(pid);
    return await work();
  } finally {
    for (const pid of pids) tell(pid, 'SIGCONT');
  }
}

async function stand(pid: number): Promise<void> {
  for (let look = 0; moves(pid); look += 1) {
    if (look === LOOKS) throw new Error(`process ${pid} does not stop`);
    await wait(LOOK);
  }
}

/** False as well for a process that has ended: a child that nobody has waited for yet keeps its number. */
function moves(pid: number): boolean {
  try {
    const [, state] = /^\d+ \(.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return !['T', 't', 'Z', 'X'].includes(state ?? 'X');
  } catch {
    return false;
  }
}

function tell(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
