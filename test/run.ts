/**
 * `npm test`: runs every test file under tap, a line a file with what failed in it, then what was skipped, and closes
 * with one line, `N passed, N failed, N skipped`.
 *
 *   npm test                       all
 *   npm test -- test/command       those below a folder, or single files
 *
 * Counted are the checks that tap counts, of which a skipped test is one. Under CI a skip is a failure: what CI
 * has not seen, it must not call good.
 */

import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Parser, type Result } from 'tap-parser';

const places = process.argv.slice(2);
const { tap, code } = await runTap((places.length > 0 ? places : ['test']).flatMap(testFiles));
process.exitCode = close(tap, code);

function testFiles(place: string): string[] {
  if (statSync(place).isFile()) return [place];
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((name) => join(place, name))
    .filter((path) => path.endsWith('.ts') && !path.includes('/fixtures/') && path !== 'test/run.ts')
    .sort();
}

/** tap's whole output, and its exit code; each file is told of as it ends. */
async function runTap(paths: readonly string[]): Promise<{ tap: string; code: number }> {
  const argv = ['node_modules/.bin/tap', 'run', '--reporter=tap', ...paths];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  let tap = '';
  const files = new Parser();
  files.on('assert', ({ ok, name, time }) => {
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${Math.round((time ?? 0) / 100) / 10} s)`);
    // At once: a run that is cut off is to have told what it knew.
    const own = ok ? [] : failuresIn(checksIn(tap)).filter((check) => check.name.startsWith(name));
    for (const check of own) console.log(describeFailure(check));
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    tap += text;
    files.write(text);
  });
  child.stdout.on('end', () => files.end());
  return new Promise((resolve) => child.on('close', (code) => resolve({ tap, code: code ?? 1 })));
}

function checksIn(tap: string): Result[] {
  return Parser.parse(tap, { flat: true }).flatMap((event) => (event[0] === 'assert' ? [event[1]] : []));
}

function failuresIn(checks: readonly Result[]): Result[] {
  return checks.filter(({ ok, skip, todo }) => !ok && !skip && !todo);
}

/** Prints what was skipped and why, and the closing line; the answer is the exit code. */
function close(tap: string, code: number): number {
  const checks = checksIn(tap);
  const skipped = checks.filter(({ skip }) => skip);
  const failed = failuresIn(checks);
  for (const { name, skip } of skipped) console.log(`skipped: ${name}: ${skip}`);
  const passed = checks.length - skipped.length - failed.length;
  console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
  if (code !== 0 || failed.length > 0 || checks.length === 0) return 1;
  return process.env['CI'] && skipped.length > 0 ? 1 : 0;
}

/** The file and the names of the tests, then what tap has on it: the difference, the place. */
function describeFailure({ name, diag }: Result): string {
  const { diff, said, at, message, stack } = diag ?? {};
  const facts = Object.entries({ diff, message, said, at: at && `${at.fileName}:${at.lineNumber}`, stack });
  const lines = facts.flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    return [`${key}: ${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}`];
  });
  return [`\nFAILED: ${name}`, ...lines].join('\n').replaceAll('\n', '\n  ');
}
