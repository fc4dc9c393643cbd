/** Test files in guests with OpenZFS: a guest for each, which takes a third of a second to start. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { bundleTests } from '../bundle-tests.ts';
import { type FileTest, runFiles } from '../run-files.ts';
import { PROJECT } from '../start-host.ts';
import type { FileReport } from '../tap-report.ts';

/** A series of OpenZFS that there are guests with. */
type Series = '2.3' | '2.4';

export interface GuestTest {
  readonly file: string;
  readonly zfs: Series;
}

/** On a quiet machine no test file takes a tenth of this. Seconds. A minute before, tap ends the test that takes so long, and names it. */
const PATIENCE = 1800;

const RUN = join(PROJECT, 'lab/guest/run');

/**
 * Runs each in a guest of its own, as many at a time as asked for, and builds guests that are missing. @throws Error when there is
 * no guest, unless that was interrupted.
 */
export async function runInGuests(
  tests: readonly GuestTest[],
  parallel: number,
  interrupted: AbortSignal,
): Promise<FileReport[]> {
  const bundles = await bundleTests(tests.map(({ file }) => file));
  const stage = mkdtempSync(join(tmpdir(), 'zrep-gate-stage-'));
  const options = { cwd: PROJECT, stdin: 'ignore', reject: false } as const;
  const words = (zfs: Series) => ['--zfs', zfs, '--stage', stage];
  const patience = { ZREP_GATE_GUEST_SECONDS: String(PATIENCE) };
  const inGuest = ({ file, zfs }: GuestTest): FileTest => ({
    name: `${file} on ${zfs}`,
    run: (cancelSignal) => {
      const command = ['env', `TAP_TIMEOUT=${PATIENCE - 60}`, 'node', ...bundles.of(file)];
      return execa(RUN, [...words(zfs), ...command], { ...options, env: patience, cancelSignal });
    },
  });
  try {
    // One after the other builds what is missing, and the first makes the copy of the checkout that all share.
    for (const zfs of new Set(tests.map(({ zfs }) => zfs))) {
      const first = { ...options, stderr: 'inherit', cancelSignal: interrupted } as const;
      const { exitCode } = await execa(RUN, [...words(zfs), 'true'], first);
      if (interrupted.aborted) return [];
      if (exitCode !== 0) throw new Error(`there is no guest with OpenZFS ${zfs} (exit code ${exitCode})`);
    }
    return await runFiles(tests.map(inGuest), parallel, interrupted);
  } finally {
    rmSync(stage, { recursive: true, force: true });
    bundles.remove();
  }
}
