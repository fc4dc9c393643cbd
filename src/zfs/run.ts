/**
 * The only place that starts zfs.
 *
 * Every child gets a constant environment, `/` as its directory and no standard input. A stream's first stage
 * is zfs send, the last one's standard output is the ssh channel itself: no byte of it passes through here.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Interruption } from '../process/interruption.ts';
import { makePipe } from '../process/pipe.ts';

/** What the children see, whatever this process was given: a constant PATH, and messages in English. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** Of a message, what is worth keeping; a talkative zfs must not fill our memory. Bytes. */
const MESSAGE_LIMIT = 8192;

/** How one process ended: either `code` or `signal` is set. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its standard error, the first 8 KiB. */
  readonly message: string;
}

interface Captured extends Ended {
  readonly output: string;
}

export interface Zfs {
  /** The binary's path. */
  readonly binary: string;
  /** Runs zfs to its end and captures what it prints. */
  ask(argv: readonly string[]): Promise<Captured>;
  /**
   * Runs zfs with its output on our standard output, through `filters` where there are any; a stage
   * that failed speaks for all.
   */
  stream(argv: readonly string[], filters: readonly (readonly string[])[]): Promise<Ended>;
}

/** True when the process ended well. */
export function succeeded(ended: Ended): boolean {
  return ended.code === 0;
}

/** zfs at `binary`, whose children are told of signals that `interruption` hears of. */
export function createZfs(binary: string, interruption: Interruption): Zfs {
  return {
    binary,
    // Short calls are not told of signals: half a lock is worse than one step more.
    ask: (argv) => captureProcess([binary, ...argv]),
    stream: (argv, filters) => streamProcesses([[binary, ...argv], ...filters], interruption),
  };
}

async function captureProcess([file = '', ...argv]: readonly string[]): Promise<Captured> {
  const child = spawn(file, argv, { env: ENVIRONMENT, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = await endOf(child);
  return { ...ended, output: Buffer.concat(chunks).toString('utf8') };
}

async function streamProcesses(
  stages: readonly (readonly string[])[],
  interruption: Interruption,
): Promise<Ended> {
  const children: ChildProcess[] = [];
  const stopListening = interruption.onSignal(() => {
    for (const child of children) child.kill('SIGTERM');
  });
  try {
    let input: number | 'ignore' = 'ignore';
    for (const [index, [file = '', ...argv]] of stages.entries()) {
      const pipe = index < stages.length - 1 ? makePipe() : undefined;
      const output = pipe?.write ?? 'inherit';
      children.push(spawn(file, argv, { env: ENVIRONMENT, cwd: '/', stdio: [input, output, 'pipe'] }));
      // Only the children may hold a pipe's ends, or its reader never sees the end.
      if (typeof input === 'number') closeSync(input);
      if (pipe) closeSync(pipe.write);
      input = pipe?.read ?? 'ignore';
    }
    const ends = await Promise.all(children.map(endOf));
    const failed = ends.filter((ended) => !succeeded(ended));
    // SIGPIPE tells that a later stage failed, so it speaks only where no other failure does.
    return failed.find(({ signal }) => signal !== 'SIGPIPE') ?? failed[0] ?? (ends[0] as Ended);
  } finally {
    stopListening();
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  let message = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (message.length < MESSAGE_LIMIT)
      message += chunk.toString('latin1').slice(0, MESSAGE_LIMIT - message.length);
  });
  return new Promise((resolve) => {
    // A child that could not be started has no exit code: report it as a shell does, with the reason.
    child.on('error', (error) => resolve({ code: 127, signal: null, message: error.message }));
    child.on('close', (code, signal) => resolve({ code, signal, message }));
  });
}
