/** Installing a packed zrep-gate on a host as an administrator does: npm, root, no network. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Host } from './host.ts';
import { npmFolder } from './start-host.ts';

/**
 * `npm install -g` of a tarball of the machine's, into the version's own folder of a host. @throws Error when npm
 * fails, or when what it installed is not root's alone.
 */
export async function installGate(host: Host, tarball: string, version: string): Promise<void> {
  await host.writeFile('/run/lab/gate.tgz', await readFile(tarball));
  const env = { npm_config_cache: '/run/lab/npm' };
  await host.run(['node', ...npmInstall('/run/lab/gate.tgz', `/opt/zrep-gate/${version}`)], { env });
  await checkOwnership(host, programOf(version));
}

/** node's words for `npm install -g` of a tarball into a folder, without a network. @throws Error where there is no npm. */
export function npmInstall(tarball: string, prefix: string): string[] {
  const npm = npmFolder();
  if (npm === undefined) throw new Error('there is no npm on this machine; it comes with node');
  const flags = ['--global', '--prefix', prefix, '--offline', '--ignore-scripts', '--silent'];
  return [join(npm, 'bin/npm-cli.js'), 'install', ...flags, tarball];
}

/** Makes an installed version's `program` the one that people and clients get. */
export async function switchTo(host: Host, version: string, program = 'zrep-gate'): Promise<void> {
  await host.run(['ln', '-sfT', programOf(version, program), `/usr/bin/${program}`]);
}

function programOf(version: string, program = 'zrep-gate'): string {
  return `/opt/zrep-gate/${version}/bin/${program}`;
}

/** @throws Error when someone other than root may write to `program` or to any folder above it. */
async function checkOwnership(host: Host, program: string): Promise<void> {
  let path = (await host.run(['realpath', program])).stdout.trim();
  for (;;) {
    const { stdout } = await host.run(['stat', '-c', '%u %A', path]);
    if (!/^0 .{5}-.{2}-.$/.test(stdout.trim())) {
      throw new Error(`${host.name}: ${path} is not root's alone: ${stdout}`);
    }
    if (path === '/') return;
    path = dirname(path);
  }
}
