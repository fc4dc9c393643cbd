/**
 * The sent marks of a push, as stock has them: TAG:sent on the snapshot, on both sides the same epoch seconds. The other side's
 * comes first: where it could not be told, the snapshot counts as unsent here, and the next sync finds by its GUID that
 * it is there (arrived.ts).
 */

import { succeeded } from '../../process/pipeline.ts';
import { mustSucceed } from '../../replication/step.ts';
import { setArgv } from '../../zfs/argv.ts';
import { askAgain, mayPass } from '../far/ask-again.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { markCommand, oldMarkCommands } from '../far/push-commands.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import { saysMissing } from './arrival.ts';
import { keepPushed } from './keep-pushed.ts';
import type { Course } from './master.ts';

/** Marks `snapshot`, a name behind the @ that both sides have, as sent at `sent`, there and here. */
export async function markPushed(
  run: Run,
  far: FarSide,
  { dataset, destination }: Course,
  snapshot: string,
  sent: number,
): Promise<void> {
  const { step, report, settings } = run;
  const { tag } = settings;
  const [here, there] = [`${dataset}@${snapshot}`, `${destination}@${snapshot}`];
  // Beside what takes its time over there.
  const keeping = keepPushed(run, dataset, snapshot);
  const answer = await askAgain(far, markCommand(tag, there, sent)).finally(() => keeping);
  report.far(far.host.name, farLines(answer.message));
  // Whatever it ends with. For a host that does not let itself be asked, this is all there is.
  if (saysMissing(answer))
    throw new Failure(
      `${here} was streamed, but ${far.host.name} says that it has no ${there}; nothing is marked, and the next ${zrepAgain(settings)} sync ${dataset} sends anew`,
    );
  if (mayPass(answer))
    throw new Failure(
      `${here} was received, but ${far.host.name} could not be told so; the next ${zrepAgain(settings)} sync ${dataset} tries again`,
    );
  if (!succeeded(answer)) {
    report.line(`WARNING: setting ${tag}:sent failed on ${far.host.name}:${there}`);
    report.line(`Using fallback methods. You should go patch ${destination} to have newer ZFS version`);
    for (const command of oldMarkCommands(tag, here, destination, sent)) {
      const { message } = await far.ask(command);
      report.far(far.host.name, farLines(message));
    }
  }
  mustSucceed(await step.zfs.ask(setArgv(here, { [`${tag}:sent`]: String(sent) })), dataset);
}
