/** Test files in guests with OpenZFS: one guest for each, which takes a third of a second to start, as many at a time as asked for. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { PROJECT } from '../start-host.ts';
import { type FileReport, printFile, readTap } from '../tap-report.ts';

/** A series of OpenZFS that there are guests with. */
type Series = '2.3' | '2.4';

export interface GuestTest {
  readonly file: string;
  readonly zfs: Series;
}

/** No test file takes a third of this. Seconds. A minute before, tap ends the test that takes so long, and names it. */
const PATIENCE = 600;

const RUN = join(PROJECT, 'lab/guest/run');

/**
 * Runs each in a guest of its own, prints what came of it, and builds guests that are missing. SIGINT and its like end it: what
 * runs then is reported as failed, what waits is left out, and the exit code of this process is 130.
 * @throws Error when there is no guest.
 */
export async function runInGuests(tests: readonly GuestTest[], parallel: number): Promise<FileReport[]> {
  const waiting = [...tests];
  const stage = mkdtempSync(join(tmpdir(), 'zrep-gate-stage-'));
  const interrupted = new AbortController();
  const interrupt = () => {
    process.exitCode = 130;
    waiting.length = 0;
    interrupted.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);

  const inGuest = (zfs: Series, command: readonly string[], stderr: 'pipe' | 'inherit') =>
    execa(RUN, ['--zfs', zfs, '--stage', stage, ...command], {
      cwd: PROJECT,
      env: { ZREP_GATE_GUEST_SECONDS: String(PATIENCE) },
      stdin: 'ignore',
      stderr,
      reject: false,
      cancelSignal: interrupted.signal,
    });

  const runFile = async ({ file, zfs }: GuestTest): Promise<FileReport> => {
    const began = Date.now();
    const command = ['env', `TAP_TIMEOUT=${PATIENCE - 60}`, 'node', '--import', 'tsx', file];
    const { exitCode, stdout, stderr } = await inGuest(zfs, command, 'pipe');
    const { checks, ok: asPlanned } = readTap(stdout);
    const ok = exitCode === 0 && asPlanned;
    // A failed check says enough. Without one, the guest's own words have to.
    if (!ok && checks.every((check) => check.ok))
      console.log(`${stdout.slice(-4000)}\n${stderr}\n(exit code ${exitCode}, ${checks.length} checks)`);
    return { name: `${file} on ${zfs}`, ok, checks, seconds: (Date.now() - began) / 1000 };
  };

  const reports: FileReport[] = [];
  const work = async () => {
    for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
      const report = await runFile(test);
      printFile(report);
      reports.push(report);
    }
  };
  try {
    // One after the other builds what is missing, and the first makes the copy of the checkout that all share.
    for (const zfs of new Set(tests.map(({ zfs }) => zfs))) {
      const { exitCode } = await inGuest(zfs, ['true'], 'inherit');
      if (interrupted.signal.aborted) return reports;
      if (exitCode !== 0) throw new Error(`there is no guest with OpenZFS ${zfs} (exit code ${exitCode})`);
    }
    await Promise.all(Array.from({ length: parallel }, work));
    return reports;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    rmSync(stage, { recursive: true, force: true });
  }
}
