/**
 * `npm test`: runs every test file under tap, and closes with one line, `N passed, N failed, N skipped`.
 *
 *   npm test                       all
 *   npm test -- test/command       those below a folder, or single files
 *
 * Counted are the checks that tap counts, of which a skipped test is one. Under CI a skip is a failure: what CI
 * has not seen, it must not call good.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from 'tap-parser';

const places = process.argv.slice(2);
const files = (places.length > 0 ? places : ['test']).flatMap(testFiles);
const folder = mkdtempSync('/tmp/zrep-gate-test-');
try {
  const record = join(folder, 'all.tap');
  const code = await runTap(files, record);
  process.exitCode = close(readFileSync(record, 'utf8'), code);
} finally {
  rmSync(folder, { recursive: true });
}

function testFiles(place: string): string[] {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => join(place, name))
    .filter((path) => path.endsWith('.ts') && !path.includes('/fixtures/') && path !== 'test/run.ts')
    .sort();
}

async function runTap(paths: readonly string[], record: string): Promise<number> {
  const argv = ['node_modules/.bin/tap', 'run', '--reporter=terse', `--output-file=${record}`, ...paths];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

/** Prints what was skipped and why, and the closing line; the answer is the exit code. */
function close(tap: string, code: number): number {
  const checks = Parser.parse(tap, { flat: true }).flatMap((event) => (event[0] === 'assert' ? [event[1]] : []));
  const skipped = checks.filter(({ skip }) => skip);
  const failed = checks.filter(({ ok, skip, todo }) => !ok && !skip && !todo);
  for (const { name, skip } of skipped) console.log(`skipped: ${name}: ${skip}`);
  const passed = checks.length - skipped.length - failed.length;
  console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
  if (code !== 0 || failed.length > 0 || checks.length === 0) return 1;
  return process.env['CI'] && skipped.length > 0 ? 1 : 0;
}
