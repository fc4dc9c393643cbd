/** Starting a host: its namespaces, its settings, and the words that it and the lab exchange meanwhile. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import type { Socket } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ENVIRONMENT, Host, type HostName } from './host.ts';
import { childOf } from './host-process.ts';
import type { NetworkKind, Seat } from './network.ts';
import type { Pool, ZfsKind } from './zfs.ts';

export interface HostSettings {
  readonly name: HostName;
  readonly peer: { readonly name: HostName; readonly seat: Seat };
  readonly seat: Seat;
  readonly network: NetworkKind;
  readonly zfs: ZfsKind;
  readonly pool: Pool;
  readonly poolMegabytes: number;
  /** As LabOptions has it. */
  readonly loginsAsShipped: boolean;
  readonly log: (line: string) => void;
}

/** The checkout, which hosts see at the same path, to read. */
export const PROJECT = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));

/** A host that waits for its network. */
export interface StartingHost {
  readonly host: Host;
  /** Lets the host go on once its network is there, and waits until everything on it runs. */
  finish(): Promise<void>;
}

/** Gives a host its namespaces and lets it build itself, up to the point where it waits for its network. */
export async function startHost(settings: HostSettings): Promise<StartingHost> {
  const { name, peer, seat, network, zfs, pool, poolMegabytes, loginsAsShipped, log } = settings;
  const namespaces = ['--mount', '--uts', '--pid', ...(network === 'veth' ? ['--net'] : [])];
  const init = join(PROJECT, 'lab/host/init.sh');
  const unshare = spawn('unshare', ['--fork', '--kill-child', ...namespaces, '--', '/bin/bash', init], {
    cwd: '/',
    // A session of its own: Ctrl-C at the terminal is for node, which then ends the lab in order.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...ENVIRONMENT,
      LAB_NAME: name,
      LAB_ADDRESS: seat.address,
      LAB_PEER: peer.name,
      LAB_PEER_ADDRESS: peer.seat.address,
      LAB_SSH_PORT: String(seat.sshPort),
      LAB_SYSLOG_PORT: String(seat.syslogPort),
      LAB_NETWORK: network,
      LAB_QUICK_LOGINS: loginsAsShipped ? '' : 'yes',
      LAB_ZFS: zfs,
      LAB_POOL: pool.name,
      LAB_MOUNTPOINT: pool.mountpoint,
      LAB_POOL_DEVICE: pool.device ?? '',
      LAB_POOL_EXISTS: pool.exists ? 'yes' : '',
      LAB_POOL_MEGABYTES: String(poolMegabytes),
      LAB_PROJECT: PROJECT,
      LAB_NODE: realpathSync(process.env['LAB_NODE'] ?? process.execPath),
      LAB_NPM: npmFolder() ?? '',
      // sudo-rs, if that is asked for: npm run test:debian does.
      LAB_SUDO: process.env['LAB_SUDO'] ?? '',
    },
  });
  const complaints: string[] = [];
  unshare.stdin.on('error', () => undefined);
  createInterface(unshare.stderr).on('line', (line) => {
    complaints.push(line);
    log(`${name}: ${line}`);
  });
  await said(unshare, 'unshared', name, complaints);
  const pid = unshare.pid === undefined ? undefined : childOf(unshare.pid);
  if (pid === undefined) throw new Error(`${name}: the host ended at once`);
  return {
    host: new Host(settings, unshare, pid),
    async finish() {
      unshare.stdin.write('joined\n');
      await said(unshare, 'ready', name, complaints);
      // The host must not keep node alive: when node ends, the host's stdin does, and so does the host.
      unshare.unref();
      for (const stream of unshare.stdio) (stream as Socket | null)?.unref();
    },
  };
}

/** The folder of the machine's npm: beside node, or wherever the npm on the PATH is. */
export function npmFolder(): string | undefined {
  const folders = [dirname(process.execPath), ...(process.env['PATH'] ?? '').split(delimiter)];
  for (const folder of folders) {
    const npm = join(folder, 'npm');
    if (existsSync(npm)) return dirname(dirname(realpathSync(npm)));
  }
  return undefined;
}

/** Resolves once the host says a word on its stdout; rejects, with its complaints, when it ends before. */
async function said(unshare: ChildProcess, word: string, name: string, complaints: string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let heard = '';
    const onData = (chunk: Buffer) => {
      heard += chunk.toString('latin1');
      if (heard.split('\n').includes(word)) settle();
    };
    const onClose = () => settle(new Error(`the host ${name} did not start:\n${complaints.join('\n')}`));
    const settle = (error?: Error) => {
      unshare.stdout?.off('data', onData);
      unshare.off('close', onClose).off('error', settle);
      if (error === undefined) resolve();
      else reject(error);
    };
    if (unshare.exitCode !== null || unshare.signalCode !== null) return onClose();
    unshare.stdout?.on('data', onData);
    unshare.on('close', onClose).on('error', settle);
  });
}
