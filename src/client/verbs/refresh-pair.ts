/**
 * The refresh of one file system, start to end, under its lock: what was left over from earlier runs first, then a new
 * snapshot there, its stream, the marks, and expiring on both sides.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { inSentence } from '../../pair/obstacle.ts';
import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { type Held, withLock } from '../../replication/lock.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { taggedSnapshots } from '../../replication/snapshots.ts';
import { mustSucceed, saysNoRoom } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { anyValue, type Listing, parseListing } from '../../zfs/state.ts';
import { childrenOf, type Destination, destinationProperties, readDestination } from '../copy/destination.ts';
import { discardBelow } from '../copy/discard-below.ts';
import { expireHere, expiringProperties, markAndExpireHere } from '../copy/expire-here.ts';
import { refuseTree } from '../copy/judge-pull.ts';
import { markAndExpireThere, markThere } from '../copy/marks.ts';
import { comesBySession, type Pulled, pull } from '../copy/pull.ts';
import { pullFromCommon, recover, refuseObstacle, withObstacle } from '../copy/pull-from-common.ts';
import { resume } from '../copy/resume.ts';
import { agreeToRollBack, type RollBack } from '../copy/roll-back.ts';
import { setProperties } from '../copy/set-properties.ts';
import { makeThere, NoRoomThere } from '../copy/snapshot-there.ts';
import { expireCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import { busyHere } from '../run/patience.ts';
import type { Run } from '../run/run.ts';

/** Refreshes `dataset`; `yes` lets snapshots go that are in the way of -f. @throws Failure with what is to be done; ZfsFailed when zfs here fails. */
export async function refreshPair(run: Run, dataset: Dataset, yes: boolean): Promise<void> {
  const { settings, step } = run;
  const reading = { properties: destinationProperties(step.capabilities, settings.tag), depth: 1 };
  const work = () =>
    withLock(step, dataset, settings.tag, reading, async (listing, held) => {
      await underLock(run, listing, held, dataset, yes);
      return undefined;
    });
  const refusal = await run.patience.until(work, busyHere(dataset));
  if (isRefusal(refusal)) {
    const busy = refusal.refused === 'lock-busy' ? 'another zrep is at work on it' : refusal.reason;
    throw new Failure(`Cannot lock ${dataset}. Cannot continue (${busy})`);
  }
}

async function underLock(
  run: Run,
  listing: Listing,
  held: Held,
  dataset: Dataset,
  yes: boolean,
): Promise<void> {
  const { settings } = run;
  const destination = readDestination(listing, dataset, settings.tag, settings.hostName);
  const refused = refuseTree(run);
  if (refused !== undefined) throw new Failure(refused);
  const far = run.far(destination.host);
  // Somebody may think for a while: no session, with a lock there, waits for that.
  const back = settings.force ? await giveUpChanges(run, far, destination, yes) : undefined;
  const work = (far: FarSide) => withFar(run, far, destination, held, back);
  await (comesBySession(settings) ? far.together(work) : work(far));
}

/** What was lost on the way is repaired first: it may be that nothing is in the way then. */
async function giveUpChanges(
  run: Run,
  far: FarSide,
  destination: Destination,
  yes: boolean,
): Promise<RollBack> {
  await recover(run, far, destination);
  return agreeToRollBack(run, far, destination, yes);
}

async function withFar(
  run: Run,
  far: FarSide,
  destination: Destination,
  held: Held,
  back: RollBack | undefined,
): Promise<void> {
  const { report } = run;
  const { dataset } = destination;
  await setProperties(run, dataset, destination.received);
  let way = back;
  const { token } = destination;
  // What is in the way of a tree is there whether or not its top is resumed.
  const isTree = run.settings.recursive;
  if (isTree && back === undefined) await lookFirst(run, far, destination);
  if (token !== undefined && (await resume(run, far, destination, token, back))) way = undefined;
  else if (!isTree && back === undefined) await lookFirst(run, far, destination);
  await discardBelow(run, destination);

  const snapshot = await newSnapshotThere(run, far, destination);
  report.event('snapshot', { dataset, snapshot });
  // In front of the transfer, as stock: what is written meanwhile is not in it.
  const sent = sentTime(destination.snapshots);
  let came: Listing | undefined;
  const look = async () => {
    came = await lookWhatCame(run, destination, snapshot);
  };
  const asked = { look, back: way, from: way?.from, asks: way === undefined };
  const first = await pull(run, far, destination, snapshot, asked);
  // A way back was judged, and agreed to, before.
  const pulled =
    first.done || way !== undefined
      ? first
      : await pullFromCommon(run, far, destination, snapshot, first, { look });
  if (!pulled.done) {
    const why = [...pulled.why, ...nextRefresh(pulled), ...(await makeRoomHere(run, dataset, pulled.why))];
    throw new Failure(
      [`Unforseen error pulling snapshot ${snapshot} from ${far.host.name}`, ...why].join('; '),
    );
  }
  const name = snapshot.slice(snapshot.indexOf('@') + 1);
  const expire = () => expireThere(run, far, destination, far.askLast);
  // A gate is told where to begin when its mark is lost. Elsewhere a snapshot without a mark here has to tell that.
  if (!pulled.isBySession) await markThere(run, far, destination, name, sent);
  const finishThere = async () => {
    const isExpired = pulled.isBySession && (await markAndExpireThere(run, far, destination, name, sent));
    if (!isExpired) await expire();
  };
  const finishHere = async () => {
    await markAndExpireHere(run, dataset, held, { name, sent, listing: came }, () =>
      report.event('received', { dataset, snapshot, sent }),
    );
  };
  // Neither needs the other; what fails is told when both are over.
  const both = await Promise.allSettled([finishHere(), finishThere()]);
  for (const one of both) if (one.status === 'rejected') throw one.reason;
}

