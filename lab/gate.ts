/** zrep-gate as an administrator installs it on a lab host, and the two ways in. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Host } from './host.ts';
import type { Lab } from './lab.ts';
import { authorizeKey } from './ssh.ts';
import { npmFolder, PROJECT } from './start-host.ts';

/**
 * `npm install -g --prefix /usr` on a host, as root and without a network, of a packed package or, when none
 * is named, of this project as `npm pack` packs it (which needs a build). @throws Error when what it installed
 * is not root's alone.
 */
export async function installGate(host: Host, tarball?: string): Promise<void> {
  const packed = tarball === undefined ? await pack() : await readFile(tarball);
  await host.writeFile('/run/lab/gate.tgz', packed);
  const flags = ['--global', '--prefix', '/usr', '--offline', '--ignore-scripts', '--silent'];
  const env = { npm_config_cache: '/run/lab/npm' };
  await host.run(['node', npmScript(), 'install', ...flags, '/run/lab/gate.tgz'], { env });
  await checkOwnership(host);
}

/** Puts `toml` where the gate looks for its policy. */
export async function installPolicy(host: Host, toml: string): Promise<void> {
  await host.writeFile('/etc/zrep-gate/policy.toml', toml);
}

/**
 * Lets the backup server's `id_ed25519`, which is made when it is not there, in as `client`: to root directly,
 * or to an account that sudo takes on.
 */
export async function authorize(lab: Lab, client: string, account = 'root'): Promise<void> {
  const { fileserver } = lab;
  const { publicKey } = await lab.sshKey('id_ed25519');
  await fileserver.writeFile('/run/lab/backup.pub', `${publicKey}\n`);
  const sudo = account === 'root' ? [] : ['--sudo', '--account', account];
  const { stdout, stderr } = await fileserver.run([
    'zrep-gate',
    'authorize',
    client,
    '/run/lab/backup.pub',
    ...sudo,
  ]);
  await authorizeKey(fileserver, account, stdout.trimEnd());
  if (account === 'root') return;
  const rule = stderr.split('\n').slice(1).join('\n');
  await fileserver.writeFile('/etc/sudoers.d/zrep-gate', rule, { mode: 0o440 });
  await fileserver.run(['visudo', '-c', '-f', '/etc/sudoers.d/zrep-gate']);
}

async function pack(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'zrep-gate-pack-'));
  try {
    const flags = ['--silent', '--ignore-scripts', '--pack-destination', folder];
    const { stdout } = await execa(process.execPath, [npmScript(), 'pack', ...flags], { cwd: PROJECT });
    return await readFile(join(folder, stdout.trim().split('\n').at(-1) ?? ''));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function npmScript(): string {
  const folder = npmFolder();
  if (folder === undefined) throw new Error('there is no npm on this machine; it comes with node');
  return join(folder, 'bin/npm-cli.js');
}

/** @throws Error when someone other than root may write to the program or to any folder above it. */
async function checkOwnership(host: Host): Promise<void> {
  let path = (await host.run(['realpath', '/usr/bin/zrep-gate'])).stdout.trim();
  for (;;) {
    const { stdout } = await host.run(['stat', '-c', '%u %A', path]);
    if (!/^0 .{5}-.{2}-.$/.test(stdout.trim())) {
      throw new Error(`${host.name}: ${path} is not root's alone: ${stdout}`);
    }
    if (path === '/') return;
    path = dirname(path);
  }
}
