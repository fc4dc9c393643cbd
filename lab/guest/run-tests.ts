/** Test files in guests with OpenZFS: one guest for each, which takes a third of a second to start, as many at a time as asked for. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { PROJECT } from '../start-host.ts';
import { checksIn, type FileReport, printFile } from '../tap-report.ts';

/** A series of OpenZFS that there are guests with. */
type Series = '2.3' | '2.4';

export interface GuestTest {
  readonly file: string;
  readonly zfs: Series;
}

/** No test file takes a third of this. Seconds. */
const PATIENCE = 600;

const RUN = join(PROJECT, 'lab/guest/run');

/** Runs each in a guest of its own, prints what came of it, and builds a guest that is missing. SIGINT and its like end it. */
export async function runInGuests(tests: readonly GuestTest[], parallel: number): Promise<FileReport[]> {
  const waiting = [...tests];
  const stage = mkdtempSync(join(tmpdir(), 'zrep-gate-stage-'));
  const interrupted = new AbortController();
  const interrupt = () => {
    waiting.length = 0;
    interrupted.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);

  const inGuest = (zfs: Series, command: readonly string[], stderr: ('pipe' | 'inherit')[] = ['pipe']) =>
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
    const command = ['env', `TAP_TIMEOUT=${PATIENCE}`, 'node', '--import', 'tsx', file];
    const { exitCode, stdout, stderr } = await inGuest(zfs, command);
    const checks = checksIn(stdout);
    // A failed check says enough. Without one, the guest's own words have to.
    if (exitCode !== 0 && !checks.some(({ ok }) => !ok)) console.log(`${stdout.slice(-4000)}\n${stderr}`);
    return { name: `${file} on ${zfs}`, ok: exitCode === 0, checks, seconds: (Date.now() - began) / 1000 };
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
      const { exitCode } = await inGuest(zfs, ['true'], ['pipe', 'inherit']);
      if (exitCode !== 0) throw new Error(`there is no guest with OpenZFS ${zfs}`);
    }
    await Promise.all(Array.from({ length: parallel }, work));
    return reports;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    rmSync(stage, { recursive: true, force: true });
  }
}
