/** Processes in a row, each reading what the one before it writes, through pipes of the kernel's alone. */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { makePipe } from './pipe.ts';
import { countWritten } from './written.ts';

/** Of a message, what is worth keeping; a talkative child must not fill our memory. Bytes. */
const MESSAGE_LIMIT = 8192;

/** How one process ended: either `code` or `signal` is set. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Its standard error, the first 8 KiB. */
  readonly message: string;
}

/** One process of a row: what it is and where it runs. */
export interface Stage {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Ours, when left out. */
  readonly cwd?: string;
}

/**
 * Starts each stage behind the one before it, and puts it among `children` at once; the first reads nothing, the last
 * one's standard output is `output`, a descriptor of the caller's where it is a number. The answer tells, once all have ended, how
 * many bytes the first one wrote to the next; undefined where that is not certain.
 *
 * @throws Error when one cannot even be tried (E2BIG, ENOMEM); those before it are then among `children`.
 */
export function startStages(
  stages: readonly Stage[],
  children: ChildProcess[],
  output: 'inherit' | 'ignore' | number,
): () => number | undefined {
  // Only the children may hold a pipe's ends when all are started, or its reader never sees the end.
  const held = new Set<number>();
  const close = (descriptor: number) => {
    if (held.delete(descriptor)) closeSync(descriptor);
  };
  let written: () => number | undefined = () => undefined;
  try {
    let input: number | 'ignore' = 'ignore';
    for (const [index, { argv, env, cwd }] of stages.entries()) {
      const [file = '', ...words] = argv;
      const pipe = index < stages.length - 1 ? makePipe() : undefined;
      if (pipe) held.add(pipe.read).add(pipe.write);
      const child = spawn(file, words, { env, cwd, stdio: [input, pipe?.write ?? output, 'pipe'] });
      children.push(child);
      if (index === 0) written = countWritten(child, file);
      if (typeof input === 'number') close(input);
      if (pipe) close(pipe.write);
      input = pipe?.read ?? 'ignore';
    }
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
  return written;
}

/** What a child prints on its standard output, which must be a pipe to us: the first 8 KiB. */
export function printedBy(child: ChildProcess): () => string {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    if (output.length < MESSAGE_LIMIT)
      output += chunk.toString('latin1').slice(0, MESSAGE_LIMIT - output.length);
  });
  return () => output;
}

/** What a child that was killed has said is read within this. Milliseconds. */
const LAST_WORDS = 200;

/**
 * How a child ends, with what it said on its standard error, which must be a pipe to us. Of one that was killed, somebody else
 * can still hold that pipe: a shared ssh connection does, for as long as the far side is at work.
 */
export function endOf(child: ChildProcess): Promise<Ended> {
  let message = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (message.length < MESSAGE_LIMIT)
      message += chunk.toString('latin1').slice(0, MESSAGE_LIMIT - message.length);
  });
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    // A child that could not be started has no exit code: report it as a shell does, with the reason.
    child.on('error', (error) => resolve({ code: 127, signal: null, message: error.message }));
    // ssh ends itself when it is killed.
    child.on('exit', (_code, signal) => {
      if (signal !== null || child.killed) timer = setTimeout(() => letGo(child), LAST_WORDS);
    });
    child.on('close', (code, signal) => {
      // Or this process would not end before.
      clearTimeout(timer);
      resolve({ code, signal, message });
    });
  });
}

function letGo({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

/** True when the process ended well. */
export function succeeded(ended: Ended): boolean {
  return ended.code === 0;
}
