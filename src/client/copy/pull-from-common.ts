/**
 * A stream that did not come, because the source began with another snapshot than the copy has, or with none: a mark was
 * lost, or is wrong, or a snapshot is gone. Both sides are judged by their GUIDs, and the increment begins with what they have.
 */

import { inSentence, type Told } from '../../pair/obstacle.ts';
import type { Way } from '../../pair/plan.ts';
import { sentTime } from '../../replication/sent-time.ts';
import { isTagged } from '../../replication/snapshots.ts';
import { saysNoRoom } from '../../replication/step.ts';
import { parseSnapshot } from '../../zfs/names.ts';
import { anyValue } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import { type Destination, endsWithTagged } from './destination.ts';
import { judgePull } from './judge-pull.ts';
import { completedThere, recoverCompletion } from './marks.ts';
import { nameThere, type Pulled, type PullOptions, pull } from './pull.ts';
import { NotMade } from './snapshot-there.ts';

/**
 * What comes of a second try where the source has to be told where to begin; otherwise `pulled`, the first one.
 *
 * @throws Failure with what stands in the way.
 */
export async function pullFromCommon(
  run: Run,
  far: FarSide,
  destination: Destination,
  snapshot: string,
  pulled: Pulled,
  options: PullOptions,
): Promise<Pulled> {
  const asItIs = (): Pulled => {
    run.report.far(far.host.name, pulled.unsaid);
    return pulled;
  };
  if (pulled.why.some(saysNoRoom)) return asItIs();
  const name = snapshot.slice(snapshot.indexOf('@') + 1);
  const judged = await judgePull(run, destination, { sending: name });
  if ('told' in judged) throw inTheWay(judged.told, snapshot, far);
  if ('unseen' in judged) return judged.isReached ? withDoctor(run, destination, asItIs()) : asItIs();
  const { way, isGate, copy, isBelowUnseen } = judged;
  // All of it came, whatever ssh ended with. What is below may not have come, where nobody tells.
  if (!way.base.isBookmark && way.base.ofSource.name === name)
    return isBelowUnseen ? withDoctor(run, destination, asItIs()) : { ...pulled, done: true };
  if (!way.isTold) return explained(asItIs());
  // It was cut off, and is resumed by the next run.
  if (anyValue(copy.properties, 'receive_resume_token') !== undefined) return asItIs();
  // Only our gate takes a GUID; a name with a blank would be two words to a shell.
  const theirs = nameThere(destination.source, way.base);
  if (!isGate && parseSnapshot(theirs.replace('#', '@')) === undefined)
    return withDoctor(run, destination, asItIs());
  run.report.warn(
    `${far.host.name} would begin with another snapshot than the newest ${run.settings.recursive ? 'one that fits the whole tree' : 'common one'}, ${destination.dataset}@${way.base.ofCopy.name}; it is told to`,
  );
  run.report.event('base-told', { dataset: destination.dataset, snapshot: way.base.ofCopy.name });
  const marked = !isGate && (await markedAsBase(run, far, destination, way));
  const from = marked ? undefined : { ...way, isGate };
  return explained(await pull(run, far, destination, snapshot, { ...options, from }));

  /** A zfs that does not count what was written tells of changes by refusing alone. */
  async function explained(again: Pulled): Promise<Pulled> {
    if (again.done || !again.isRefusedHere || run.step.capabilities.has('written')) return again;
    const refused = await judgePull(run, destination, { sending: name, isRefused: true });
    if ('told' in refused) throw inTheWay(refused.told, snapshot, far);
    return again;
  }
}

function inTheWay(told: Told, snapshot: string, { host }: FarSide): Failure {
  return new Failure(`Unforseen error pulling snapshot ${snapshot} from ${host.name}; ${inSentence(told)}`);
}

/** Where the other side tells nothing, a person has to look. */
function withDoctor({ settings }: Run, { dataset }: Destination, pulled: Pulled): Pulled {
  return {
    ...pulled,
    why: [...pulled.why, `for what is in the way: ${zrepFor(settings.tag)} doctor ${dataset}`],
  };
}

/** What the far side did not do, with what stands in the way; where that is not seen, its own words are printed. */
export async function withObstacle(
  run: Run,
  { host }: FarSide,
  destination: Destination,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof Failure)) return error;
  const judged = await judgePull(run, destination);
  if ('told' in judged) return new Failure(`${error.message}; ${inSentence(judged.told)}`);
  if (error instanceof NotMade) run.report.far(host.name, error.said);
  return error;
}

/**
 * Before anything is made there. What a gate refuses by itself is left to it: it may have room once something has expired.
 *
 * @throws Failure with what stands in the way, where that is seen.
 */
export async function refuseObstacle(run: Run, destination: Destination): Promise<void> {
  const judged = await judgePull(run, destination);
  if ('told' in judged && !judged.isPlain) throw new Failure(inSentence(judged.told));
}

/** What is known of a pair before its stream. */
export interface Recovered {
  /** Nothing stands in the way, as far as is known: an increment was seen to be possible, or the copy is as the last refresh left it. */
  readonly isFree: boolean;
  /** What was seen to stand in the way. */
  readonly told?: Told;
}

/**
 * Before a stream: what an earlier run received and could not complete is marked on both sides (marks.ts); with -R only where all that
 * is below came as well, since the next stream begins with what is marked. Where it is not free, both sides are to be compared first.
 * With -R they are compared each time: a stream that fails in the middle leaves a tree that came in part, and file systems with names
 * that zfs has made up.
 */
export async function recover(run: Run, far: FarSide, destination: Destination): Promise<Recovered> {
  const complete = () => recoverCompletion(run, far, destination);
  if (!run.settings.recursive) return { isFree: (await complete()) && endsWithTagged(destination) };
  const newest = destination.snapshots.at(-1);
  const judged = await judgePull(run, destination, { isAsItIs: true });
  if ('told' in judged) return judged.isPlain ? { isFree: true } : { isFree: false, told: judged.told };
  if (!('way' in judged) || judged.isBelowUnseen || judged.way.base.ofCopy.guid === newest?.guid)
    await complete();
  return { isFree: true };
}

/** A stock far side sends with flags of its own from what is marked there: so the mark is set where that makes it the newest. */
async function markedAsBase(
  run: Run,
  far: FarSide,
  destination: Destination,
  { base, marked }: Way,
): Promise<boolean> {
  const { ofSource, isBookmark } = base;
  if (isBookmark || !isTagged(ofSource.name, run.settings.tag)) return false;
  if (marked !== undefined && marked.createtxg > ofSource.createtxg) return false;
  return completedThere(run, far, destination, ofSource.name, sentTime(destination.snapshots));
}
