/**
 * The person's own ssh, and one connection a host for a whole run: what a handshake costs is paid once.
 *
 * The connection is a master process of this run's own (ssh_config(5), ControlMaster), its socket in a folder that only
 * this user can enter; no ControlPath of the person's is used or left behind. Where SSH is not OpenSSH, or says
 * something about control sockets itself, every command has a connection of its own.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Ended, endOf } from '../../process/pipeline.ts';
import { makeRunFolder } from '../../process/run-folder.ts';
import { Failure } from '../run/failure.ts';
import { farLines } from './far-text.ts';
import { explained } from './ssh-failure.ts';

/** A dead connection is given up after 75 seconds, one that is not made after 30. What SSH itself says comes first. */
const LIVELY = ['ServerAliveInterval=15', 'ServerAliveCountMax=4', 'ConnectTimeout=30'].flatMap((option) => [
  '-o',
  option,
]);

/** Milliseconds between two looks for the socket. */
const LOOK = 5;

/** A master whose connection is gone has ended within this. Milliseconds. */
const LAST_WORDS = 1000;

export interface Ssh {
  /**
   * The argv in front of a command for `host`; the connection is made when it is not there.
   *
   * @throws Failure when the host cannot be reached.
   */
  to(host: string): Promise<readonly string[]>;
  /**
   * The process that writes what commands on `host` print, in their place; undefined where that is not certain: a program
   * that is called ssh can be a script with who knows what in it.
   */
  writer(host: string): number | undefined;
  /** What ssh said when it lost the connection to `host`; none where that is there, or nothing was said. */
  lastWords(host: string): Promise<readonly string[]>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** `words` are those of SSH: the program and its options. */
export function createSsh(words: readonly string[]): Ssh {
  if (sharable(words)) return sharing(words);
  return {
    to: async (host) => [...words, host],
    writer: () => undefined,
    lastWords: async () => [],
    close: async () => {},
  };
}

/** True for OpenSSH's ssh without options about control sockets. */
export function sharable([program = '', ...options]: readonly string[]): boolean {
  const own = options.some((option) => /^-[SM]|[Cc]ontrol(?:[Pp]ath|[Mm]aster|[Pp]ersist)/.test(option));
  return basename(program) === 'ssh' && !own;
}

function sharing(words: readonly string[]): Ssh {
  // Short: a socket's name has 108 characters at most (unix(7)).
  let folder: string | undefined;
  const masters = new Map<
    string,
    { child: ChildProcess; ending: Promise<Ended>; socket: string; argv: Promise<readonly string[]> }
  >();
  return {
    to(host) {
      const known = masters.get(host);
      if (known) return known.argv;
      folder ??= makeRunFolder();
      const socket = `${folder}/${masters.size}`;
      const options = ['-M', '-N', '-T', '-o', `ControlPath=${socket}`, '-o', 'ControlPersist=no'];
      const [file = '', ...own] = [...words, ...LIVELY, ...options, host];
      const child = spawn(file, own, { stdio: ['ignore', 'ignore', 'pipe'] });
      const ending = endOf(child);
      const argv = connected(ending, host, socket, words).then(() => [
        ...words,
        ...LIVELY,
        '-o',
        'ControlMaster=no',
        '-o',
        `ControlPath=${socket}`,
        host,
      ]);
      masters.set(host, { child, ending, socket, argv });
      return argv;
    },
    writer(host) {
      const pid = masters.get(host)?.child.pid;
      return pid !== undefined && runsItself(pid, words[0] ?? '') ? pid : undefined;
    },
    async lastWords(host) {
      const master = masters.get(host);
      // What uses the connection hears of its end before the master has come to its own.
      const ended = master && (await Promise.race([master.ending, wait(LAST_WORDS)]));
      return ended === undefined ? [] : farLines(ended.message);
    },
    async close() {
      await Promise.all(
        [...masters].map(async ([host, { child, socket }]) => {
          // What a script has started does not end with the script.
          if (!runsItself(child.pid ?? 0, words[0] ?? '')) await exitMaster(words, socket, host);
          await endMaster(child);
        }),
      );
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** True when process `pid`, started as `program`, is that very file, and not what reads it as a script. */
function runsItself(pid: number, program: string): boolean {
  const folders = program.includes('/')
    ? ['']
    : (process.env['PATH'] ?? '').split(':').map((one) => `${one}/`);
  const file = folders.map((folder) => folder + program).find((path) => existsSync(path));
  try {
    return file !== undefined && realpathSync(file) === readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return false;
  }
}

/** Waits for the master's socket, which ssh makes once it is logged in (mux.c, muxserver_listen). */
async function connected(
  ending: Promise<Ended>,
  host: string,
  socket: string,
  ssh: readonly string[],
): Promise<void> {
  let ended: string | undefined;
  ending.then((how) => {
    const { message, code, signal } = explained(how, host, ssh);
    ended = farLines(message).join('; ') || `ssh ended with ${signal ?? code}`;
  });
  while (!existsSync(socket)) {
    if (ended !== undefined) throw new Failure(`cannot connect to ${host}: ${ended}`);
    await wait(LOOK);
  }
}

/** By its socket, where there is one. */
async function exitMaster(
  [file = '', ...options]: readonly string[],
  socket: string,
  host: string,
): Promise<void> {
  if (!existsSync(socket)) return;
  const words = [...options, '-o', `ControlPath=${socket}`, '-O', 'exit', host];
  await endOf(spawn(file, words, { stdio: ['ignore', 'ignore', 'pipe'] }));
}

async function endMaster(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
