/**
 * The end of a pipe that is looked into before a child may read it: what is taken out can be put back in front of the rest,
 * as long as nobody writes.
 */

import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, read, readSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A pipe's own size, unless somebody has changed that. */
const PIPE = 65_536;
/** Milliseconds until a full pipe is tried again. */
const PAUSE = 1;

const readInto = promisify(read);

export interface Inlet {
  /** To be handed to a child as its standard input. */
  readonly descriptor: number;
  /** The next `count` bytes; fewer when the stream ends before. Waits for them, and reads nothing beyond. */
  take(count: number): Promise<Buffer>;
  /** What is in the pipe now. */
  drain(): Buffer;
  /**
   * Puts `bytes` into the pipe, which was drained and which nobody else writes to, for the child that `start` starts; what that
   * leaves when it has ended is to be taken again. The answer is what was started.
   */
  fill<Started extends { readonly child: ChildProcess }>(
    bytes: Buffer,
    start: () => Started,
  ): Promise<Started>;
  /** Nothing more is to be taken: who waits for it is told that it has come to its end. */
  abort(): void;
  close(): void;
}

/** Of the pipe whose end to read from is `descriptor`. */
export function createInlet(descriptor: number): Inlet {
  // An end of its own that does not wait: the mode is one of the opening, and children expect theirs to wait.
  const again = (mode: number) => openSync(`/proc/self/fd/${descriptor}`, mode | constants.O_NONBLOCK);
  let open = true;
  let aborted = false;
  /** In front of what is in the pipe: a pipe counts in pages, and one that was begun to be read has no room for what was read. */
  let kept: Buffer = Buffer.alloc(0);
  const drainPipe = () => {
    const end = again(constants.O_RDONLY);
    try {
      const chunks: Buffer[] = [];
      for (;;) {
        const chunk = Buffer.alloc(PIPE);
        const length = unlessBusy(() => readSync(end, chunk)) ?? 0;
        if (length === 0) return Buffer.concat(chunks);
        chunks.push(chunk.subarray(0, length));
      }
    } finally {
      closeSync(end);
    }
  };
  return {
    descriptor,
    async take(count) {
      const bytes = Buffer.alloc(count);
      let length = kept.copy(bytes);
      kept = kept.subarray(length);
      while (length < count && open && !aborted) {
        const { bytesRead } = await readInto(descriptor, bytes, length, count - length, null);
        if (bytesRead === 0 || aborted) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    },
    drain() {
      const drained = Buffer.concat([kept, drainPipe()]);
      kept = Buffer.alloc(0);
      return drained;
    },
    async fill(bytes, start) {
      // Before there is a reader: where the writer has ended already, that would find the end of the stream.
      const end = again(constants.O_WRONLY);
      try {
        const started = start();
        for (let at = 0; at < bytes.length; ) {
          const ended = hasEnded(started.child);
          const written = unlessBusy(() => writeSync(end, bytes, at));
          if (written !== undefined) at += written;
          else if (ended) {
            kept = Buffer.concat([drainPipe(), bytes.subarray(at)]);
            break;
          } else await wait(PAUSE);
        }
        return started;
      } finally {
        closeSync(end);
      }
    },
    abort() {
      if (!open || aborted) return;
      aborted = true;
      // A read that waits in the kernel ends with what comes, and with nothing else.
      const end = again(constants.O_WRONLY);
      unlessBusy(() => writeSync(end, Buffer.alloc(1)));
      closeSync(end);
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

function hasEnded({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null || pid === undefined;
}

/** Undefined where the kernel says that it would have to wait (EAGAIN). */
function unlessBusy(work: () => number): number | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
