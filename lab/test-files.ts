/** Which files are tests, and how many of them run at a time. */

import { readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** One for each core: more gained nothing. */
export const GUESTS_AT_A_TIME = availableParallelism();

/** One more than cores, since tests on this machine wait more than those in guests: it took a seventh less time. */
export const FILES_AT_A_TIME = availableParallelism() + 1;

/** Tests with other people's programs, which are no part of this tree: for whoever has them. */
const ORIGINALS = 'test/originals/';

/** The test files below a folder, sorted; or the file itself. Those of originals only where they are asked for. */
export function testFiles(place: string): string[] {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => join(place, name))
    .filter((path) => path.endsWith('.ts') && !path.includes('/fixtures/') && path !== 'test/run.ts')
    .filter((path) => place.startsWith('test/originals') || !path.startsWith(ORIGINALS))
    .sort();
}