/**
 * Each refresh leaves a marked snapshot as the newest one. Where it is another one now, the stream could come in part and then meet
 * a name that is taken: so the source is asked first.
 *
 * @throws Failure with what stands in the way.
 */
async function lookFirst(run: Run, far: FarSide, destination: Destination): Promise<void> {
  const { isFree, told } = await recover(run, far, destination);
  if (told !== undefined) throw new Failure(inSentence(told));
  if (!isFree) await refuseObstacle(run, destination);
}

/** Expiring comes last, and would never be reached where there is no room for a snapshot: then it comes first, too. */
async function newSnapshotThere(run: Run, far: FarSide, destination: Destination): Promise<string> {
  const { source, dataset } = destination;
  const make = () => makeThere(run, far, source);
  const why = (error: unknown) => withObstacle(run, far, destination, error);
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof NoRoomThere) || run.settings.skipExpire) throw await why(error);
    run.report.far(far.host.name, error.said);
    run.report.warn(`${error.message}, for want of room; expiring on both sides, then trying once more`);
  }
  await expireHere(run, dataset);
  await expireThere(run, far, destination);
  for (const pause of FREEING) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof NoRoomThere)) throw await why(error);
    }
    await wait(pause * 1000);
  }
  try {
    return await make();
  } catch (error) {
    throw await why(error);
  }
}

/** zfs frees what was destroyed in the background. Seconds between tries. */
const FREEING = [1, 3];

function nextRefresh({ lost }: Pulled): readonly string[] {
  if (lost === undefined) return [];
  return [lost === 'resumable' ? 'the next refresh resumes the stream' : 'the next refresh sends it anew'];
}

/** What came of expiring, where zfs receive found no room here: a sentence at most. */
async function makeRoomHere(run: Run, dataset: Dataset, why: readonly string[]): Promise<readonly string[]> {
  if (!why.some(saysNoRoom) || run.settings.skipExpire) return [];
  const expired = await expireHere(run, dataset);
  return expired > 0
    ? [`${expired} snapshots of ${dataset} beyond the save count were expired to make room; try again`]
    : [
        `no snapshot of ${dataset} is beyond its save count (${run.settings.tag}:savecount), so free some space in its pool`,
      ];
}

/** Marks are for what is here, whatever zfs receive answered; and nothing came along that nobody asked for. */
async function lookWhatCame(
  { settings, step }: Run,
  before: Destination,
  snapshot: string,
): Promise<Listing> {
  const { dataset } = before;
  const properties = ['type', ...expiringProperties(settings.tag)];
  const state = mustSucceed(await step.zfs.ask(readStateArgv(dataset, properties, 1)), dataset);
  const listing = parseListing(state.output);
  const name = `${dataset}@${snapshot.slice(snapshot.indexOf('@') + 1)}`;
  const newest = taggedSnapshots(listing, dataset, settings.tag).at(-1);
  if (
    newest === undefined ||
    `${dataset}@${newest.name}` !== name ||
    anyValue(listing.get(name), 'guid') === undefined
  )
    throw new Failure(`the far side said that it had sent ${snapshot}, but ${name} is not here`);
  const strange = childrenOf(listing, dataset).filter((child) => !before.children.includes(child));
  if (strange.length > 0 && !settings.recursive)
    throw new Failure(
      `the far side sent a recursive stream that nobody asked for: ${strange.join(', ')} came along, not mounted. Look whether that is meant (zrep -R refresh); otherwise take them away: zfs destroy -r NAME`,
    );
  return listing;
}

/** Stock cares no more than this about how it ends. */
async function expireThere(
  { settings, report }: Run,
  far: FarSide,
  { source }: Destination,
  ask: FarSide['ask'] = far.ask,
): Promise<void> {
  if (settings.skipExpire) return;
  const answer = await ask(expireCommand(settings, source));
  for (const line of farLines(answer.output)) report.line(line);
  report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer))
    report.warn(`expiring on ${far.host.name} did not end well; the next refresh tries again`);
}
