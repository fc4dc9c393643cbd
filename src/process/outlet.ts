/**
 * Small texts for standard output and standard error, which wait for no reader for ever: what nobody takes is dropped.
 *
 * A client that reads nothing would otherwise stop this process in write(2), with all that it holds.
 */

import { writeSync } from 'node:fs';

/** Milliseconds between two tries, and how long this process waits for readers in all. */
const PAUSE = 10;
const PATIENCE = 2000;

let waited = 0;

/** Standard error, told not to wait; undefined where it is a file or a terminal. */
let standardError: Handled | undefined | 'unopened' = 'unopened';

interface Handled {
  readonly _handle?: { setBlocking(blocking: boolean): void };
}

/**
 * Writes `text`, or as much of it as is read. A reader that is gone is no error.
 *
 * @throws Error when the descriptor cannot be written to for another reason.
 */
export function writeOrDrop(descriptor: 1 | 2, text: string): void {
  if (descriptor === 2) dontWait();
  for (let bytes: Uint8Array = Buffer.from(text); bytes.length > 0; ) {
    const written = unlessUnread(() => writeSync(descriptor, bytes));
    if (written === 'gone') return;
    if (written !== 'full') bytes = bytes.subarray(written);
    else if (waited >= PATIENCE) return;
    else sleep();
  }
}

/**
 * Node has no fcntl(2) of its own: opening a socket or a pipe makes it one that does not wait. A child that had the same
 * one for its output may have changed that (libuv's src/unix/process.c), so it is said anew each time.
 */
function dontWait(): void {
  if (standardError === 'unopened') {
    try {
      // Only when there is something to say: most commands do without sockets.
      const { Socket } = process.getBuiltinModule('node:net');
      standardError = new Socket({ fd: 2, readable: false, writable: true }) as unknown as Handled;
    } catch {
      standardError = undefined;
    }
  }
  standardError?._handle?.setBlocking(false);
}

function unlessUnread(write: () => number): number | 'full' | 'gone' {
  try {
    return write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return 'full';
    if (code === 'EPIPE') return 'gone';
    throw error;
  }
}

function sleep(): void {
  waited += PAUSE;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
}
