/**
 * A fileserver and a backup server on one machine, each with its own name, processes, users, ZFS pool, sshd,
 * sudo and rsyslogd. They are namespaces of this machine and live as long as this process at most: whatever
 * way it ends, they and everything in them are gone.
 */

import type { Host, HostName, Result, RunOptions } from './host.ts';
import { missing } from './missing.ts';
import { joinHosts, type NetworkKind, networkKind, seats } from './network.ts';
import { acquaint, runSsh, type SshKey, sshKey } from './ssh.ts';
import { type HostSettings, startHost } from './start-host.ts';
import { type Pools, pools, type ZfsKind, zfsKind } from './zfs.ts';

export interface LabOptions {
  /** Of each pool; the memory is taken as data is written. 512 when left out, which is the least. */
  poolMegabytes?: number;
  /**
   * For measurements: logins take as long as Debian's ssh and Linux's TCP have it. Otherwise the key exchange is the quickest one,
   * and acknowledgements are not delayed, which makes a login four times as quick.
   */
  loginsAsShipped?: boolean;
  /** In place of new pools in memory that end with the lab: pools on devices are left as they are. */
  pools?: Pools;
  /** Is told what the hosts complain about while they start. */
  log?: (line: string) => void;
}

export interface Lab {
  readonly fileserver: Host;
  readonly backup: Host;
  readonly network: NetworkKind;
  readonly zfs: ZfsKind;
  /** A key pair in /root/.ssh of the backup server, made the first time; `id_ed25519`, plain ssh's, is there. */
  sshKey(name: string): Promise<SshKey>;
  /** On the backup server: `ssh` with this key alone, as this account, to the fileserver. */
  ssh(key: SshKey, user: string, command: string, options?: RunOptions): Promise<Result>;
  /** Ends both hosts. May be called again. */
  stop(): Promise<void>;
}

/** Brings up both hosts. @throws Error with what is missing on this machine, or what a host complained about. */
export async function startLab({
  poolMegabytes = 512,
  loginsAsShipped = false,
  pools: pool = pools(zfsKind()),
  log = () => undefined,
}: LabOptions = {}): Promise<Lab> {
  const lacks = await missing();
  if (lacks.length > 0) throw new Error(`the lab cannot run on this machine:\n${lacks.join('\n')}`);
  const network = networkKind();
  const zfs = zfsKind();
  const seat = await seats(network);
  const settings = (name: HostName, peer: HostName): HostSettings => ({
    name,
    peer: { name: peer, seat: seat[peer] },
    seat: seat[name],
    network,
    zfs,
    pool: pool[name],
    poolMegabytes,
    loginsAsShipped,
    log,
  });

  const starting = [startHost(settings('fileserver', 'backup')), startHost(settings('backup', 'fileserver'))];
  const started = await Promise.allSettled(starting);
  const hosts = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async () => {
    await Promise.all(hosts.map(({ host }) => host.stop()));
  };
  try {
    const failure = started.find((one) => one.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
    const [fileserver, backup] = hosts.map(({ host }) => host) as [Host, Host];
    joinHosts(network, fileserver.pid, backup.pid);
    await Promise.all(hosts.map((host) => host.finish()));
    await acquaint(backup, fileserver);
    return {
      fileserver,
      backup,
      network,
      zfs,
      sshKey: (name) => sshKey(backup, name),
      ssh: (key, user, command, options) => runSsh(backup, key, user, command, options),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
