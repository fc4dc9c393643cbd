/**
 * Does a process still write, or does nobody read? Linux's /proc; the bytes themselves are never looked at.
 *
 * A stream has stalled when the process that writes it has written nothing for so long, and is found waiting for its
 * reader each time. One that computes, reads, or waits for its disks has not: looking for what changed can take long.
 * What a thread waits for is the name of a function of the kernel's (wchan in proc(5)). Where the kernel names none of
 * a process's, one that sleeps counts as waiting for its reader.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { bytesWritten } from './written.ts';

/**
 * Writing to a pipe or a socket: the functions that sleep there (`pipe_write`, since Linux 6.14 `anon_pipe_write`, in
 * fs/pipe.c; net/core/sock.c; net/core/stream.c). Reading from a pipe, as a filter does, is another one.
 */
const WAITS_FOR_READER = /pipe_write|sock_alloc_send|sock_wait_for_wmem|sk_stream_wait/;

/** What wchan has of a thread that runs, and of every thread where the kernel does not say. */
const UNSAID = /^0?$/;

/** Looks in the time of one stall; a stream is found out in 1.1 times its `seconds` at the latest. */
const LOOKS = 10;

/** Calls `stalled` once when process `pid` has waited for its reader for `seconds`; the answer ends the watch. */
export function watchForStall(pid: number, seconds: number, stalled: () => void): () => void {
  let written = bytesWritten(pid);
  let idle = 0;
  const timer = setInterval(
    () => {
      const now = bytesWritten(pid);
      // It has ended, or /proc hides it: then there is nothing to tell.
      if (now === undefined) return;
      idle = now === written && waitsForReader(pid) ? idle + 1 : 0;
      written = now;
      if (idle < LOOKS) return;
      clearInterval(timer);
      stalled();
    },
    (seconds * 1000) / LOOKS,
  );
  return () => clearInterval(timer);
}

/** True when one of the process's threads does: mbuffer and zstd have one for writing, for which the others wait. */
function waitsForReader(pid: number): boolean {
  const threads = threadsOf(pid).map((thread) => ({
    sleeps: /\) S /.test(readProc(`${thread}/stat`) ?? ''),
    wchan: readProc(`${thread}/wchan`) ?? '',
  }));
  const asleep = threads.length > 0 && threads.every(({ sleeps }) => sleeps);
  return (
    threads.some(({ wchan }) => WAITS_FOR_READER.test(wchan)) ||
    (asleep && threads.every(({ wchan }) => UNSAID.test(wchan)))
  );
}

/** Each thread's folder in /proc; at least the process's own, which then cannot be read. */
function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `${pid}/task/${thread}`);
  } catch {
    return [String(pid)];
  }
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}
