/**
 * How many bytes a process has written in all, by the kernel's own count (`wchar` in proc(5)): exactly, or not at all.
 *
 * A process that has ended keeps its count until somebody waits for it. Before that it closes its standard error, and Node
 * reads that end first: libuv looks for ended children last of all (src/unix/linux.c, uv__io_poll). In between the count is final.
 */

import type { ChildProcess } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';

/** A process on its way out has closed its files some microseconds before it has ended. Looks, and milliseconds between two. */
const [LOOKS, PAUSE] = [20, 0.2];

/** Before a child becomes its program, libuv may have written a byte in it (src/unix/signal.c, uv__signal_unlock). */
const OF_LIBUV = 1;

/**
 * Counts what `child` writes, without what it writes to its standard error, which must be a pipe to us. To be called when the
 * child has just been started, by the absolute path of `program`: a script that runs it would write what it likes. The answer
 * tells the bytes once it has ended; undefined where they are not certain.
 */
export function countWritten(child: ChildProcess, program: string): () => number | undefined {
  const before = child.pid !== undefined && runs(child.pid, program) ? bytesWritten(child.pid) : undefined;
  // It has begun already, so that nobody knows what the program wrote, and what was there before.
  if (before === undefined || before > OF_LIBUV) return () => undefined;
  let aside = 0;
  let written: number | undefined;
  child.stderr?.on('data', (chunk: Buffer) => {
    aside += chunk.length;
  });
  child.stderr?.on('end', () => {
    const all = finalCount(child);
    written = all === undefined ? undefined : all - before - aside;
  });
  return () => written;
}

/** Undefined where it has been waited for, so that its number may be another's, or goes on. */
function finalCount({ pid, exitCode, signalCode }: ChildProcess): number | undefined {
  if (pid === undefined || exitCode !== null || signalCode !== null) return undefined;
  for (let look = 0; look < LOOKS; look += 1) {
    const state = /\) (\S)/.exec(readProc(pid, 'stat') ?? '')?.[1];
    if (state === undefined) return undefined;
    if (state === 'Z') return bytesWritten(pid);
    Atomics.wait(NOBODY, 0, 0, PAUSE);
  }
  return undefined;
}

/** Nobody wakes who waits here. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/** True where process `pid` is that very file, and not what reads it as a script. */
function runs(pid: number, program: string): boolean {
  try {
    return program.startsWith('/') && realpathSync(program) === readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return false;
  }
}

/** What a process has written so far, also by the kernel on its behalf; undefined when unreadable. */
export function bytesWritten(pid: number): number | undefined {
  const found = /^wchar: (\d+)$/m.exec(readProc(pid, 'io') ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

function readProc(pid: number, file: 'stat' | 'io'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}
