/** One host of the lab: starting and ending it, running commands on it, its files. */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import type { Socket } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NetworkKind, Seat } from './network.ts';
import type { Pool, ZfsKind } from './zfs.ts';

export type HostName = 'fileserver' | 'backup';

export interface CommandOptions {
  /** Added to the constant environment. */
  env?: Record<string, string>;
  /** An account of the host; root when left out. */
  user?: string;
}

export interface RunOptions extends CommandOptions {
  /** What the command reads; nothing when left out. */
  input?: string | Buffer;
  /** Do not throw when the command fails. */
  allowFail?: boolean;
  /** After this the command and its children are killed, and `run` throws. One minute when left out. */
  timeoutMs?: number;
}

export interface SpawnOptions extends CommandOptions {
  stdio?: StdioOptions;
}

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs on a host. */
export interface HostProcess {
  /** The `nsenter` in front of the command: its stdio is the command's, its exit tells the command's. */
  readonly child: ChildProcess;
  /** The command's process number as seen from outside the host; undefined before it runs and after it ended. */
  pid(): number | undefined;
  /** Signals the command itself, and says whether it was there. (`child.kill` would only reach `nsenter`.) */
  kill(signal?: NodeJS.Signals): boolean;
  /** Kills the command with everything it started in its process group. */
  killGroup(): void;
}

export interface HostSettings {
  readonly name: HostName;
  readonly peer: { readonly name: HostName; readonly seat: Seat };
  readonly seat: Seat;
  readonly network: NetworkKind;
  readonly zfs: ZfsKind;
  readonly pool: Pool;
  readonly poolMegabytes: number;
  readonly log: (line: string) => void;
}

/** The checkout, which hosts see at the same path, to read. */
export const PROJECT = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C',
  TERM: 'dumb',
};

export class Host {
  readonly name: HostName;
  readonly address: string;
  readonly sshPort: number;
  /** Of rsyslogd, UDP and TCP. */
  readonly syslogPort: number;
  readonly pool: string;
  /** Where the pool is mounted. */
  readonly mountpoint: string;
  /** The host's first process, as seen from outside. */
  readonly pid: number;
  readonly #unshare: ChildProcess;
  readonly #namespaces: string[];
  readonly #complaints: string[];

  constructor(settings: HostSettings, unshare: ChildProcess, pid: number, complaints: string[]) {
    this.name = settings.name;
    this.address = settings.seat.address;
    this.sshPort = settings.seat.sshPort;
    this.syslogPort = settings.seat.syslogPort;
    this.pool = settings.pool.name;
    this.mountpoint = settings.pool.mountpoint;
    this.pid = pid;
    this.#unshare = unshare;
    this.#complaints = complaints;
    const network = settings.network === 'veth' ? ['--net'] : [];
    this.#namespaces = ['--target', String(pid), '--mount', '--uts', '--pid', ...network];
  }

