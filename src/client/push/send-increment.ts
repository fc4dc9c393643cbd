/**
 * The stream of one snapshot, and what comes of it. Where it did not come, both sides are judged by their GUIDs: the increment begins
 * with what they have, or what stands in the way is said.
 */

import type { Way } from '../../pair/plan.ts';
import { fullName, type TaggedSnapshot } from '../../replication/snapshots.ts';
import { anyValue } from '../../zfs/state.ts';
import { askClock } from '../far/ask-clock.ts';
import type { FarSide } from '../far/far-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import { checkArrival, findArrived, nameAsThere } from './arrived.ts';
import { judgePush, readBoth } from './judge-push.ts';
import type { Master } from './master.ts';
import { incrementWords, type Sent, send } from './send.ts';

/** The snapshot, as it is called now that the other side has it; or what kept it, for a person. */
export type Outcome = { readonly there: TaggedSnapshot } | { readonly why: readonly string[] };

/** Sends `snapshot` as an increment from `from`, a snapshot or a bookmark in full; by itself the last one that was sent. */
export async function sendIncrement(
  run: Run,
  far: FarSide,
  master: Master,
  snapshot: TaggedSnapshot,
  from = fullName(master.base),
): Promise<Outcome> {
  const first = await trySending(run, far, master, snapshot, from);
  if ('there' in first) return first;
  const { sent } = first;
  const both = sent.isToJudge ? await readBoth(run, master) : undefined;
  if (both !== undefined) await askClock(far);
  // What is half received comes first.
  if (both === undefined || 'unseen' in both || token(both.copy.properties) !== undefined)
    return guessed(sent);
  const sending = snapshot.name;
  const judged = judgePush(run, master, both, { sending });
  if ('obstacle' in judged) return { why: [...sent.why, judged.sentence] };
  // With -R it has come, and not all that is below.
  if (judged.base.ofSource.guid === snapshot.guid) return guessed(sent);
  const base = baseName(judged, run, master.dataset);
  let last: Sent = sent;
  if (base !== undefined && base !== from) {
    // With -F it would destroy what nobody was asked about.
    if (run.settings.force) return { why: [...sent.why, sayAskAgain(run, master, base)] };
    run.report.warn(
      `${far.host.name} did not take an increment from ${from}; a second one begins with the newest common snapshot, ${base}`,
    );
    run.report.event('base-told', { dataset: master.dataset, snapshot: base });
    const second = await trySending(run, far, master, snapshot, base);
    if ('there' in second) return second;
    last = second.sent;
  }
  // A zfs that does not count what was written tells of changes by refusing alone.
  const refused = last.isRefused ? judgePush(run, master, both, { sending, isRefused: true }) : judged;
  return 'obstacle' in refused ? { why: [...last.why, refused.sentence] } : guessed(last);
}

function sayAskAgain({ settings }: Run, { dataset }: Master, base: string): string {
  return `the newest common snapshot is ${base}, and zrep was not asked to destroy what is newer than that. To see it, and agree: ${zrepAgain(settings)} sync -f ${dataset}`;
}

function token(properties: Parameters<typeof anyValue>[0]): string | undefined {
  return anyValue(properties, 'receive_resume_token');
}

function guessed({ why, guess }: Sent): Outcome {
  return { why: [...why, ...guess] };
}

/** In full; undefined where a stream cannot begin with it: zfs send -R takes no bookmark. */
export function baseName(
  { base: { ofSource, isBookmark } }: Pick<Way, 'base'>,
  { settings }: Run,
  dataset: string,
): string | undefined {
  if (isBookmark) return settings.recursive ? undefined : ofSource.name;
  return fullName({ dataset, name: ofSource.name });
}

async function trySending(
  run: Run,
  far: FarSide,
  master: Master,
  snapshot: TaggedSnapshot,
  from: string,
): Promise<{ readonly there: TaggedSnapshot } | { readonly sent: Sent }> {
  const words = incrementWords(run.settings, from, fullName(snapshot));
  const sent = await send(run, far, master, words, /(?<=@).+|#.+/.exec(from)?.[0]);
  if (sent.why.length === 0) {
    const why = await checkArrival(run, far, master, snapshot);
    if (why.length > 0) return { sent: { ...sent, why } };
    run.tally?.add(sent.moved);
    return { there: snapshot };
  }
  const there = await allTheSame(run, far, master, snapshot, sent.why);
  return there === undefined ? { sent } : { there };
}

/** Where the way back broke, as `why` says, the other side can have it whole: its GUID tells. */
async function allTheSame(
  run: Run,
  far: FarSide,
  master: Master,
  snapshot: TaggedSnapshot,
  why: readonly string[],
): Promise<TaggedSnapshot | undefined> {
  try {
    const arrived = await findArrived(run, far, master, [snapshot]);
    if (arrived === undefined) return undefined;
    run.report.warn(
      `${fullName(snapshot)} has come to ${far.host.name} whole all the same: ${why.join('; ')}`,
    );
    return await nameAsThere(run, arrived);
  } catch (error) {
    // That it cannot be asked either is no news.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
