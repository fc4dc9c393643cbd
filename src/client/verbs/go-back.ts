/** Before the master of a pair steps down without a last sync: it goes back to a snapshot that the other side has. */

import { printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { fullName } from '../../replication/snapshots.ts';
import type { Listing } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { rollbackCommand, snapshotCommand } from '../far/push-commands.ts';
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
  if (there !== undefined) await refuseWithout(run, ends, there);
  const target = command.snapshot === undefined ? dataset : `${dataset}@${command.snapshot}`;
  const place = `${ends.there.host.name}:${ends.there.dataset}`;
  await confirm(run, {
    heading: `${dataset} would go back to ${plan.snapshot.name}, and lose:`,
    losses: [...plan.losses, ...(there === undefined ? [] : [`on ${place}, everything newer than that`])],
    command: [zrepAgain(settings), 'failover', ...(local ? ['-L'] : []), '-f', target, host]
      .filter((word) => word !== undefined)
      .join(' '),
  });
  return { ...plan, there };
}

async function refuseWithout(run: Run, ends: Ends, snapshot: string): Promise<void> {
  const far = run.far(ends.there.host);
  await refuseSplitBrain(run, far, {
    dataset: ends.here.dataset,
    host: ends.there.host,
    destination: ends.there.dataset,
  });
  if (!succeeded(await far.ask(snapshotCommand(snapshot))))
    throw new Failure(`${far.host.name}:${snapshot} does not exist. Cannot roll to snap`);
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
  if (back.there === undefined) return;
  const far = run.far(ends.there.host);
  report.line(`Rolling back ${far.host.name} to ${back.there}`);
  await rollBackThere(run, far, back.there);
  for (const below of back.datasets.slice(1)) {
    const same = `${ends.there.dataset}${below.slice(dataset.length)}@${back.snapshot.name}`;
    if (succeeded(await far.ask(snapshotCommand(same)))) await rollBackThere(run, far, same);
  }
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
      throw new Failure(`Rollback to ${fullName(snapshot)} failed (${printable(ended.message.trim())})`);
  }
}
