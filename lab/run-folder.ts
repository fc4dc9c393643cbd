/** Folders that a run of tests makes in the checkout, in `.tests`. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './start-host.ts';

const ALL = join(PROJECT, '.tests');

/** A new, empty folder, which this process is to remove. What a process left that was killed before it could is removed now. */
export function makeRunFolder(): string {
  mkdirSync(ALL, { recursive: true });
  for (const name of readdirSync(ALL)) {
    const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || !isAlive(Number(pid))) rmSync(join(ALL, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(ALL, `run-${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
