/** Test files in other Debians, whose programs take the place of this machine's. */

import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import manifest from '../../package.json' with { type: 'json' };
import { bundleTests } from '../bundle-tests.ts';
import { installOnce } from '../installation.ts';
import { type FileTest, runFiles } from '../run-files.ts';
import { makeRunFolder } from '../run-folder.ts';
import { PROJECT } from '../start-host.ts';
import type { FileReport } from '../tap-report.ts';
import type { DebianTest, Release } from './tests.ts';

/** There is no such Debian here, and it cannot be built; that has been said on standard error. */
export class NoSuchDebian extends Error {
  readonly exitCode: number;

  constructor(release: Release, exitCode: number) {
    super(`there is no Debian ${release} to test on`);
    this.exitCode = exitCode;
  }
}

/** No test file takes a tenth of this. Seconds. */
const PATIENCE = 1200;

const RUN = join(PROJECT, 'lab/debian/run');
const FRESH = join(PROJECT, 'lab/debian/fresh');

/** Higher than any of ours. */
const NEXT = '99.0.0';

/** What prints the versions that are tested, one a line; a package that Debian lacks is left out. */
const VERSIONS = `dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n' \\
  openssh-server sudo sudo-rs rsyslog zfs-fuse 2>/dev/null | sed -n 's/^installed //p'; echo "Node $(/usr/bin/node --version)"`;

/** Runs each, as many at a time as asked for, and builds Debians that are missing. @throws NoSuchDebian unless that was interrupted. */
export async function runInDebians(
  tests: readonly DebianTest[],
  parallel: number,
  interrupted: AbortSignal,
): Promise<FileReport[]> {
  for (const release of new Set(tests.map(({ release }) => release))) {
    const words = { reject: false, stdin: 'ignore', stderr: 'inherit', cancelSignal: interrupted } as const;
    const { exitCode, stdout } = await execa(RUN, [release, 'sh', '-c', VERSIONS], words);
    if (interrupted.aborted) return [];
    if (exitCode !== 0) throw new NoSuchDebian(release, exitCode ?? 1);
    console.log(`Debian ${release}: ${stdout.split('\n').join(', ')}`);
  }
  const folder = makeRunFolder();
  const bundles = await bundleTests(tests.map(({ file }) => file).filter((file) => !isForFresh(file)));
  try {
    const packages = join(folder, 'packages');
    if (tests.some(({ file }) => isForFresh(file)))
      await makePackages(
        packages,
        tests.some(({ file }) => file.endsWith('/standalone.sh')),
      );
    const env = {
      LAB_INSTALLED: await installOnce(folder),
      // zfs-fuse has not all that OpenZFS has; guests run what needs that.
      LAB_REQUIRE: 'hosts',
      TAP_TIMEOUT: String(PATIENCE),
    };
    const inDebian = ({ file, release, sudoRs }: DebianTest): FileTest => {
      const argv = isForFresh(file)
        ? [FRESH, release, packages, 'bash', `/mnt/${basename(file)}`]
        : [RUN, release, 'node', ...bundles.of(file)];
      return {
        name: `${file} on ${release}${sudoRs ? ' with sudo-rs' : ''}`,
        run: (cancelSignal) =>
          execa(argv[0] as string, argv.slice(1), {
            cwd: PROJECT,
            stdin: 'ignore',
            reject: false,
            cancelSignal,
            env: { ...env, ...(sudoRs ? { LAB_SUDO: 'sudo-rs' } : {}) },
          }),
      };
    };
    return await runFiles(tests.map(inDebian), parallel, interrupted);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    bundles.remove();
  }
}

function isForFresh(file: string): boolean {
  return file.endsWith('.sh');
}

/** In a new folder, what is /mnt in a fresh Debian: our Debian package, one of a higher version, the one file if it is tested, and the tests. */
async function makePackages(folder: string, standalone: boolean): Promise<void> {
  mkdirSync(folder);
  const make = (words: readonly string[]) =>
    execa(process.execPath, ['--import', 'tsx', 'build/package.ts', '--to', folder, ...words], {
      cwd: PROJECT,
      stdin: 'ignore',
    });
  await make(standalone ? ['--standalone'] : []);
  await make(['--pretend', NEXT]);
  renameSync(join(folder, `zrep-gate_${manifest.version}_all.deb`), join(folder, 'old.deb'));
  renameSync(join(folder, `zrep-gate_${NEXT}_all.deb`), join(folder, 'new.deb'));
  const [file] = readdirSync(folder).filter((name) => name.endsWith(`-${process.arch}`));
  if (file !== undefined) renameSync(join(folder, file), join(folder, 'standalone'));
  for (const file of readdirSync(join(PROJECT, 'test/package')))
    copyFileSync(join(PROJECT, 'test/package', file), join(folder, file));
}
