/**
 * A stream that did not come, because the source began with another snapshot than the copy has, or with none: a mark was
 * lost, or is wrong, or a snapshot is gone. Both sides are judged by their GUIDs, and the increment begins with what they have.
 */

import { inSentence } from '../../pair/obstacle.ts';
import type { Way } from '../../pair/plan.ts';
import { isTagged } from '../../replication/snapshots.ts';
import { saysNoRoom } from '../../replication/step.ts';
import { anyValue } from '../../zfs/state.ts';
import type { FarSide } from '../far/far-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { Destination } from './destination.ts';
import { judgePull } from './judge-pull.ts';
import { completedThere } from './marks.ts';
import { type Pulled, type PullOptions, pull } from './pull.ts';

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
  if (pulled.why.some(saysNoRoom)) return pulled;
  const judged = await judgePull(run, destination, pulled.isRefusedHere);
  if ('told' in judged)
    throw new Failure(
      `Unforseen error pulling snapshot ${snapshot} from ${far.host.name}; ${inSentence(judged.told)}`,
    );
  if ('unseen' in judged) return judged.isReached ? withDoctor(run, destination, pulled) : pulled;
  if (!judged.way.isTold) return pulled;
  // It was cut off, and is resumed by the next run.
  if (anyValue(judged.copy.properties, 'receive_resume_token') !== undefined) return pulled;
  const { way, isGate } = judged;
  run.report.warn(
    `${far.host.name} would not begin with the newest common snapshot, ${destination.dataset}@${way.base.ofCopy.name}; it is told to`,
  );
  run.report.event('base-told', { dataset: destination.dataset, snapshot: way.base.ofCopy.name });
  if (!isGate && (await markedAsBase(run, far, destination, way)))
    return pull(run, far, destination, snapshot, options);
  return pull(run, far, destination, snapshot, { ...options, from: { ...way, isGate } });
}

/** Where the other side tells nothing, a person has to look. */
function withDoctor({ settings }: Run, { dataset }: Destination, pulled: Pulled): Pulled {
  return {
    ...pulled,
    why: [...pulled.why, `for what is in the way: ${zrepFor(settings.tag)} doctor ${dataset}`],
  };
}

/**
 * Before anything is made there.
 *
 * @throws Failure with what stands in the way, where that is seen.
 */
export async function refuseObstacle(run: Run, destination: Destination): Promise<void> {
  const judged = await judgePull(run, destination);
  if ('told' in judged) throw new Failure(inSentence(judged.told));
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
  return completedThere(run, far, destination, ofSource.name, Math.floor(Date.now() / 1000));
}
