/**
 * `zrep -R init --pull`, whose first stream an earlier run has not marked: whether all file systems came. Where not, what came
 * gets another name (step-aside.ts): the whole stream is refused as long as it is there (pair/first-tree.ts).
 */

import { firstTreeProperties, judgeFirstTree } from '../../pair/first-tree.ts';
import type { Tree } from '../../pair/tree.ts';
import { inShell, printable } from '../../printable.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { type Listing, parseListing } from '../../zfs/state.ts';
import { pairsBelow } from '../copy/pairs-below.ts';
import { readTheirSide } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { SourceHost } from '../words/source.ts';

type Asked = Pick<InitPullCommand, 'source' | 'destination'>;

/**
 * Whether all of the tree is here; otherwise what is here came from the source, and nobody has added anything. Nothing is changed.
 *
 * @throws Failure where that is not known, or something has to be kept.
 */
export async function lookAtPartialTree(
  run: Run,
  host: SourceHost,
  asked: Asked,
): Promise<{ readonly isWhole: boolean }> {
  const { destination } = asked;
  const { copy, source } = await readBoth(run, host, asked);
  const found = judgeFirstTree(source, copy, destination, run.settings.tag);
  if (found === 'whole') return { isWhole: true };
  if (found !== 'part') throw kept(destination, found.keep);
  if (!destination.includes('/'))
    throw new Failure(
      `${destination} is a pool, and has what an interrupted first stream left. Nothing was done. Begin the pair below it, under another name`,
    );
  const other = (await pairsBelow(run.step, destination)).find(({ name }) => name !== destination);
  if (other !== undefined) throw kept(destination, `${printable(other.name)} is of a pair of its own`);
  return { isWhole: false };
}

async function readBoth(
  run: Run,
  host: SourceHost,
  { source, destination }: Asked,
): Promise<{ readonly source: Tree; readonly copy: Listing }> {
  const [theirs, here] = await Promise.all([
    readTheirSide(run, host, source, 'copy', Number.POSITIVE_INFINITY),
    run.step.zfs.ask(
      readStateArgv(destination, firstTreeProperties(run.settings.tag), Number.POSITIVE_INFINITY),
    ),
  ]);
  const copy = parseListing(mustSucceed(here, destination).output);
  if (!('side' in theirs)) throw kept(destination, `what of it came is not known: ${theirs.unseen}`);
  if (theirs.below === undefined)
    throw kept(destination, `${host.name} does not tell of what is below ${source}`);
  return { source: { top: theirs.side, below: theirs.below }, copy };
}

function kept(destination: string, why: string): Failure {
  return new Failure(
    `${destination} has what an interrupted first stream left, and more: ${why}. Nothing was done. To keep it under another name, so that the same command streams all of it: zfs rename ${inShell(destination)} ${inShell(`${destination}_old`)}`,
  );
}
