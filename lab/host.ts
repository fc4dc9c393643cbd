/** One host of the lab: running commands on it, its files, its end. */

import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { HostCommands } from './host-commands.ts';
import { type HostProcess, startHostProcess } from './host-process.ts';
import type { NetworkKind, Seat } from './network.ts';
import type { Pool } from './zfs.ts';

export type HostName = 'fileserver' | 'backup';

interface CommandOptions {
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
  /** After this the command and its children are killed, and `run` throws. Five minutes when left out: a busy machine can be slow. */
  timeoutMs?: number;
}

export interface SpawnOptions extends CommandOptions {
  stdio?: StdioOptions;
}

export interface Result {
  /** As a shell has it: 128 and the signal's number for a command that a signal ended. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What commands on a host find in their environment. */
export const ENVIRONMENT = {
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
  readonly #namespaces: readonly string[];
  readonly #commands: HostCommands;

  constructor(
    { name, seat, pool, network }: { name: HostName; seat: Seat; pool: Pool; network: NetworkKind },
    unshare: ChildProcess,
    pid: number,
  ) {
    this.name = name;
    this.address = seat.address;
    this.sshPort = seat.sshPort;
    this.syslogPort = seat.syslogPort;
    this.pool = pool.name;
    this.mountpoint = pool.mountpoint;
    this.pid = pid;
    this.#unshare = unshare;
    const own = ['--mount', '--uts', '--pid', ...(network === 'veth' ? ['--net'] : [])];
    this.#namespaces = ['--target', String(pid), ...own, '--', 'setsid', '--'];
    this.#commands = new HostCommands(unshare, this.path('/run/lab/commands'));
  }

  /** Starts a command and hands it over as it is; by default it shares nothing with this process. */
  spawn(argv: readonly string[], { env, user, stdio = 'ignore' }: SpawnOptions = {}): HostProcess {
    const own = this.#asUser(user);
    return startHostProcess(
      [...this.#namespaces, ...own.become, ...argv],
      { ...ENVIRONMENT, ...own.env, ...env },
      stdio,
    );
  }

  /**
   * Runs a command to its end, and does not wait for what it leaves running. @throws Error with the command, its exit and its
   * stderr when it failed.
   */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    const { input = '', allowFail = false, timeoutMs = 300_000, env, user } = options;
    const own = this.#asUser(user);
    const ended = await this.#commands.run({
      argv: [...own.become, ...argv],
      env: { ...own.env, ...env },
      input,
      timeoutMs,
    });
    const { code, stdout, stderr, late } = ended;
    if (late || (code !== 0 && !allowFail)) {
      const how = late ? `did not end within ${timeoutMs} ms` : `ended with ${code}`;
      throw new Error(`${this.name}: ${argv.join(' ')}: ${how}\n${stderr}${stdout}`);
    }
    return { code, stdout, stderr };
  }

  /** Runs lines of shell, which end at the first one that fails. */
  async script(lines: string, options: RunOptions = {}): Promise<Result> {
    return this.run(['/bin/sh', '-ec', lines], options);
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

  /** What stands in front of a command that an account runs, and what its environment has more. */
  #asUser(user: string | undefined): { become: string[]; env: Record<string, string> } {
    if (user === undefined) return { become: [], env: {} };
    const { uid, gid, home } = this.account(user);
    const become = ['setpriv', '--reuid', uid, '--regid', gid, '--init-groups', '--'];
    return { become, env: { HOME: home, USER: user, LOGNAME: user } };
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
}
