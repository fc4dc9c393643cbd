/**
 * `zrep init --pull --undo HOST:SOURCE DESTINATION`: takes back what the same command without `--undo` set on HOST. Whether
 * that may be, its gate decides, under its lock: nothing here could know that no stream ended well.
 */

import { succeeded } from '../../process/pipeline.ts';
import { forgetBegun } from '../copies/begun.ts';
import { NO_CONNECTION, refusedByGate } from '../far/answer.ts';
import { uninitCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { hintFor } from '../set-up/hints.ts';
import { tellWhatIsLeft } from '../set-up/what-is-left.ts';
import { zrepFor } from '../words/again.ts';
import type { InitPullCommand } from '../words/init-words.ts';

/** Carries it out, or with --dry-run prints what it would; the answer is the exit code. @throws Failure where it is refused. */
export async function takeBack(run: Run, far: FarSide, command: InitPullCommand): Promise<number> {
  const { settings, report } = run;
  const { host, source, destination, dryRun } = command;
  const words = uninitCommand(settings, source, settings.hostName, destination);
  if (dryRun) {
    for (const line of [`On ${host}, by ssh:`, `  ${words}`, 'Nothing was done.']) report.line(line);
    return 0;
  }
  const answer = await far.ask(words);
  const code = refusedByGate(answer);
  // Also where an earlier one did it, and its answer was lost.
  if (code === 'not-set-up')
    report.line(`There is nothing to take back: ${source} on ${host} belongs to no pair`);
  else {
    report.far(host, farLines(answer.message));
    if (answer.code === NO_CONNECTION)
      throw new Failure(`the connection to ${host} broke; the same command completes it`);
    if (!succeeded(answer)) {
      const stock = `${zrepFor(settings.tag)} clear ${source}`;
      const hint = hintFor(code, { host, source, stock });
      throw new Failure([`${host} did not take it back`, ...(hint === undefined ? [] : [hint])].join('; '));
    }
    report.line(
      `The set-up of ${host}:${source} is taken back; its files and other snapshots are as they were`,
    );
  }
  await forgetBegun(run, command);
  await tellWhatIsLeft(run, destination);
  return 0;
}
