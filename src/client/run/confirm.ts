/**
 * A person's yes before something is destroyed. Stock zrep sleeps for 10 or 20 seconds and goes on, whether anybody
 * has read it or not; this lists what would go and asks on the terminal, and without one it wants -f.
 */

import { printable } from '../../printable.ts';
import { openTerminal, type Terminal } from '../../process/terminal.ts';
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
