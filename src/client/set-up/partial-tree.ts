/**
 * `zrep -R init --pull`, whose first stream an earlier run has not marked: whether all file systems came, and the destroying of what came
 * where not. The whole stream is refused as long as it is there (pair/first-tree.ts).
 */

import { judgeFirstTree } from '../../pair/first-tree.ts';
import type { Tree } from '../../pair/tree.ts';
import { mustSucceed } from '../../replication/step.ts';
import { destroyArgv, destroyDatasetArgv, readAllArgv } from '../../zfs/argv.ts';
import { anyValue, type Listing, parseListing } from '../../zfs/state.ts';
import { abandonArgv } from '../copy/receive.ts';
import { readTheirSide } from '../far/their-side.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { SourceHost } from '../words/source.ts';

type Asked = Pick<InitPullCommand, 'source' | 'destination'>;

/**
 * Whether all of the tree is here; otherwise what is here is expendable: the source has it, and nobody has added anything. Nothing is changed.
 *
 * @throws Failure where that is not known, or something has to be kept.
 */
export async function lookAtPartialTree(
  run: Run,
  host: SourceHost,
  asked: Asked,
): Promise<{ readonly isWhole: boolean }> {
  const { copy, source } = await readBoth(run, host, asked);
  return { isWhole: judge(run, source, copy, asked.destination) === 'whole' };
}

/**
 * Destroys it, and no more than was judged: each file system without its snapshots must be empty for zfs.
 *
 * @throws Failure where something has come meanwhile that has to be kept; ZfsFailed where zfs does not destroy it.
 */
export async function discardPartialTree(run: Run, host: SourceHost, asked: Asked): Promise<void> {
  const { step, report } = run;
  const { copy, source } = await readBoth(run, host, asked);
  const { destination } = asked;
  if (judge(run, source, copy, destination) === 'whole')
    throw new Failure(`all of ${destination} has come meanwhile; run the same command again`);
  const systems = [...copy.keys()].filter((name) => !name.includes('@'));
  report.line(
    `Destroying what an interrupted first stream left in ${destination}: ${systems.length} of ${source.below.size + 1} file systems`,
  );
  for (const argv of systems
    .sort()
    .reverse()
    .flatMap((name) => discardingArgvs(copy, name)))
    mustSucceed(await step.zfs.ask(argv), destination);
}

function discardingArgvs(copy: Listing, dataset: string): string[][] {
  const isPart = anyValue(copy.get(dataset), 'receive_resume_token') !== undefined;
  const prefix = `${dataset}@`;
  const snapshots = [...copy.keys()].filter((name) => name.startsWith(prefix));
  // With nothing whole in it, the file system goes with the part.
  return [
    ...(isPart ? [abandonArgv(dataset)] : []),
    ...snapshots.map((name) => destroyArgv(dataset, [name.slice(prefix.length)])),
    ...(isPart && snapshots.length === 0 ? [] : [destroyDatasetArgv(dataset)]),
  ];
}

async function readBoth(
  run: Run,
  host: SourceHost,
  { source, destination }: Asked,
): Promise<{ readonly source: Tree; readonly copy: Listing }> {
  const [theirs, here] = await Promise.all([
    readTheirSide(run, host, source, 'copy', Number.POSITIVE_INFINITY),
    run.step.zfs.ask(readAllArgv(destination)),
  ]);
  const copy = parseListing(mustSucceed(here, destination).output);
  if (!('side' in theirs)) throw kept(destination, `what of it came is not known: ${theirs.unseen}`);
  if (theirs.below === undefined)
    throw kept(destination, `${host.name} does not tell of what is below ${source}`);
  return { source: { top: theirs.side, below: theirs.below }, copy };
}

function judge(run: Run, source: Tree, copy: Listing, destination: string): 'whole' | 'part' {
  const found = judgeFirstTree(source, copy, destination, run.settings.tag);
  if (typeof found === 'string') return found;
  throw kept(destination, found.keep);
}

function kept(destination: string, why: string): Failure {
  return new Failure(
    `${destination} has what an interrupted first stream left, and is not destroyed: ${why}. Nothing was done. To keep it under another name, so that the same command streams all of it: zfs rename ${destination} ${destination}_old`,
  );
}
