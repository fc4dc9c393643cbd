/**
 * `npm test`: runs every test file, and prints what lab/tap-report.ts says of them. What has to do with ZFS runs on OpenZFS, in
 * guests, if they are built (`npm run test:openzfs` builds them), else on this machine's own ZFS or zfs-fuse.
 *
 *   npm test                       all
 *   npm test -- --without-zfs      all but what has to do with ZFS
 *   npm test -- test/command       those below a folder, or single files; on this machine
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Parser, type Result } from 'tap-parser';
import { runInGuests } from '../lab/guest/run-tests.ts';
import { guestTests, isOfZfs } from '../lab/guest/tests.ts';
import { installOnce } from '../lab/installation.ts';
import { PROJECT } from '../lab/start-host.ts';
import { checksIn, type FileReport, printFile, printSummary } from '../lab/tap-report.ts';
import { testFiles } from '../lab/test-files.ts';

const { values, positionals } = parseArgs({
  options: { 'without-zfs': { type: 'boolean', default: false } },
  allowPositionals: true,
});
const withoutZfs = values['without-zfs'];
const inGuests = !withoutZfs && positionals.length === 0 && guestsAreBuilt();
const files = (positionals.length > 0 ? positionals : ['test']).flatMap(testFiles);
const here = await runTap(withoutZfs || inGuests ? files.filter((file) => !isOfZfs(file)) : files);
const there = inGuests ? await runInGuests(guestTests(), availableParallelism()) : [];
process.exitCode = printSummary([...here.reports, ...there]) || here.code;

function guestsAreBuilt(): boolean {
  return (
    spawnSync(join(PROJECT, 'lab/guest/build'), ['--is-built', '2.4', '2.3'], { stdio: 'ignore' }).status ===
    0
  );
}

/** Runs them on this machine, as many at a time as it has cores. @returns what came of each, and tap's exit code. */
async function runTap(paths: readonly string[]): Promise<{ reports: FileReport[]; code: number }> {
  // Left alone, tap takes half of the cores.
  const jobs = `--jobs=${availableParallelism()}`;
  const argv = ['node_modules/.bin/tap', 'run', '--reporter=tap', jobs, ...paths];
  const env = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'zrep-gate-test-'));
  try {
    if (paths.some((path) => path.includes('system/'))) env['LAB_INSTALLED'] = await installOnce(folder);
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], env });
    const ended: Omit<FileReport, 'checks'>[] = [];
    let tap = '';
    const parser = new Parser();
    parser.on('assert', ({ ok, name, time }) => {
      const file = { name, ok, seconds: (time ?? 0) / 1000 };
      printFile({ ...file, checks: ok ? [] : checksOf(name, checksIn(tap)) });
      ended.push(file);
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      tap += text;
      parser.write(text);
    });
    child.stdout.on('end', () => parser.end());
    const code = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
    const checks = checksIn(tap);
    return { reports: ended.map((file) => ({ ...file, checks: checksOf(file.name, checks) })), code };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file is a test of the whole run, and so the first name of each of its checks. */
function checksOf(file: string, checks: readonly Result[]): Result[] {
  return checks.filter(({ name }) => name.startsWith(file));
}
