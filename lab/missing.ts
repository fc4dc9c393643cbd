/** What this machine lacks for the lab. */

import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { zfsKind } from './zfs.ts';

/** Commands the lab runs, and the Debian packages that have them. */
const COMMANDS: readonly (readonly [command: string, debianPackage: string])[] = [
  ['unshare', 'util-linux'],
  ['nsenter', 'util-linux'],
  ['pivot_root', 'util-linux (Debian 14: util-linux-extra)'],
  ['ip', 'iproute2'],
  ['useradd', 'passwd'],
  ['sshd', 'openssh-server'],
  ['ssh', 'openssh-client'],
  ['sudo', 'sudo'],
  ['rsyslogd', 'rsyslog'],
];

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** What the hosts' file systems are made of; as host/root.sh does it. */
const OVERLAY = `mount -t tmpfs lab /run && mkdir /run/upper /run/work /run/root &&
  mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work lab /run/root`;

/** Sentences, each with what to do about it; none when the lab can run here. */
export async function missing(): Promise<string[]> {
  const sentences: string[] = [];
  const kind = zfsKind();
  for (const [command, debianPackage] of [...COMMANDS, ...zfsCommands(kind)]) {
    if (isInstalled(command)) continue;
    sentences.push(`The command ${command} is missing: run lab/setup as root, or install ${debianPackage}.`);
  }
  if (process.getuid?.() !== 0) {
    sentences.push('The lab makes namespaces and ZFS pools, which takes root: run it as root.');
    return sentences;
  }
  if (kind === 'zfs-fuse' && !canOpen('/dev/fuse')) {
    sentences.push(
      '/dev/fuse cannot be opened: run modprobe fuse; in a container, start it with --device /dev/fuse.',
    );
  }
  if (isInstalled('unshare')) sentences.push(...refusedByTheKernel());
  return sentences;
}

function zfsCommands(kind: string): readonly (readonly [string, string])[] {
  if (kind === 'kernel') return [['zpool', 'zfsutils-linux']];
  return [
    ['zfs-fuse', 'zfs-fuse'],
    ['zpool', 'zfs-fuse'],
  ];
}

function refusedByTheKernel(): string[] {
  const inContainer = 'in a container, start it with --privileged';
  if (!succeeds(['true'])) {
    return [`unshare is refused (mount, process, host name spaces): ${inContainer}.`];
  }
  if (!succeeds(['sh', '-c', OVERLAY])) {
    return [`An overlay over / cannot be mounted: the kernel needs overlayfs; ${inContainer}.`];
  }
  return [];
}

function succeeds(argv: string[]): boolean {
  const flags = ['--fork', '--pid', '--mount', '--uts', '--'];
  return spawnSync('unshare', [...flags, ...argv], { stdio: 'ignore' }).status === 0;
}

function isInstalled(command: string): boolean {
  return FOLDERS.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function canOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch {
    return false;
  }
}
