/** Who may log in where: accounts, keys, and the backup server's acquaintance with the fileserver. */

import { dirname } from 'node:path';
import type { Host, Result, RunOptions } from './host.ts';

export interface SshKey {
  readonly name: string;
  /** The private key, on the backup server. */
  readonly file: string;
  /** One line, as authorized_keys takes it after the options. */
  readonly publicKey: string;
}

/**
 * Lets root of the backup server say plain `ssh fileserver`: it has a key, id_ed25519, the fileserver's host
 * key is known, and nothing is ever asked.
 * No IdentityFile: it would be tried after the key that a command names, and hide that one's refusal.
 */
export async function acquaint(backup: Host, fileserver: Host): Promise<void> {
  const hostKey = await fileserver.readFile('/etc/ssh/ssh_host_ed25519_key.pub');
  const config = [
    `Host ${fileserver.name} ${fileserver.address}`,
    `  HostName ${fileserver.address}`,
    `  HostKeyAlias ${fileserver.name}`,
    `  Port ${fileserver.sshPort}`,
    `  BindAddress ${backup.address}`,
    '  BatchMode yes',
    '  StrictHostKeyChecking yes',
    '  ConnectTimeout 10',
  ];
  await backup.writeFile('/root/.ssh/config', `${config.join('\n')}\n`, { mode: 0o600 });
  await backup.writeFile('/root/.ssh/known_hosts', `${fileserver.name} ${hostKey}`, { mode: 0o600 });
  await backup.run(['chmod', '0700', '/root/.ssh']);
  await sshKey(backup, 'id_ed25519');
}

/** An ed25519 key pair without passphrase, of root of a host; made when it is not there yet. */
export async function sshKey(host: Host, name: string): Promise<SshKey> {
  const file = `/root/.ssh/${name}`;
  const make = '[ -e "$1" ] || ssh-keygen -q -t ed25519 -N "" -C "$2" -f "$1"';
  await host.run(['sh', '-c', make, 'sh', file, `${name}@${host.name}`]);
  return { name, file, publicKey: (await host.readFile(`${file}.pub`)).trim() };
}

/** Appends a line to an account's authorized_keys, which belongs to root and which the account can read. */
export async function authorize(host: Host, user: string, line: string): Promise<void> {
  const file = `${host.account(user).home}/.ssh/authorized_keys`;
  await host.run(['install', '-d', '-m', '0755', dirname(file)]);
  await host.appendFile(file, `${line}\n`);
}

/**
 * Adds a system account as the documentation has it: no password and none possible, but not locked either,
 * which sshd would refuse; and a home that it cannot write to.
 */
export async function addAccount(
  host: Host,
  name: string,
  { home = `/var/lib/${name}`, shell = '/bin/sh' }: { home?: string; shell?: string } = {},
): Promise<void> {
  await host.run(['useradd', '--system', '--user-group', '--no-create-home', '-d', home, '-s', shell, name]);
  await host.run(['usermod', '-p', '*', name]);
  await host.run(['install', '-d', '-m', '0755', home]);
}

/** Runs a command on the fileserver by ssh from the backup server, with one key and no other. */
export async function runSsh(
  backup: Host,
  key: SshKey,
  user: string,
  command: string,
  options: RunOptions = {},
): Promise<Result> {
  const argv = ['ssh', '-i', key.file, '-o', 'IdentitiesOnly=yes', '-l', user, 'fileserver', command];
  return backup.run(argv, options);
}
