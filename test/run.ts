/**
 * `npm test`: runs every test file, and prints what lab/tap-report.ts says of them. What has to do with ZFS runs on OpenZFS, in
 * guests, if they are built (`npm run test:openzfs` builds them), else on this machine's own ZFS or zfs-fuse.
 *
 *   npm test                               all
 *   npm test -- --without-guest-tests      all but that
 *   npm test -- test/command               those below a folder, or single files; on this machine
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { bundleTests } from '../lab/bundle-tests.ts';
import { runInGuests } from '../lab/guest/run-tests.ts';
import { guestTests, runsOnlyInGuests } from '../lab/guest/tests.ts';
import { installOnce } from '../lab/installation.ts';
import { interruptible, runFiles } from '../lab/run-files.ts';
import { PROJECT } from '../lab/start-host.ts';
import { type FileReport, printSummary } from '../lab/tap-report.ts';
import { FILES_AT_A_TIME, GUESTS_AT_A_TIME, testFiles } from '../lab/test-files.ts';

/** No test file takes a tenth of this. Seconds. */
const PATIENCE = 1200;

const { values, positionals } = parseArgs({
  options: { 'without-guest-tests': { type: 'boolean', default: false } },
  allowPositionals: true,
});
const without = values['without-guest-tests'];
const inGuests = !without && positionals.length === 0 && guestsAreBuilt();
const files = (positionals.length > 0 ? positionals : ['test']).flatMap(testFiles);
const filesHere = without || inGuests ? files.filter((file) => !runsOnlyInGuests(file)) : files;
const reports = await interruptible(async (interrupted) => {
  const here = await runHere(filesHere, interrupted);
  const goOn = inGuests && !interrupted.aborted;
  return [...here, ...(goOn ? await runInGuests(guestTests(), GUESTS_AT_A_TIME, interrupted) : [])];
});
process.exitCode = printSummary(reports) || process.exitCode || 0;

/** Only root can run them. */
function guestsAreBuilt(): boolean {
  const ask = [join(PROJECT, 'lab/guest/build'), '--is-built', '2.4', '2.3'] as const;
  return process.getuid?.() === 0 && spawnSync(ask[0], ask.slice(1), { stdio: 'ignore' }).status === 0;
}

/** Runs them on this machine, some at a time. */
async function runHere(paths: readonly string[], interrupted: AbortSignal): Promise<FileReport[]> {
  const bundles = await bundleTests(paths);
  const folder = mkdtempSync(join(tmpdir(), 'zrep-gate-test-'));
  // Each start of node would read the certificates, for 40 ms; no test needs any.
  const env: NodeJS.ProcessEnv = { TAP_TIMEOUT: String(PATIENCE), NODE_EXTRA_CA_CERTS: undefined };
  try {
    if (paths.some((path) => path.includes('system/'))) env['LAB_INSTALLED'] = await installOnce(folder);
    const tests = paths.map((path) => ({
      name: path,
      run: (cancelSignal: AbortSignal) =>
        execa(process.execPath, bundles.of(path), {
          stdin: 'ignore',
          reject: false,
          env,
          cancelSignal,
        }),
    }));
    return await runFiles(tests, FILES_AT_A_TIME, interrupted);
  } finally {
    rmSync(folder, { recursive: true });
    bundles.remove();
  }
}
