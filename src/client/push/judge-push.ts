/**
 * How the next increment of a file system that is pushed can come, asked of both sides anew, by one call of zfs each. A sync whose
 * stream did not come goes by it, and `zrep sync -f` before it begins.
 */

import { inSentence, type Obstacle, tell } from '../../pair/obstacle.ts';
import { planIncrement, type Way } from '../../pair/plan.ts';
import { type Side, sideOf, sideProperties } from '../../pair/side.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { parseListing } from '../../zfs/state.ts';
import { readTheirSide, type Unseen } from '../far/their-side.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { Course } from './master.ts';
import type { Trees } from './tree-losses.ts';

/** Both sides of a file system that is pushed. */
export interface Both {
  readonly source: Side;
  readonly copy: Side;
  /** The same as they were read, with all below where that was asked. */
  readonly trees: Trees;
  /** File systems of the copy's tree whose names zrep cannot use. */
  readonly unread: readonly string[];
}

/** Reads both sides, with an infinite `depth` all below them; nothing is changed on either. A host that does not let itself be asked says why. */
export async function readBoth(
  run: Run,
  { dataset, host, destination }: Course,
  depth = 1,
): Promise<Both | Unseen> {
  const { tag } = run.settings;
  const theirs = await readTheirSide(run, host, destination, 'source', depth);
  if (!('side' in theirs)) return theirs;
  const argv = readStateArgv(dataset, sideProperties(run.step.capabilities, tag), depth);
  const listing = parseListing(mustSucceed(await run.step.zfs.ask(argv), dataset).output);
  const { listing: copy = new Map(), unread = [] } = theirs.said ?? {};
  const trees = { source: listing, copy };
  return { source: sideOf(listing, dataset, tag), copy: theirs.side, trees, unread };
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
  const all = settings.incrementFlag === '-I';
  const found = planIncrement({ tag: settings.tag, ...both, all, isRefused, sending });
  return 'obstacle' in found
    ? { obstacle: found.obstacle, sentence: sayObstacle({ settings }, course, found) }
    : found;
}

/** In one sentence, as it is told on this host. Pure. */
export function sayObstacle(
  { settings }: Pick<Run, 'settings'>,
  { dataset, host, destination }: Course,
  obstacle: Obstacle,
): string {
  const names = { zrep: zrepAgain(settings), copy: destination, source: dataset, host: settings.hostName };
  return inSentence(tell(obstacle, { ...names, to: host.name }));
}
