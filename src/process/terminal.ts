/** The terminal that the person sits at: something is printed there, and a line is read. */

import { openSync, readFileSync } from 'node:fs';
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
 * another job's: the kernel would stop who reads it in the background.
 */
export function openTerminal(): Terminal | undefined {
  if (inBackground(readFileSync('/proc/self/stat', 'latin1'))) return undefined;
  const descriptors = controllingTerminal() ?? (process.stdin.isTTY ? ([0, 2] as const) : undefined);
  if (descriptors === undefined) return undefined;
  const [input, output] = [new ReadStream(descriptors[0]), new WriteStream(descriptors[1])];
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
