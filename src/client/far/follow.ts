/** A command on the far side that may take as long as a stream, told as it goes on. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Ended, endOf } from '../../process/pipeline.ts';
import { busyThere } from '../run/patience.ts';
import type { Run } from '../run/run.ts';
import type { FarSide } from './far-side.ts';
import { farLines } from './far-text.ts';

/** What zrep says of one file system are a handful. */
const MOST_LINES = 200;

/** Runs `command` there to its end; what it says is said here, line by line. @throws Interrupted on a signal. */
export async function follow(run: Run, far: FarSide, command: string): Promise<Ended> {
  // What prints a line has begun.
  const isBusy = (one: Followed) => (one.lines === 0 ? busyThere(one) : undefined);
  const ended = await run.patience.until(() => followOnce(run, far, command), isBusy);
  run.report.far(far.host.name, farLines(ended.message));
  run.step.interruption.check();
  return ended;
}

interface Followed extends Ended {
  /** How many lines it printed on standard output. */
  readonly lines: number;
}

async function followOnce({ step, report }: Run, far: FarSide, command: string): Promise<Followed> {
  const { interruption } = step;
  interruption.check();
  const [file = '', ...words] = await far.argvOf(command);
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stopListening = interruption.onSignal(() => child.kill('SIGTERM'));
  let lines = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines += 1;
    if (lines <= MOST_LINES) for (const text of farLines(line)) report.line(text);
  });
  try {
    return { ...(await endOf(child)), lines };
  } finally {
    stopListening();
  }
}
