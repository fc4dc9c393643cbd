/**
 * The push of one file system, under its lock: is the other side no master, what is left over from earlier runs, then a new
 * snapshot here, its stream, and the marks. Expiring comes after it (push/expire-both.ts); a failover does without.
 */

import { refuse } from '../../refusal.ts';
import { ownBookmarks } from '../../replication/bookmarks.ts';
import type { Reading } from '../../replication/lock.ts';
import { sentTime } from '../../replication/sent-time.ts';
import {
  fullName,
  nextSequence,
  SNAPSHOT_PROPERTIES,
  type TaggedSnapshot,
  taggedSnapshots,
} from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readPropertiesArgv, setArgv, snapshotArgv } from '../../zfs/argv.ts';
import { type Dataset, formatZrepSnapshot } from '../../zfs/names.ts';
import { type Listing, parseListing } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { agreeToForce } from '../push/agree-to-force.ts';
import { markArrived, Parted } from '../push/arrived.ts';
import { hasChanged } from '../push/changed.ts';
import { judgePush, lookAtTree, readBoth } from '../push/judge-push.ts';
import { markPushed } from '../push/marks.ts';
import { type Master, masterListingProperties, unsentOf } from '../push/master.ts';
import { readBased } from '../push/read-based.ts';
import { recordPushed } from '../push/record-pushed.ts';
import { resumeSending } from '../push/resume.ts';
import { sendIncrement } from '../push/send-increment.ts';
import { refuseSplitBrain } from '../push/split-brain.ts';
import { leaveUnsent } from '../push/unsent.ts';
import { Failure, failureOf } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { SourceHost } from '../words/source.ts';

export interface SyncOptions {
  /** Where it goes, when not to TAG:dest-host. */
  readonly host?: SourceHost;
  /** The newest snapshot that is there, instead of a new one: synconly. */
  readonly newest?: boolean;
  /** Snapshots may go there that are in the way of -f, without a question. */
  readonly yes?: boolean;
}

/** What `syncPair` needs to be read with the lock. */
export function syncReading({ settings }: Run): Reading {
  return { properties: masterListingProperties(settings.tag), depth: 1 };
}

/**
 * Brings the other side of `dataset` up to date. This process has the lock on it, and `listing` is what `syncReading` brought.
 *
 * @throws Failure with what is to be done; ZfsFailed when zfs here fails.
 */
export async function syncPair(
  run: Run,
  listing: Listing,
  dataset: Dataset,
  { host, newest = false, yes = false }: SyncOptions = {},
): Promise<void> {
  const { settings } = run;
  const { master: begun, told } = await readBased(run, listing, dataset, host);
  if (told !== undefined) run.report.warn(told);
  if (!newest && settings.changedOnly && !(await hasChanged(run, dataset, begun.base.name)))
    return touch(run, begun);
  const last = begun.snapshots.at(-1);
  if (newest && last === begun.base) return run.report.line(`${fullName(begun.base)} already sent`);

  const far = run.far(begun.host);
  await refuseSplitBrain(run, far, begun);
  const resumed = settings.resume ? await resumeSending(run, far, begun) : begun;
  const master = mayHaveArrived(resumed, newest) ? await complete(run, far, resumed) : resumed;
  const from = settings.force
    ? await agreeToForce(run, far, master, yes)
    : await lookAtTree(run, master, newest ? master.snapshots.at(-1)?.name : undefined);
  const snapshot = newest ? master.snapshots.at(-1) : await snapshotHere(run, master, listing);
  if (snapshot === undefined || snapshot === master.base) return;
  await sendSnapshot(run, far, master, snapshot, from);
  await recordPushed(run, listing, dataset);
}

/** Nothing has changed: the last one that was sent is as good as one of now. */
async function touch({ settings, step, report }: Run, { dataset, base, snapshots }: Master): Promise<void> {
  const mark = { [`${settings.tag}:sent`]: String(sentTime(snapshots)) };
  mustSucceed(await step.zfs.ask(setArgv(fullName(base), mark)), dataset);
  report.event('unchanged', { dataset, snapshot: fullName(base) });
}

/** Is the other side worth asking? What snaponly has just made, and synconly is to send, is no remnant of an earlier run. */
function mayHaveArrived(master: Master, newest: boolean): boolean {
  const [last, ...others] = unsentOf(master);
  return others.length > 0 || (last !== undefined && (!newest || last.name.endsWith('_unsent')));
}

async function snapshotHere(
  { settings, step }: Run,
  { dataset, snapshots }: Master,
  listing: Listing,
): Promise<TaggedSnapshot> {
  const { tag, recursive } = settings;
  const sequence = nextSequence([...snapshots, ...ownBookmarks(listing, dataset, tag)]);
  if (sequence === undefined) throw failureOf(refuse('sequence-exhausted', dataset));
  const name = formatZrepSnapshot({ dataset, tag, sequence });
  mustSucceed(await step.zfs.ask(snapshotArgv(name, recursive)), dataset);
  const properties = [...SNAPSHOT_PROPERTIES, `${tag}:sent`];
  const state = mustSucceed(await step.zfs.ask(readPropertiesArgv([name], properties)), dataset);
  const [made] = taggedSnapshots(parseListing(state.output), dataset, tag);
  if (made === undefined) throw new Failure(`zrep_sync could not create new snapshot for ${dataset}`);
  return made;
}

async function sendSnapshot(
  run: Run,
  far: FarSide,
  master: Master,
  snapshot: TaggedSnapshot,
  from: string | undefined,
): Promise<void> {
  const { report } = run;
  const { dataset, destination } = master;
  const name = fullName(snapshot);
  // In front of the transfer, as stock: what is written meanwhile is not in it.
  const sent = sentTime(master.snapshots);
  report.line(`sending ${name} to ${far.host.name}:${destination}`);
  report.event('snapshot', { dataset, snapshot: name });
  const outcome = await sendIncrement(run, far, master, snapshot, from);
  if ('why' in outcome) throw await leaveUnsent(run, dataset, snapshot, outcome.why);
  await markPushed(run, far, master, outcome.there.name, sent);
  report.event('sent', { dataset, snapshot: fullName(outcome.there), sent });
}

/** What came whole before is marked. Where that shows that the two have parted, -f goes back behind it. */
async function complete(run: Run, far: FarSide, master: Master): Promise<Master> {
  try {
    return await markArrived(run, far, master);
  } catch (error) {
    if (!(error instanceof Parted)) throw error;
    if (run.settings.force) return master;
    const both = await readBoth(run, master);
    const judged = 'unseen' in both ? undefined : judgePush(run, master, both);
    throw judged !== undefined && 'obstacle' in judged ? new Failure(judged.sentence) : error;
  }
}
