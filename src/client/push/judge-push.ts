/**
 * How the next increment of a file system that is pushed can come, asked of both sides anew, by one call of zfs each. A sync whose
 * stream did not come goes by it, and `zrep sync -f` before it begins.
 */

import { type Base, baseOf } from '../../pair/common.ts';
import { inSentence, type Obstacle, tell } from '../../pair/obstacle.ts';
import { planIncrement, type Way } from '../../pair/plan.ts';
import { type Side, sideOf, sideProperties } from '../../pair/side.ts';
import { baseOfTree, belowOf, planTree, type TreePair } from '../../pair/tree.ts';
import { fullName } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { anyValue, parseListing } from '../../zfs/state.ts';
import { isRecursive } from '../copy/came-along.ts';
import { childrenOf } from '../copy/destination.ts';
import { readTheirSide, type Unseen } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { Course, Master } from './master.ts';
import { type Trees, withoutExcluded } from './tree-losses.ts';

/** Both sides of a file system that is pushed. */
export interface Both {
  readonly source: Side;
  readonly copy: Side;
  /** The same as they were read, with all below where that was asked. */
  readonly trees: Trees;
  /** File systems of the copy's tree whose names zrep cannot use. */
  readonly unread: readonly string[];
  /** The pair's streams are recursive, whether or not this run is: its commands need -R. */
  readonly isRecursive: boolean;
}

/** Reads both sides, with -R all below them; nothing is changed on either. A host that does not let itself be asked says why. */
export async function readBoth(run: Run, { dataset, host, destination }: Course): Promise<Both | Unseen> {
  const { tag, recursive } = run.settings;
  const depth = recursive ? Number.POSITIVE_INFINITY : 1;
  const theirs = await readTheirSide(run, host, destination, 'source', depth);
  if (!('side' in theirs)) return theirs;
  const argv = readStateArgv(dataset, sideProperties(run.step.capabilities, tag), depth);
  const listing = parseListing(mustSucceed(await run.step.zfs.ask(argv), dataset).output);
  const { listing: copy = new Map(), unread = [] } = theirs.said ?? {};
  const trees = { source: listing, copy };
  const source = sideOf(listing, dataset, tag);
  const children = childrenOf(listing, dataset);
  return {
    ...{ source, copy: theirs.side, trees, unread },
    isRecursive: await isRecursive(run, dataset, children, source.tagged),
  };
}

/** What has happened in this run. */
interface Meanwhile {
  /** The snapshot, behind the @, that was made and is to be sent; undefined where that is one of those marked already. */
  readonly sending?: string;
  /** zfs receive has refused the stream for what the copy is like. */
  readonly isRefused?: boolean;
}

/** From where the increment can come; or a sentence with what stands in the way, and what mends it. Pure. */
export function judgePush(
  { settings }: Pick<Run, 'settings'>,
  course: Course,
  both: Both,
  { sending, isRefused = false }: Meanwhile = {},
): Way | { readonly obstacle: Obstacle['obstacle']; readonly sentence: string } {
  const { tag, recursive, incrementFlag } = settings;
  const asked = { tag, all: incrementFlag === '-I', isRefused, sending };
  const { source, copy } = both;
  const found = recursive
    ? planTree({ ...asked, ...treesOf({ settings }, course, both) })
    : planIncrement({ ...asked, source, copy });
  return 'obstacle' in found
    ? { obstacle: found.obstacle, sentence: sayObstacle({ settings }, course, both, found) }
    : found;
}

/** Both sides as trees, without what zfs send leaves out. */
function treesOf(
  { settings: { tag, sendFlags } }: Pick<Run, 'settings'>,
  { dataset, destination }: Course,
  { source, copy, trees }: Both,
): Pick<TreePair, 'source' | 'copy'> {
  return {
    source: { top: source, below: belowOf(withoutExcluded(trees.source, sendFlags), dataset, tag) },
    copy: { top: copy, below: belowOf(trees.copy, destination, tag) },
  };
}

/**
 * With what the next stream begins, whatever stands in its way; with -R that is one snapshot for the whole tree, which can be an older
 * one than the newest common snapshot of the top. Undefined where the two sides, with -R their tops, have none in common. Pure.
 */
export function basePushed(
  { settings }: Pick<Run, 'settings'>,
  course: Course,
  both: Both,
): Base | undefined {
  const { tag, recursive, incrementFlag } = settings;
  if (!recursive) return baseOf(both);
  const asked = { tag, all: incrementFlag === '-I', isRefused: false };
  return baseOfTree({ ...asked, ...treesOf({ settings }, course, both) })?.base;
}

/**
 * Before anything is made here, of a tree: from where its stream begins, in full, where that is not what `master` would begin with. The other side
 * receives one file system after the other, and stops at the first that it cannot take.
 *
 * @throws Failure with what stands in the way. A host that refuses the question gets what stock does.
 */
export async function lookAtTree(
  run: Run,
  master: Master,
  sending: string | undefined,
): Promise<string | undefined> {
  if (!run.settings.recursive) return undefined;
  const both = await readBoth(run, master);
  // What is half received there comes first. Where names there cannot be used, what is missing is not known.
  if (
    'unseen' in both ||
    both.unread.length > 0 ||
    anyValue(both.copy.properties, 'receive_resume_token') !== undefined
  )
    return undefined;
  const judged = judgePush(run, master, both, sending === undefined ? {} : { sending });
  if ('obstacle' in judged)
    throw new Failure(`nothing was sent to ${master.host.name}:${master.destination}: ${judged.sentence}`);
  const { ofSource } = judged.base;
  return ofSource.guid === master.base.guid
    ? undefined
    : fullName({ dataset: master.dataset, name: ofSource.name });
}

/** In one sentence, as it is told on this host. Pure. */
export function sayObstacle(
  { settings }: Pick<Run, 'settings'>,
  { dataset, host, destination }: Course,
  { isRecursive }: Pick<Both, 'isRecursive'>,
  obstacle: Obstacle,
): string {
  const zrep = zrepAgain({ tag: settings.tag, recursive: isRecursive });
  const names = { zrep, copy: destination, source: dataset, host: settings.hostName };
  return inSentence(tell(obstacle, { ...names, to: host.name, isLocal: host.here }));
}
