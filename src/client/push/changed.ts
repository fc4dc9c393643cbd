/**
 * Has a file system changed since a snapshot? For sync -c. What zfs counts as written since (`written@SNAPSHOT`) is asked first:
 * where that is nothing, nothing has; otherwise `zfs diff`, as stock, since a mere look at a file can write its atime.
 * Stock looks at the file system itself alone; with -R those below count here, too.
 */

import { succeeded } from '../../process/pipeline.ts';
import { diffArgv, readStateArgv, writtenArgv } from '../../zfs/argv.ts';
import { parseListing } from '../../zfs/state.ts';
import { childrenOf } from '../copy/destination.ts';
import type { Run } from '../run/run.ts';

/** True also where it cannot be told. */
export async function hasChanged(run: Run, dataset: string, snapshot: string): Promise<boolean> {
  for (const one of run.settings.recursive ? await treeOf(run, dataset) : [dataset])
    if (await hasOneChanged(run, one, snapshot)) return true;
  return false;
}

async function treeOf({ step }: Run, dataset: string): Promise<string[]> {
  const state = await step.zfs.ask(readStateArgv(dataset, ['type'], Number.POSITIVE_INFINITY));
  return [dataset, ...childrenOf(parseListing(state.output), dataset)];
}

async function hasOneChanged({ step }: Run, dataset: string, snapshot: string): Promise<boolean> {
  const written = await step.zfs.ask(writtenArgv(dataset, snapshot));
  if (succeeded(written) && written.output.trim() === '0') return false;
  const changes = await step.zfs.ask(diffArgv(`${dataset}@${snapshot}`));
  return !succeeded(changes) || changes.output !== '';
}
