/** The terminal that the person sits at: something is printed there, and a line is read. */

import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ReadStream, WriteStream } from 'node:tty';
import type { Interruption } from './interruption.ts';

export interface Terminal {
  print(text: string): void;
  /** The next line; undefined at the end of the input, and when a signal comes. */
  readLine(interruption: Interruption): Promise<string | undefined>;
  close(): void;
}

/**
 * The terminal that the person sits at, whatever standard input is; undefined where there is none, as under cron, or where it is
 * another job's: the kernel would stop who reads it in the background. With `discard`, what was typed before now does not count.
 */
export function openTerminal({ discard = false } = {}): Terminal | undefined {
  if (inBackground(readFileSync('/proc/self/stat', 'latin1'))) return undefined;
  const descriptors = controllingTerminal() ?? (process.stdin.isTTY ? ([0, 2] as const) : undefined);
  if (descriptors === undefined) return undefined;
  const [input, output] = [new ReadStream(descriptors[0]), new WriteStream(descriptors[1])];
  if (discard) discardTyped(input, descriptors[0]);
  // Whole lines, as the kernel edits them: Ctrl-C stays a signal.
  const lines = createInterface({ input, terminal: false });
  return {
    print: (text) => output.write(text),
    readLine: (interruption) =>
      new Promise((resolve) => {
        const stopListening = interruption.onSignal(() => lines.close());
        lines.once('line', resolve);
        lines.once('close', () => {
          stopListening();
          resolve(undefined);
        });
      }),
    close() {
      lines.close();
      input.destroy();
      output.destroy();
    },
  };
}

/** proc(5), /proc/pid/stat: the process group, and the one in the foreground of its terminal, -1 (or 0, in a container) without one. Pure. */
export function inBackground(stat: string): boolean {
  const [, , group, , , foreground] = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  return foreground !== '-1' && foreground !== '0' && foreground !== group;
}

function controllingTerminal(): readonly [number, number] | undefined {
  try {
    return [openSync('/dev/tty', 'r'), openSync('/dev/tty', 'w')];
  } catch {
    return undefined;
  }
}

/** Reads what is there. In raw mode that is also a line which has no end yet. */
function discardTyped(input: ReadStream, descriptor: number): void {
  // An open file of its own, since it must not wait, and the other one must.
  const own = openSync(
    `/proc/self/fd/${descriptor}`,
    constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
  );
  input.setRawMode(true);
  try {
    while (readSync(own, Buffer.alloc(4096)) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  } finally {
    input.setRawMode(false);
    closeSync(own);
  }
}
