/**
 * Texts for standard output and standard error, which wait for no reader for ever: what nobody takes is dropped.
 *
 * A client that reads nothing would otherwise stop this process in write(2), with all that it holds.
 */

import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Interruption } from './interruption.ts';

/** Milliseconds between two tries, and how long this process waits for readers in all. */
const PAUSE = 10;
const PATIENCE = 2000;

let waited = 0;

/** Standard error, told not to wait; undefined where it is a file or a terminal. */
let standardError: Handled | undefined | 'unopened' = 'unopened';

interface Handled {
  readonly _handle?: { setBlocking(blocking: boolean): void };
}

/** What a reader has to take of a long text before it is given more time. Bytes. */
const PIECE = 16_384;

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
 * Writes a long `text` to standard output, however slowly it is read; false where a piece of it was not taken for `seconds`.
 * A signal ends it, and a reader that is gone is no error.
 */
export async function writeOrStall(
  text: string,
  seconds: number,
  interruption: Interruption,
): Promise<boolean> {
  const output = openSocket(1);
  if (output === undefined) {
    writeOrDrop(1, text);
    return true;
  }
  let stalled = false;
  const end = () => output.destroy();
  output.on('error', end);
  const stopListening = interruption.onSignal(end);
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length && !output.destroyed; start += PIECE) {
    const timer = setTimeout(() => {
      stalled = true;
      end();
    }, seconds * 1000);
    await new Promise((resolve) => output.write(bytes.subarray(start, start + PIECE), resolve));
    clearTimeout(timer);
  }
  stopListening();
  return !stalled;
}

/** A pipe or a socket to write to, which does not wait from now on; undefined for a file or a terminal. */
function openSocket(descriptor: 1 | 2): Socket | undefined {
  try {
    // Only when there is something to say: most commands do without sockets.
    const { Socket } = process.getBuiltinModule('node:net');
    return new Socket({ fd: descriptor, readable: false, writable: true });
  } catch {
    return undefined;
  }
}

/**
 * Node has no fcntl(2) of its own: opening a socket or a pipe makes it one that does not wait. A child that had the same
 * one for its output may have changed that (libuv's src/unix/process.c), so it is said anew each time.
 */
function dontWait(): void {
  if (standardError === 'unopened') standardError = openSocket(2) as Handled | undefined;
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
