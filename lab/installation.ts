/** zrep-gate installed on the fileserver with a policy, and the backup server's key let in, as the README has it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import manifest from '../package.json' with { type: 'json' };
import { installGate, npmInstall, switchTo } from './gate.ts';
import type { Host } from './host.ts';
import type { Lab } from './lab.ts';
import { addAccount, authorize } from './ssh.ts';
import { npmFolder, PROJECT } from './start-host.ts';

/**
 * What `installBuild` does, from what npm has installed before into the folder that LAB_INSTALLED names (`installOnce`), if
 * there is one: for tests whose subject is not the installation, since npm takes a second and more for each host.
 */
export async function provideBuild(
  host: Host,
  { program = 'zrep-gate' }: { program?: string } = {},
): Promise<void> {
  const { version } = manifest;
  const installed = process.env['LAB_INSTALLED'];
  if (installed === undefined) return installBuild(host, { program });
  const folder = host.path(`/opt/zrep-gate/${version}`);
  await mkdir(dirname(folder), { recursive: true });
  await execa('cp', ['-aT', '--', installed, folder]);
  await switchTo(host, version, program);
}

/** Packs the build and lets npm install it below `folder`. @returns what LAB_INSTALLED is to name, for `provideBuild`. */
export async function installOnce(folder: string): Promise<string> {
  const installed = join(folder, 'installed');
  await execa(process.execPath, npmInstall(await pack(folder), installed));
  return installed;
}

/**
 * Packs the build (or takes the tarball that LAB_TARBALL names), installs it on `host`, and lets people have
 * `program`: the gate on a fileserver, zrep on a backup server.
 */
export async function installBuild(
  host: Host,
  { version = manifest.version, program = 'zrep-gate' }: { version?: string; program?: string } = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zrep-gate-pack-'));
  try {
    await installGate(host, process.env['LAB_TARBALL'] ?? (await pack(folder)), version);
    await switchTo(host, version, program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `npm pack` into `folder`; the tarball's path. */
async function pack(folder: string): Promise<string> {
  const npm = join(npmFolder() ?? '', 'bin/npm-cli.js');
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await execa(process.execPath, [npm, ...words], { cwd: PROJECT, stderr: 'ignore' });
  return join(folder, stdout.split('\n').at(-1) ?? '');
}

/** Puts `toml` where the gate looks for its policy. */
export async function installPolicy(host: Host, toml: string): Promise<void> {
  await host.writeFile('/etc/zrep-gate/policy.toml', toml);
}

/** Lets root of the backup server in as `client`, with its plain ssh key, straight to `account`. */
export async function letInAs(lab: Lab, client: string, account: string): Promise<void> {
  const { line } = await authorizeVerb(lab, client, []);
  await authorize(lab.fileserver, account, line);
}

/** Lets it in by way of `account` and sudo: the line and the rule are those that `authorize --sudo` prints. */
export async function letInBySudo(lab: Lab, client: string, account: string): Promise<void> {
  await addAccount(lab.fileserver, account);
  const { line, rule } = await authorizeVerb(lab, client, ['--sudo', '--account', account]);
  await authorize(lab.fileserver, account, line);
  const file = '/etc/sudoers.d/zrep-gate';
  await lab.fileserver.writeFile(file, rule, { mode: 0o440 });
  await lab.fileserver.run(['visudo', '-c', '-f', file]);
}

async function authorizeVerb({ fileserver, backup }: Lab, client: string, options: readonly string[]) {
  const key = '/run/lab/backup.pub';
  await fileserver.writeFile(key, await backup.readFile('/root/.ssh/id_ed25519.pub'));
  const { stdout, stderr } = await fileserver.run(['zrep-gate', 'authorize', client, key, ...options]);
  return { line: stdout.trim(), rule: stderr.slice(stderr.indexOf('\n') + 1) };
}
