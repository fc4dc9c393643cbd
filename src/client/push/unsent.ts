/**
 * What becomes of a snapshot that could not be sent, as stock has it: with -r it stays, and the next sync goes on with it;
 * otherwise it is called ..._unsent (people look for lost files in it), or goes, where ZREP_RENAME_UNSENT says so.
 */

import { inOneLine } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { destroyAll } from '../../replication/destroy.ts';
import { companions, SNAPSHOT_PROPERTIES, type TaggedSnapshot } from '../../replication/snapshots.ts';
import { mustSucceed, ZfsFailed } from '../../replication/step.ts';
import { readStateArgv, renameSnapshotArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { parseListing } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';

/** The failure of sending `snapshot` of `dataset`, when that was done. */
export async function leaveUnsent(
  run: Run,
  dataset: Dataset,
  snapshot: TaggedSnapshot,
  why: readonly string[],
): Promise<Failure> {
  const { settings, step } = run;
  const full = `${dataset}@${snapshot.name}`;
  const problem = `Problem doing sync for ${full}`;
  if (settings.resume || snapshot.name.endsWith('_unsent')) return new Failure([problem, ...why].join('; '));
  if (!settings.renameUnsent) {
    const left = await destroyUnsent(run, dataset, snapshot);
    return new Failure([`${problem}, which is ${left ?? 'gone'}`, ...why].join('; '));
  }
  const argv = renameSnapshotArgv(full, `${snapshot.name}_unsent`, settings.recursive);
  if (!succeeded(await step.zfs.ask(argv))) return new Failure([problem, ...why].join('; '));
  return new Failure([`${problem}. Renamed to ${full}_unsent`, ...why].join('; '));
}

/** With those that were made with it below, but not of a child that is configured by itself. The answer is what is left. */
async function destroyUnsent(
  { settings, step }: Run,
  dataset: Dataset,
  snapshot: TaggedSnapshot,
): Promise<string | undefined> {
  const { tag, recursive } = settings;
  const properties = [...SNAPSHOT_PROPERTIES, `${tag}:src-fs`];
  const depth = recursive ? Number.POSITIVE_INFINITY : 1;
  try {
    const state = mustSucceed(await step.zfs.ask(readStateArgv(dataset, properties, depth)), dataset);
    const along = recursive ? companions(parseListing(state.output), dataset, tag, [snapshot], []) : [];
    await destroyAll(step, dataset, [...along, snapshot]);
    return undefined;
  } catch (error) {
    if (!(error instanceof ZfsFailed)) throw error;
    return `still there (${inOneLine(error.ended.message)})`;
  }
}