  /** Lets the host go on once its network is there, and waits until everything on it runs. */
  async finishStart(): Promise<void> {
    this.#unshare.stdin?.write('joined\n');
    await this.#said('ready');
    // The host must not keep node alive: when node ends, the host's stdin does, and so does the host.
    this.#unshare.unref();
    for (const stream of this.#unshare.stdio) (stream as Socket | null)?.unref();
  }

  async #said(word: string): Promise<void> {
    await said(this.#unshare, word, this.name, this.#complaints);
  }

  /** Starts a command and hands it over as it is; by default it shares nothing with this process. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): HostProcess {
    const child = spawn('nsenter', [...this.#namespaces, '--', ...this.#as(options.user), ...argv], {
      cwd: '/',
      env: { ...ENVIRONMENT, ...this.#home(options.user), ...options.env },
      stdio: options.stdio ?? 'ignore',
      // Its own process group, so that the whole of it can be killed.
      detached: true,
    });
    const alive = () => child.exitCode === null && child.signalCode === null;
    const pid = () => (child.pid !== undefined && alive() ? childOf(child.pid) : undefined);
    return {
      child,
      pid,
      kill(signal = 'SIGTERM') {
        const target = pid();
        return target !== undefined && signalled(target, signal);
      },
      killGroup() {
        if (child.pid !== undefined && alive()) signalled(-child.pid, 'SIGKILL');
      },
    };
  }

  /** Runs a command to its end. @throws Error with the command, its exit and its stderr when it failed. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    const { input, allowFail = false, timeoutMs = 60_000 } = options;
    const process = this.spawn(argv, { ...options, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    const { child } = process;
    // A command may well end before it has read everything.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.killGroup();
    }, timeoutMs);
    try {
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      const result = { code, signal, stdout: stdout(), stderr: stderr() };
      const ended = late ? `did not end within ${timeoutMs} ms` : `ended with ${signal ?? code}`;
      if (late || (code !== 0 && !allowFail)) {
        throw new Error(`${this.name}: ${argv.join(' ')}: ${ended}\n${result.stderr}${result.stdout}`);
      }
      return result;
    } finally {
      clearTimeout(timer);
    }
  }

  async readFile(path: string): Promise<string> {
    return (await this.run(['cat', '--', path])).stdout;
  }

  /** Writes a file, owned by root and 0644 unless said otherwise; its folder is made when missing. */
  async writeFile(
    path: string,
    content: string | Buffer,
    { mode = 0o644, owner = 'root:root' }: { mode?: number; owner?: string } = {},
  ): Promise<void> {
    const script = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chown "$2" "$1" && chmod "$3" "$1"';
    await this.run(['sh', '-c', script, 'sh', path, owner, mode.toString(8)], { input: content });
  }

  async appendFile(path: string, content: string | Buffer): Promise<void> {
    await this.run(['sh', '-c', 'cat >>"$1"', 'sh', path], { input: content });
  }

  /**
   * Where a file of the host is seen from outside. An absolute symbolic link on the way (/var/run, say) would
   * lead to the machine's own files: for a path that may have one, use the methods above.
   */
  path(path: string): string {
    return `/proc/${this.pid}/root${path}`;
  }

  /** An account's line of the host's passwd file. */
  account(user: string): { uid: string; gid: string; home: string; shell: string } {
    for (const line of readFileSync(this.path('/etc/passwd'), 'utf8').split('\n')) {
      const [name, , uid = '', gid = '', , home = '', shell = ''] = line.split(':');
      if (name === user) return { uid, gid, home, shell };
    }
    throw new Error(`${this.name}: there is no account ${user}`);
  }

  /** Ends the host and everything on it. */
  async stop(): Promise<void> {
    if (this.#unshare.exitCode !== null || this.#unshare.signalCode !== null) return;
    this.#unshare.ref();
    const ended = once(this.#unshare, 'exit');
    // Should the host not end by itself: unshare takes it along (--kill-child).
    const timer = setTimeout(() => this.#unshare.kill('SIGKILL'), 15_000);
    this.#unshare.stdin?.destroy();
    await ended;
    clearTimeout(timer);
    for (const stream of this.#unshare.stdio) (stream as Socket | null)?.destroy();
  }

  #as(user: string | undefined): string[] {
    if (user === undefined) return [];
    const { uid, gid } = this.account(user);
    return ['setpriv', '--reuid', uid, '--regid', gid, '--init-groups', '--'];
  }

  #home(user: string | undefined): Record<string, string> {
    return user === undefined ? {} : { HOME: this.account(user).home, USER: user, LOGNAME: user };
  }
}

/** Gives a host its namespaces and lets it build itself, up to the point where it waits for its network. */
export async function startHost(settings: HostSettings): Promise<Host> {
  const { name, peer, seat, network, zfs, pool, poolMegabytes, log } = settings;
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
      LAB_ZFS: zfs,
      LAB_POOL: pool.name,
      LAB_MOUNTPOINT: pool.mountpoint,
      LAB_POOL_MEGABYTES: String(poolMegabytes),
      LAB_PROJECT: PROJECT,
      LAB_NODE: realpathSync(process.execPath),
      LAB_NPM: npmFolder() ?? '',
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
  return new Host(settings, unshare, pid, complaints);
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
    unshare.stdout?.on('data', onData);
    unshare.on('close', onClose).on('error', settle);
  });
}

/** The only child of a process that forks once: unshare, nsenter. */
function childOf(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
    return child === undefined || child === '' ? undefined : Number(child);
  } catch {
    return undefined;
  }
}

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
