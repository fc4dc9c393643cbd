/**
 * `zrep sync FS@SNAPSHOT`: rolls the other side back to a snapshot that both sides have. What is newer there is destroyed, so it
 * is listed first, and asked for; and the two must be the same snapshot, by GUID. Stock waits 20 seconds and does it.
 */

import { printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { withLock } from '../../replication/lock.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { type TaggedSnapshot, taggedSnapshots } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { creationArgv, readStateArgv } from '../../zfs/argv.ts';
import { parseListing } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { rollbackCommand, snapshotCommand } from '../far/push-commands.ts';
import { clearMarks, markedBehind } from '../push/clear-marks.ts';
import { markPushed } from '../push/marks.ts';
import { type Course, masterListingProperties, readCourse, refuseOther } from '../push/master.ts';
import { newerThere } from '../push/newer-there.ts';
import { refuseSplitBrain } from '../push/split-brain.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { Settings } from '../words/settings.ts';
import type { SyncToCommand } from '../words/sync-words.ts';

/** Carries `command` out; the answer is the exit code. */
export async function syncTo(settings: Settings, command: SyncToCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    await rollBackThere(run, command);
    return 0;
  });
}

/** The same in a run that is there. @throws Failure. */
export async function rollBackThere(run: Run, command: SyncToCommand): Promise<void> {
  const { settings, step, report } = run;
  const { dataset, name } = command;
  const { course, snapshot, creation } = await lookHere(run, command);
  const far = run.far(course.host);
  const there = `${course.destination}@${name}`;

  report.line('Validating remote snap');
  const answer = await far.ask(snapshotCommand(there));
  if (!succeeded(answer)) {
    report.far(far.host.name, farLines(answer.message));
    throw new Failure(`${there} does not exist. Cannot roll to snap`);
  }
  await refuseSplitBrain(run, far, course);
  report.line(`WARNING: We will be rolling back  ${course.destination}, on ${far.host.name}`);
  report.line(`   to  ${name}, made at: ${creation}`);
  report.line('');
  report.line('All newer snapshots on remote side will be destroyed');
  report.line(`You should have paused ongoing sync jobs for ${course.destination} before continuing`);
  const losses = await newerThere(run, far, course, snapshot);
  await confirm(run, {
    heading: `On ${far.host.name} these would be destroyed, and what was changed since ${there}:`,
    losses,
    toldAnyway: true,
    command: `${zrepAgain(settings)} sync -f ${dataset}@${name}`,
  });

  const reading = { properties: masterListingProperties(settings.tag), depth: 1 };
  const refusal = await withLock(step, dataset, settings.tag, reading, async (listing) => {
    const snapshots = taggedSnapshots(listing, dataset, settings.tag);
    const same = snapshots.find(({ guid }) => guid === snapshot.guid);
    if (same === undefined) throw new Failure(`${dataset}@${name} is gone meanwhile`);
    // While somebody was thinking about it, another sync may have brought more.
    const now = settings.force ? losses : await newerThere(run, far, course, snapshot);
    const more = now.filter((one) => one.includes('@') && !losses.includes(one));
    if (more.length > 0)
      throw new Failure(`more has come to ${far.host.name} meanwhile, nothing was done: ${more.join('; ')}`);
    // What came along between two syncs has no mark yet, and is what the next one begins with.
    if (same.sent === undefined) await markPushed(run, far, course, name, sentTime(snapshots));
    // First here: a mark too few is made good by the next sync, where the other side has the snapshot after all.
    await clearMarks(run, settings.tag, markedBehind(snapshots, same));
    await roll(run, far, there);
    report.line(`${far.host.name}:${course.destination} rolled back successfully to ${name}`);
    report.line('Now cleaning up local snapshots');
    return undefined;
  });
  if (isRefusal(refusal)) throw new Failure(`Cannot lock ${dataset} (${refusal.reason})`);
}

async function lookHere(
  { settings, step }: Run,
  { dataset, name }: SyncToCommand,
): Promise<{ course: Course; snapshot: TaggedSnapshot; creation: string }> {
  const { tag, hostName } = settings;
  const properties = masterListingProperties(tag);
  const state = mustSucceed(await step.zfs.ask(readStateArgv(dataset, properties, 1)), dataset);
  const listing = parseListing(state.output);
  refuseOther(listing, dataset, tag, hostName);
  const course = readCourse(listing, dataset, tag, hostName);
  const snapshot = taggedSnapshots(listing, dataset, tag).find((one) => one.name === name);
  if (snapshot === undefined) {
    if (!listing.has(`${dataset}@${name}`)) throw new Failure(`${dataset}@${name} does not exist`);
    throw new Failure(`${dataset}@${name} is not zrep snapshot. Cannot roll with it.`);
  }
  const made = await step.zfs.ask(creationArgv(`${dataset}@${name}`));
  return { course, snapshot, creation: printable(made.output.trim()) };
}

async function roll({ report }: Run, far: FarSide, there: string): Promise<void> {
  const answer = await far.ask(rollbackCommand(there));
  report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer)) throw new Failure('roll failed');
}
