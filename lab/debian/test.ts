/**
 * `npm run test:debian`: tests with the sshd, sudo, rsyslog and Node of other Debians. Prints which versions those are, and what
 * lab/tap-report.ts says of the tests.
 *
 *   npm run test:debian -- 12|13|forky...                  what depends on those programs: see lab/debian/tests.ts
 *   npm run test:debian -- --sudo-rs forky                 of that, what has to do with sudo, and sudo-rs in its place
 *   npm run test:debian -- [--sudo-rs] 13 test/doctor...   files or folders
 */

import { interruptible } from '../run-files.ts';
import { printSummary } from '../tap-report.ts';
import { FILES_AT_A_TIME } from '../test-files.ts';
import { NoSuchDebian, runInDebians } from './run-tests.ts';
import { askedFor } from './tests.ts';

let understood = false;
try {
  const tests = askedFor(process.argv.slice(2));
  understood = true;
  const reports = await interruptible((interrupted) => runInDebians(tests, FILES_AT_A_TIME, interrupted));
  process.exitCode = printSummary(reports) || process.exitCode || 0;
} catch (error) {
  console.error(`test:debian: ${(error as Error).message}`);
  process.exitCode = error instanceof NoSuchDebian ? error.exitCode : understood ? 1 : 64;
}
