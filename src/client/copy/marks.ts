/**
 * The sent marks: TAG:sent on a snapshot, on both sides the same epoch seconds. Where the far side is not our gate, its own comes first,
 * so that a newest snapshot without one here tells that the completion may have been lost.
 */

import { succeeded } from '../../process/pipeline.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { fullName, type TaggedSnapshot } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { setArgv } from '../../zfs/argv.ts';
import type { Answer } from '../far/answer.ts';
import { askAgain } from '../far/ask-again.ts';
import { completeAndExpireCommand, guidCommand, refreshcompleteCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';

interface Pair {
  readonly source: string;
  readonly dataset: string;
}

/** Marks `snapshot`, a name behind the @, as sent at `sent`, there and here. @throws Failure when the far side does not. */
export async function markSent(
  run: Run,
  far: FarSide,
  pair: Pair,
  snapshot: string,
  sent: number,
): Promise<void> {
  await markThere(run, far, pair, snapshot, sent);
  await markHere(run, pair, snapshot, sent);
}

/** The first half: nothing is marked here that is not there. @throws Failure when the far side does not. */
export async function markThere(
  run: Run,
  far: FarSide,
  pair: Pair,
  snapshot: string,
  sent: number,
): Promise<void> {
  const answer = await askToMark(run, far, pair, snapshot, sent);
  run.report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer))
    throw new Failure(
      `${pair.source}@${snapshot} was received, but ${far.host.name} could not be told so; the next refresh tries again`,
    );
}

/**
 * The first half, and expiring there in the same change: true where both were done, false where expiring is still to be asked for, or is not
 * wanted. The lock there may be gone behind it.
 *
 * @throws Failure when the far side does not mark it.
 */
export async function markAndExpireThere(
  run: Run,
  far: FarSide,
  pair: Pair,
  snapshot: string,
  sent: number,
): Promise<boolean> {
  const {
    settings: { tag, zrepPath, skipExpire },
    report,
  } = run;
  const mark = `${tag}:sent=${sent}`;
  const command = completeAndExpireCommand({ zrepPath }, `${pair.source}@${snapshot}`, mark);
  const answer = skipExpire ? undefined : await far.ask(command);
  if (answer === undefined || !succeeded(answer)) {
    await markThere(run, far, pair, snapshot, sent);
    return false;
  }
  report.far(far.host.name, farLines(answer.message));
  for (const line of farLines(answer.output)) report.line(line);
  return answer.output !== '';
}

/** The second half. */
async function markHere(
  { settings: { tag }, step }: Run,
  { dataset }: Pair,
  snapshot: string,
  sent: number,
): Promise<void> {
  const argv = setArgv(`${dataset}@${snapshot}`, { [`${tag}:sent`]: String(sent) });
  mustSucceed(await step.zfs.ask(argv), dataset);
}

function askToMark(
  { settings: { tag, zrepPath } }: Run,
  far: FarSide,
  { source }: Pair,
  snapshot: string,
  sent: number,
): Promise<Answer> {
  return askAgain(far, refreshcompleteCommand({ zrepPath }, `${source}@${snapshot}`, `${tag}:sent=${sent}`));
}

/** True when the far side has taken the mark for a snapshot of this name behind the @. */
export async function completedThere(
  run: Run,
  far: FarSide,
  pair: Pair,
  snapshot: string,
  sent: number,
): Promise<boolean> {
  return succeeded(await askToMark(run, far, pair, snapshot, sent));
}

/**
 * Marks what an earlier run received and could not complete: a newest snapshot here without a mark, which the far side
 * has under the same GUID. A gate that lets nobody read has compared GUIDs itself when its stream ended. True where the newest
 * one of the tag has its mark now; false where it has none, or there is no snapshot of the tag.
 */
export async function recoverCompletion(
  run: Run,
  far: FarSide,
  pair: Pair & { readonly snapshots: readonly TaggedSnapshot[] },
): Promise<boolean> {
  const newest = pair.snapshots.at(-1);
  if (newest?.sent !== undefined) return true;
  if (newest === undefined || newest.name.endsWith('_unsent')) return false;
  const theirs = `${pair.source}@${newest.name}`;
  const answer = await far.ask(guidCommand(theirs));
  const guid = /^(\d+)\n?$/.exec(answer.output)?.[1];
  if (succeeded(answer) && guid !== undefined && guid !== newest.guid) return false;
  const sent = sentTime(pair.snapshots);
  // Refused where it is one that came along between two marked ones, or by init: the next stream goes on from the mark.
  if (!succeeded(await askToMark(run, far, pair, newest.name, sent))) return false;
  await markHere(run, pair, newest.name, sent);
  run.report.warn(`${fullName(newest)} had been received before; now both sides have it marked as sent`);
  run.report.event('completed-late', { snapshot: fullName(newest) });
  return true;
}
