/**
 * `zrep sentsync FS@SNAPSHOT`: marks a snapshot as sent, after a copy that was made by other means, or a sync that was killed.
 *
 * The mark is set first, and only then go newer ones, those alone that the other side does not have. (Stock wipes all marks,
 * of file systems below, too, before it sets the new one, and asks nobody whether it is true.)
 */

import { isRefusal } from '../../refusal.ts';
import { withLock } from '../../replication/lock.ts';
import { ROLE_PROPERTIES, roleOf, roleProperties } from '../../replication/role.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { fullName, type TaggedSnapshot, taggedSnapshots } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { setArgv } from '../../zfs/argv.ts';
import { type Listing, localValue, ownValue } from '../../zfs/state.ts';
import { askArrived, nameAsThere } from '../push/arrived.ts';
import { clearMarks, markedBehind } from '../push/clear-marks.ts';
import { markPushed } from '../push/marks.ts';
import { type Course, masterListingProperties, readCourse } from '../push/master.ts';
import { refuseSplitBrain } from '../push/split-brain.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { Settings } from '../words/settings.ts';
import type { SentsyncCommand } from '../words/sync-words.ts';

/** Carries `command` out; the answer is the exit code. */
export async function sentsync(settings: Settings, command: SentsyncCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    await markAsSent(run, command);
    return 0;
  });
}

/** The same in a run that is there. @throws Failure. */
export async function markAsSent(run: Run, command: SentsyncCommand): Promise<void> {
  const { tag } = run.settings;
  const roles = ROLE_PROPERTIES.map((name) => `${tag}:${name}`);
  const reading = { properties: [...new Set([...masterListingProperties(tag), ...roles])], depth: 1 };
  const refusal = await withLock(run.step, command.dataset, tag, reading, async (listing) => {
    await underLock(run, command, listing);
    return undefined;
  });
  if (isRefusal(refusal)) throw new Failure(`Cannot lock ${command.dataset} (${refusal.reason})`);
}

async function underLock(
  run: Run,
  { dataset, name, local }: SentsyncCommand,
  listing: Listing,
): Promise<void> {
  const { settings, step } = run;
  const { tag } = settings;
  const snapshots = taggedSnapshots(listing, dataset, tag);
  const snapshot = snapshots.find((one) => one.name === name);
  if (snapshot === undefined) {
    if (!listing.has(`${dataset}@${name}`))
      throw new Failure(`Expected snapshot for ${dataset}@${name}. Cannot continue`);
    throw new Failure(`${dataset}@${name} does not follow zrep naming standards. Cannot continue`);
  }
  const own = listing.get(dataset);
  // Marked as the master, a copy would be refreshed no more.
  const isCopy =
    ownValue(own, `${tag}:dest-fs`) === dataset && roleOf(own, dataset, tag, settings.hostName) === 'copy';
  if (isCopy && localValue(own, `${tag}:master`) !== 'yes')
    throw new Failure(
      `${dataset} is a copy (${roleProperties(own, tag).join(', ')}), and sentsync is for the source; nothing was marked. For what to do: ${zrepAgain(settings)} doctor ${dataset}`,
    );
  if (localValue(own, `${tag}:sent`) !== undefined)
    throw new Failure(`${tag}:sent already present on ${dataset}`);
  const untrue = local
    ? await markHere(run, snapshot, snapshots)
    : await markBoth(run, readCourse(listing, dataset, tag, settings.hostName), snapshot, snapshots);
  for (const one of untrue) run.report.warn(`WARNING: clearing sent value from  ${fullName(one)}`);
  await clearMarks(run, tag, untrue);
  // For who makes a pair of a copy that was made by other means.
  mustSucceed(await step.zfs.ask(setArgv(dataset, { [`${tag}:master`]: 'yes' })), dataset);
}

async function markHere(
  { settings: { tag }, step }: Run,
  snapshot: TaggedSnapshot,
  snapshots: readonly TaggedSnapshot[],
): Promise<readonly TaggedSnapshot[]> {
  const mark = { [`${tag}:sent`]: String(sentTime(snapshots)) };
  mustSucceed(await step.zfs.ask(setArgv(fullName(snapshot), mark)), snapshot.dataset);
  return markedBehind(snapshots, snapshot);
}

/** The answer is which marks are not true. @throws Failure where the other side does not have that very snapshot. */
async function markBoth(
  run: Run,
  course: Course,
  snapshot: TaggedSnapshot,
  snapshots: readonly TaggedSnapshot[],
): Promise<readonly TaggedSnapshot[]> {
  const far = run.far(course.host);
  await refuseSplitBrain(run, far, course);
  const marked = markedBehind(snapshots, snapshot);
  const arrivedOf = await askArrived(run, far, course, [snapshot, ...marked]);
  const arrived = arrivedOf(snapshot);
  if (arrived === undefined)
    throw new Failure(
      `${far.host.name}:${course.destination} does not have ${fullName(snapshot)}, or does not say so; nothing was marked. If you know that it has it, mark it here alone: ${zrepAgain(run.settings)} sentsync -L ${fullName(snapshot)}`,
    );
  const { name } = await nameAsThere(run, arrived);
  await markPushed(run, far, course, name, sentTime(snapshots));
  return marked.filter((one) => arrivedOf(one) === undefined);
}
