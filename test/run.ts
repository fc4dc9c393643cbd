/**
 * `npm test`: runs every test file, and prints what lab/tap-report.ts says of them. What has to do with ZFS runs on OpenZFS, in
 * guests, if they are built (`npm run test:openzfs` builds them), else on this machine's own ZFS or zfs-fuse.
 *
 *   npm test                               all
 *   npm test -- --without-guest-tests      all but that
 *   npm test -- test/command               those below a folder, or single files; on this machine
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Parser, type Result } from 'tap-parser';
import { runInGuests } from '../lab/guest/run-tests.ts';
import { guestTests, runsOnlyInGuests } from '../lab/guest/tests.ts';
import { installOnce } from '../lab/installation.ts';
import { PROJECT } from '../lab/start-host.ts';
import { type FileReport, printFile, printSummary, readTap } from '../lab/tap-report.ts';
import { FILES_AT_A_TIME, testFiles } from '../lab/test-files.ts';

const { values, positionals } = parseArgs({
  options: { 'without-guest-tests': { type: 'boolean', default: false } },
  allowPositionals: true,
});
const without = values['without-guest-tests'];
const inGuests = !without && positionals.length === 0 && guestsAreBuilt();
const files = (positionals.length > 0 ? positionals : ['test']).flatMap(testFiles);
const here = await runTap(without || inGuests ? files.filter((file) => !runsOnlyInGuests(file)) : files);
const there =
  inGuests && process.exitCode === undefined ? await runInGuests(guestTests(), FILES_AT_A_TIME) : [];
process.exitCode = printSummary([...here.reports, ...there]) || here.code || process.exitCode || 0;

/** Only root can run them. */
function guestsAreBuilt(): boolean {
  const ask = [join(PROJECT, 'lab/guest/build'), '--is-built', '2.4', '2.3'] as const;
  return process.getuid?.() === 0 && spawnSync(ask[0], ask.slice(1), { stdio: 'ignore' }).status === 0;
}

/** Runs them on this machine, some at a time. @returns what came of each, and tap's exit code. */
async function runTap(paths: readonly string[]): Promise<{ reports: FileReport[]; code: number }> {
  if (paths.length === 0) return { reports: [], code: 0 };
  const jobs = `--jobs=${FILES_AT_A_TIME}`;
  const argv = ['node_modules/.bin/tap', 'run', '--reporter=tap', jobs, ...paths];
  const env = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'zrep-gate-test-'));
  try {
    if (paths.some((path) => path.includes('system/'))) env['LAB_INSTALLED'] = await installOnce(folder);
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'], env });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        process.exitCode = 130;
        child.kill(signal);
      });
    const ended: Omit<FileReport, 'checks'>[] = [];
    let tap = '';
    const parser = new Parser();
    parser.on('assert', ({ ok, name, time }) => {
      const file = { name, ok, seconds: (time ?? 0) / 1000 };
      printFile({ ...file, checks: ok ? [] : checksOf(name, readTap(tap).checks) });
      ended.push(file);
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      tap += text;
      parser.write(text);
    });
    child.stdout.on('end', () => parser.end());
    const code = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
    const { checks } = readTap(tap);
    return { reports: ended.map((file) => ({ ...file, checks: checksOf(file.name, checks) })), code };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file is a test of the whole run, and so the first name of each of its checks. */
function checksOf(file: string, checks: readonly Result[]): Result[] {
  return checks.filter(({ name }) => name.startsWith(file));
}
