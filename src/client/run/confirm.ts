/**
 * A person's yes before something is destroyed. Stock zrep sleeps for 10 or 20 seconds and goes on, whether anybody
 * has read it or not; this lists what would go and asks on the terminal, and without one it wants -f.
 */

import { openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ReadStream, WriteStream } from 'node:tty';
import { printable } from '../../printable.ts';
import type { Interruption } from '../../process/interruption.ts';
import { Failure } from './failure.ts';
import type { Run } from './run.ts';

/** Of a list, as many lines as fit on a screen. */
const SHOWN = 20;

interface Question {
  /** What it comes to, a line: `From vault/home these would be destroyed:`. */
  readonly heading: string;
  /** What would be lost, one a line; the answer is yes where there is nothing. */
  readonly losses: readonly string[];
  /** The command that does it without asking. */
  readonly command: string;
  /** Agreed to on the command line: nobody is asked. Otherwise -f says that. */
  readonly agreed?: boolean;
  /** Little enough to go on where nobody is at a terminal. */
  readonly unattended?: boolean;
  /** Too much to be agreed to by anybody who does not see it. */
  readonly wantsTerminal?: boolean;
  /** What is lost is told also where nobody is asked, and all of it. It is where zfs destroys it. */
  readonly toldAnyway?: boolean;
}

export interface Terminal {
  print(text: string): void;
  /** The next line; undefined at the end of the input, and when a signal comes. */
  readLine(interruption: Interruption): Promise<string | undefined>;
  close(): void;
}

/**
 * Asks whether to go on, unless the command line said so. Of several that ask at the same time, one after the other.
 *
 * @throws Failure when the answer is not `yes`, or nobody is there to ask; Interrupted on a signal.
 */
export async function confirm(
  run: Pick<Run, 'settings' | 'report' | 'step'>,
  question: Question,
  open: () => Terminal | undefined = openTerminal,
): Promise<void> {
  if (question.losses.length === 0) return;
  if (question.agreed ?? run.settings.force) {
    if (question.toldAnyway) tell(run, question);
    return;
  }
  const asked = asking.then(() => ask(run, question, open));
  asking = asked.catch(() => {});
  await asked;
}

/** The terminal is one. */
let asking: Promise<void> = Promise.resolve();

function tell({ report }: Pick<Run, 'report'>, question: Question): void {
  for (const line of [question.heading, ...shown(question)]) report.warn(line);
}

async function ask(
  run: Pick<Run, 'report' | 'step'>,
  question: Question,
  open: () => Terminal | undefined,
): Promise<void> {
  const { step } = run;
  const { heading, command, unattended = false, toldAnyway = false, wantsTerminal = false } = question;
  step.interruption.check();
  const lines = [heading, ...shown(question)];
  const terminal = open();
  if (terminal === undefined) {
    if (!unattended || toldAnyway) tell(run, question);
    if (unattended) return;
    throw new Failure(
      `nothing was done, since nobody is at a terminal to be asked; to do it${wantsTerminal ? ', at a terminal' : ''}: ${command}`,
    );
  }
  let answer: string | undefined;
  try {
    terminal.print(`${lines.map((line) => `${printable(line)}\n`).join('')}Type yes to go on: `);
    answer = await terminal.readLine(step.interruption);
    if (answer === undefined) terminal.print('\n');
  } finally {
    terminal.close();
  }
  step.interruption.check();
  if (answer?.trim() !== 'yes') throw new Failure('nothing was done, since the answer was not yes');
}

function shown({ losses, toldAnyway = false }: Question): string[] {
  const more = toldAnyway ? 0 : losses.length - SHOWN;
  const lines = losses.slice(0, more > 0 ? SHOWN : losses.length).map((line) => `  ${line}`);
  return more > 0 ? [...lines, `  ... and ${more} more`] : lines;
}

/**
 * The terminal that the person sits at, whatever standard input is; undefined where there is none, as under cron, or where it is
 * another job's: the kernel would stop who reads it in the background.
 */
function openTerminal(): Terminal | undefined {
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
