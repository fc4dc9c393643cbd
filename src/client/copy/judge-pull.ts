/**
 * How the next increment of a copy can come, asked of both sides anew. `zrep status --verify` tells this, and a refresh
 * whose stream did not come goes by it.
 */

import { type Names, type Obstacle, type Told, tell } from '../../pair/obstacle.ts';
import { planIncrement, type Way } from '../../pair/plan.ts';
import { type Side, sideOf, sideProperties } from '../../pair/side.ts';
import { judgeSource } from '../../pair/source.ts';
import { belowOf, planTree, type Tree } from '../../pair/tree.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { type Listing, parseListing } from '../../zfs/state.ts';
import { readTheirSide, type Seen, type Unseen } from '../far/their-side.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import { isRecursive } from './came-along.ts';
import type { Destination } from './destination.ts';

export type Judged =
  /** An increment can come, and from where. */
  | {
      readonly way: Way;
      readonly isGate: boolean;
      readonly copy: Side;
      /** With -R: the other side does not tell of what is below, so that only the file system itself was judged. */
      readonly isBelowUnseen: boolean;
    }
  /** What keeps it, and what mends that; plain where it is no more than the gate there says when it refuses. */
  | { readonly told: Told; readonly isPlain: boolean }
  | Unseen;

/** What is known, or has happened in this run. */
interface Meanwhile {
  /** The snapshot, behind the @, that was made there and is to be sent. */
  readonly sending?: string;
  /** The copy, where it was read just now, with `sideProperties`. */
  readonly copy?: Tree;
  /** zfs receive has just refused the stream. */
  readonly isRefused?: boolean;
  /** No more snapshots than there are is asked for: a shortage there keeps nothing from coming. */
  readonly isAsItIs?: boolean;
}

/** What forbids one more snapshot there, and not the stream of one that is made. */
const SHORTAGES = ['too-many-snapshots', 'snapshots-too-often', 'pool-full', 'sequence-exhausted'];

/** Asks both sides of `destination`; nothing is changed on either. */
export async function judgePull(
  run: Run,
  destination: Destination,
  meanwhile: Meanwhile = {},
): Promise<Judged> {
  const { dataset, host, source } = destination;
  const [copy, theirs] = await Promise.all([
    meanwhile.copy ?? readCopy(run, dataset, depthOf(run)),
    readTheirSide(run, host, source, 'copy', depthOf(run)),
  ]);
  if (!('side' in theirs)) return theirs;
  const found = judge(run, copy, theirs, meanwhile);
  if ('obstacle' in found)
    return {
      told: tell(found, await namesOf(run, destination, copy.top)),
      isPlain: found.obstacle === 'refused-there',
    };
  const isBelowUnseen = run.settings.recursive && theirs.below === undefined;
  return { way: found, isGate: theirs.isGate, copy: copy.top, isBelowUnseen };
}

/** How things are called in what is told of `destination`. */
async function namesOf(
  run: Run,
  { dataset, host, source, children }: Destination,
  { tagged }: Side,
): Promise<Names> {
  const recursive = await isRecursive(run, dataset, children, tagged);
  const zrep = zrepAgain({ tag: run.settings.tag, recursive });
  return { zrep, copy: dataset, source, host: host.name };
}

function judge(
  { settings: { tag, recursive } }: Pick<Run, 'settings'>,
  copy: Tree,
  theirs: Seen,
  { sending, isRefused = false, isAsItIs = sending !== undefined }: Meanwhile,
): Way | Obstacle {
  // What stock zrep sends, and our gate: every snapshot in between under zrep's own tag.
  const pair = { tag, all: tag === 'zrep', isRefused, sending };
  const { refused, side, below } = theirs;
  const isTree = recursive && below !== undefined;
  const found = isTree
    ? planTree({ ...pair, source: { top: side, below }, copy, isPulled: true })
    : planIncrement({ ...pair, source: side, copy: copy.top });
  const isOver = isAsItIs && SHORTAGES.includes(refused?.code ?? '');
  const isFound = 'obstacle' in found && found.obstacle === refused?.code;
  if (refused !== undefined && !isOver && !isFound)
    return judgeSource({ tag, source: side, copy: copy.top }, refused);
  return found;
}

/** The copy, with what tells whether anything was changed on it. */
export async function readCopy(run: Run, dataset: string, depth = 1): Promise<Tree> {
  const { settings, step } = run;
  const argv = readStateArgv(dataset, sideProperties(step.capabilities, settings.tag), depth);
  const { output } = mustSucceed(await step.zfs.ask(argv), dataset);
  return treeIn(run, parseListing(output), dataset);
}

/** `dataset`, with what is below it in `listing`. */
export function treeIn(
  { settings: { tag } }: Pick<Run, 'settings'>,
  listing: Listing,
  dataset: string,
): Tree {
  return { top: sideOf(listing, dataset, tag), below: belowOf(listing, dataset, tag) };
}

/** Why no refresh with -R is possible here at all; undefined where one is. */
export function refuseTree({ settings, step }: Pick<Run, 'settings' | 'step'>): string | undefined {
  return settings.recursive && !step.capabilities.has('excludes')
    ? 'a recursive stream carries properties, and the zfs on this host cannot leave any out (zfs receive -x): mountpoint=/etc could be among them. Refresh each file system by itself, without -R'
    : undefined;
}

/** How deep both sides are read: with -R the whole tree. */
export function depthOf({ settings }: Pick<Run, 'settings'>): number {
  return settings.recursive ? Number.POSITIVE_INFINITY : 1;
}
