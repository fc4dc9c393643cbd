/** Which files are tests. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The test files below a folder, sorted; or the file itself. */
export function testFiles(place: string): string[] {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => join(place, name))
    .filter((path) => path.endsWith('.ts') && !path.includes('/fixtures/') && path !== 'test/run.ts')
    .sort();
}
