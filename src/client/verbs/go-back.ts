/** Before the master of a pair steps down without a last sync: it goes back to a snapshot that the other side has. */

import { inOneLine } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { fullName } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { setArgv } from '../../zfs/argv.ts';
import type { Listing } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { rollbackCommand, snapshotCommand } from '../far/push-commands.ts';
import { markPushed } from '../push/marks.ts';
import type { Course } from '../push/master.ts';
import { newerThere } from '../push/newer-there.ts';
import { refuseSplitBrain } from '../push/split-brain.ts';
import type { Ends } from '../roles/ends.ts';
import { planRollback, type Rollback } from '../roles/rollback.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { FailoverCommand } from '../words/role-words.ts';

/** What was planned, asked there, and agreed to by a person. */
export interface Return extends Rollback {
  /** The snapshot's name on the other side; undefined where that is left alone. */
  readonly there: string | undefined;
}

/** @throws Failure when it cannot be, or nobody agrees to what it loses. */
export async function readReturn(
  run: Run,
  command: FailoverCommand,
  listing: Listing,
  ends: Ends,
): Promise<Return> {
  const { settings } = run;
  const { dataset, local, host } = command;
  const wanted = { name: command.snapshot, below: settings.recursive };
  const plan = planRollback(listing, dataset, settings.tag, wanted);
  const there = local ? undefined : `${ends.there.dataset}@${plan.snapshot.name}`;
  const theirs = there === undefined ? [] : await lossesThere(run, ends, plan, there);
  const target = command.snapshot === undefined ? dataset : `${dataset}@${command.snapshot}`;
  await confirm(run, {
    heading: `${dataset} would go back to ${plan.snapshot.name}, and lose:`,
    losses: [...plan.losses, ...theirs],
    toldAnyway: true,
    command: [zrepAgain(settings), 'failover', ...(local ? ['-L'] : []), '-f', target, host]
      .filter((word) => word !== undefined)
      .join(' '),
  });
  return { ...plan, there };
}

/** @throws Failure where the other side is a master, too, or has not that very snapshot. */
async function lossesThere(
  run: Run,
  ends: Ends,
  { snapshot, datasets }: Rollback,
  there: string,
): Promise<string[]> {
  const far = run.far(ends.there.host);
  const course = courseOf(ends);
  await refuseSplitBrain(run, far, course);
  if (!succeeded(await far.ask(snapshotCommand(there))))
    throw new Failure(`${far.host.name}:${there} does not exist. Cannot roll to snap`);
  const newer = await newerThere(run, far, course, snapshot, datasets.length > 1);
  return newer.map((loss) => `on ${far.host.name}: ${loss}`);
}

function courseOf({ here, there }: Ends): Course {
  return { dataset: here.dataset, host: there.host, destination: there.dataset };
}

/** Here, and there where it is asked for. */
export async function goBack(run: Run, command: FailoverCommand, ends: Ends, back: Return): Promise<void> {
  const { report } = run;
  const { dataset, local, snapshot } = command;
  const full = fullName(back.snapshot);
  if (local)
    report.line(`Failover for ${snapshot === undefined ? dataset : `${dataset}@${snapshot}`} in LOCAL mode`);
  const which = !local ? 'local' : snapshot === undefined ? 'last sync' : 'specified snap';
  report.line(`Rolling back to ${which} ${full}`);
  await rollBack(run, back);
  if (back.there === undefined) return markBase(run, back);
  const far = run.far(ends.there.host);
  report.line(`Rolling back ${far.host.name} to ${back.there}`);
  await rollBackThere(run, far, back.there);
  for (const below of back.datasets.slice(1)) {
    const same = `${ends.there.dataset}${below.slice(dataset.length)}@${back.snapshot.name}`;
    if (succeeded(await far.ask(snapshotCommand(same)))) await rollBackThere(run, far, same);
  }
  if (back.snapshot.sent === undefined) await markPushed(run, far, courseOf(ends), back.snapshot.name, now());
}

/** What came along between two syncs has no mark; now it is what the next one begins with. */
export async function markBase({ settings, step }: Run, { snapshot }: Rollback): Promise<void> {
  if (snapshot.sent !== undefined) return;
  const mark = { [`${settings.tag}:sent`]: String(now()) };
  mustSucceed(await step.zfs.ask(setArgv(fullName(snapshot), mark)), snapshot.dataset);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

async function rollBackThere({ report }: Run, far: FarSide, snapshot: string): Promise<void> {
  const answer = await far.ask(rollbackCommand(snapshot));
  report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer)) throw new Failure('remote rollback failed');
}

/** @throws Failure in stock's words. Unlike with stock no clone goes along: who made it may need it. */
export async function rollBack({ step }: Run, { argvs, snapshot }: Rollback): Promise<void> {
  for (const argv of argvs) {
    const ended = await step.zfs.ask(argv);
    if (!succeeded(ended))
      throw new Failure(`Rollback to ${fullName(snapshot)} failed (${inOneLine(ended.message)})`);
  }
}
