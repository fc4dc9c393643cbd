/**
 * How the next increment of a copy can come, asked of both sides anew. `zrep status --verify` tells this, and a refresh
 * whose stream did not come goes by it.
 */

import { type Obstacle, type Told, tell } from '../../pair/obstacle.ts';
import { planIncrement, type Way } from '../../pair/plan.ts';
import { type Side, sideOf, sideProperties } from '../../pair/side.ts';
import { judgeSource } from '../../pair/source.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { parseListing } from '../../zfs/state.ts';
import { readTheirSide, type TheirSide, type Unseen } from '../far/their-side.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { Destination } from './destination.ts';

export type Judged =
  /** An increment can come, and from where. */
  | { readonly way: Way; readonly isGate: boolean; readonly copy: Side }
  /** What keeps it, and what mends that; plain where it is no more than the gate there says when it refuses. */
  | { readonly told: Told; readonly isPlain: boolean }
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
  return judge(run, destination, copy, theirs, meanwhile);
}

function judge(
  { settings }: Pick<Run, 'settings'>,
  { dataset, host, source }: Pick<Destination, 'dataset' | 'host' | 'source'>,
  copy: Side,
  theirs: TheirSide,
  { sending, isRefused = false }: Meanwhile,
): Judged {
  if (!('side' in theirs)) return theirs;
  const { tag } = settings;
  const names = { zrep: zrepAgain(settings), copy: dataset, source, host: host.name };
  // What stock zrep sends, and our gate: every snapshot in between under zrep's own tag.
  const found = planIncrement({ tag, source: theirs.side, copy, all: tag === 'zrep', isRefused, sending });
  const { refused } = theirs;
  const isOver = sending !== undefined && SHORTAGES.includes(refused?.code ?? '');
  const isFound = 'obstacle' in found && found.obstacle === refused?.code;
  if (refused !== undefined && !isOver && !isFound)
    return toldOf(judgeSource({ tag, source: theirs.side, copy }, refused));
  return 'obstacle' in found ? toldOf(found) : { way: found, isGate: theirs.isGate, copy };

  function toldOf(obstacle: Obstacle): Judged {
    return { told: tell(obstacle, names), isPlain: obstacle.obstacle === 'refused-there' };
  }
}

/** The copy, with what tells whether anything was changed on it. */
export async function readCopy({ settings, step }: Run, dataset: string): Promise<Side> {
  const argv = readStateArgv(dataset, sideProperties(step.capabilities, settings.tag), 1);
  const { output } = mustSucceed(await step.zfs.ask(argv), dataset);
  return sideOf(parseListing(output), dataset, settings.tag);
}
