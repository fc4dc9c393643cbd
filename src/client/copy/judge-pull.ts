/**
 * How the next increment of a copy can come, asked of both sides anew. `zrep status --verify` tells this, and a refresh
 * whose stream did not come goes by it.
 */

import { type Names, type Obstacle, type Told, tell } from '../../pair/obstacle.ts';
import { planIncrement, type Way } from '../../pair/plan.ts';
import { type Side, sideOf, sideProperties } from '../../pair/side.ts';
import { judgeSource } from '../../pair/source.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { parseListing } from '../../zfs/state.ts';
import { readTheirSide, type Seen, type Unseen } from '../far/their-side.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import { isRecursive } from './came-along.ts';
import type { Destination } from './destination.ts';

export type Judged =
  /** An increment can come, and from where. */
  | { readonly way: Way; readonly isGate: boolean; readonly copy: Side }
  /** What keeps it, and what mends that. */
  | { readonly told: Told }
  | Unseen;

/** What is known, or has happened in this run. */
interface Meanwhile {
  /** The snapshot, behind the @, that was made there and is to be sent. */
  readonly sending?: string;
  /** The copy, where it was read just now, with `sideProperties`. */
  readonly copy?: Side;
  /** zfs receive has just refused the stream. */
  readonly isRefused?: boolean;
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
    meanwhile.copy ?? readCopy(run, dataset),
    readTheirSide(run, host, source, 'copy'),
  ]);
  if (!('side' in theirs)) return theirs;
  const found = judge(run, copy, theirs, meanwhile);
  if (!('obstacle' in found)) return { way: found, isGate: theirs.isGate, copy };
  return { told: tell(found, await namesOf(run, destination, copy)) };
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
  { settings: { tag } }: Pick<Run, 'settings'>,
  copy: Side,
  theirs: Seen,
  { sending, isRefused = false }: Meanwhile,
): Way | Obstacle {
  // What stock zrep sends, and our gate: every snapshot in between under zrep's own tag.
  const found = planIncrement({ tag, source: theirs.side, copy, all: tag === 'zrep', isRefused, sending });
  const { refused } = theirs;
  const isOver = sending !== undefined && SHORTAGES.includes(refused?.code ?? '');
  const isFound = 'obstacle' in found && found.obstacle === refused?.code;
  if (refused !== undefined && !isOver && !isFound)
    return judgeSource({ tag, source: theirs.side, copy }, refused);
  return found;
}

/** The copy, with what tells whether anything was changed on it. */
export async function readCopy({ settings, step }: Run, dataset: string): Promise<Side> {
  const argv = readStateArgv(dataset, sideProperties(step.capabilities, settings.tag), 1);
  const { output } = mustSucceed(await step.zfs.ask(argv), dataset);
  return sideOf(parseListing(output), dataset, settings.tag);
}
