/**
 * `npm run bench -- waits`: the table of bench/waits-in-guest.ts, from a guest with OpenZFS 2.4. The original zrep is in it where `.stock` has
 * it (docs/lab.md), and other programs where they are given: SYNCOID is the file syncoid, with PERL5LIB for the modules that the guest's perl
 * lacks, and BZFS the folder that has bzfs_main.
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { PROJECT } from '../lab/start-host.ts';
import { RIVALS } from './rivals.ts';

/** The answer is the exit code. */
export async function reportWaits(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'zrep-gate-bench-'));
  try {
    const [tree, image] = [join(folder, 'tree'), join(folder, 'rivals.img')];
    mkdirSync(tree);
    for (const [variable, name] of [
      ['SYNCOID', 'syncoid'],
      ['PERL5LIB', 'perl'],
      ['BZFS', 'bzfs'],
    ] as const) {
      const path = process.env[variable];
      if (path) cpSync(path, join(tree, name), { recursive: true });
    }
    await execa('truncate', ['-s', '64M', image]);
    await execa('mke2fs', ['-q', '-F', '-t', 'ext2', '-d', tree, image]);
    // Hosts of the lab see what is on the guest's first disk.
    const script = `mkdir /run/rivals; mount -o ro /dev/ubdc /run/rivals; cp -r /run/rivals ${RIVALS}; exec node --import tsx bench/waits-in-guest.ts`;
    const { exitCode } = await execa(
      join(PROJECT, 'lab/guest/run'),
      ['--disk', image, 'bash', '-ec', script],
      {
        ...{ cwd: PROJECT, reject: false, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' },
      },
    );
    return exitCode ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
