/**
 * `npm run test:openzfs`: system tests on OpenZFS, in guests; prints what lab/tap-report.ts says of them.
 *
 *   npm run test:openzfs                                      what has to do with ZFS: see lab/guest/tests.ts
 *   npm run test:openzfs -- --zfs 2.3                         of that, what runs on OpenZFS 2.3; --zfs 2.4 likewise
 *   npm run test:openzfs -- [--zfs 2.3] test/system/pull.ts   files or folders; on 2.4, if not said otherwise
 *   npm run test:openzfs -- --jobs 1 …                        so many guests at a time; if left out, one for each core
 */

import { parseArgs } from 'node:util';
import { interruptible } from '../run-files.ts';
import { printSummary } from '../tap-report.ts';
import { GUESTS_AT_A_TIME, testFiles } from '../test-files.ts';
import { type GuestTest, runInGuests } from './run-tests.ts';
import { guestTests } from './tests.ts';

let understood = false;
try {
  const { tests, parallel } = readArguments(process.argv.slice(2));
  understood = true;
  const reports = await interruptible((interrupted) => runInGuests(tests, parallel, interrupted));
  process.exitCode = printSummary(reports) || process.exitCode || 0;
} catch (error) {
  console.error(`test:openzfs: ${(error as Error).message}`);
  process.exitCode = understood ? 1 : 64;
}

/** @throws Error for what cannot be understood, and for a file that is not there. */
function readArguments(args: string[]): { tests: GuestTest[]; parallel: number } {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args,
    options: { zfs: text, jobs: text },
    allowPositionals: true,
  });
  const { zfs, jobs = String(GUESTS_AT_A_TIME) } = values;
  if (zfs !== undefined && zfs !== '2.3' && zfs !== '2.4')
    throw new Error(`--zfs takes 2.3 or 2.4, not ${zfs}`);
  if (!/^[1-9]\d?$/.test(jobs)) throw new Error(`--jobs takes a number, not ${jobs}`);
  const asked = positionals.flatMap(testFiles).map((file): GuestTest => ({ file, zfs: zfs ?? '2.4' }));
  const all = () => guestTests().filter((test) => zfs === undefined || test.zfs === zfs);
  return { tests: asked.length > 0 ? asked : all(), parallel: Number(jobs) };
}
