/** Which files are tests, and how many of them run at a time. */

import { readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** One for each core: a third file on two cores gained nothing, here or in guests. By itself tap would use one core of two. */
export const FILES_AT_A_TIME = availableParallelism();

/** The test files below a folder, sorted; or the file itself. */
export function testFiles(place: string): string[] {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => join(place, name))
    .filter((path) => path.endsWith('.ts') && !path.includes('/fixtures/') && path !== 'test/run.ts')
    .sort();
}
