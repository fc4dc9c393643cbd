/** `zrep uptodate`: whether anything was written since the last snapshot that was sent; told by the exit code alone. */

import { succeeded } from '../../process/pipeline.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { writtenArgv, writtenBelowArgv } from '../../zfs/argv.ts';
import { readPairs } from '../look/read-pairs.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { UptodateCommand } from '../words/look-words.ts';
import type { Settings } from '../words/settings.ts';

/** Carries `command` out; the answer is the exit code. */
export function uptodate(settings: Settings, { datasets }: UptodateCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    const pairs = new Map((await readPairs(run, datasets, () => true)).map((pair) => [pair.dataset, pair]));
    for (const name of datasets) {
      const pair = pairs.get(name);
      if (pair === undefined)
        throw new Failure(`${name} does not exist; what there is: ${zrepFor(run.settings.tag)} list`, {
          unknown: name,
        });
      if (pair.last === undefined || !(await isUnwritten(run, pair.last))) return 1;
    }
    return 0;
  });
}

/** Since this snapshot, whatever others were made later: stock asks since the newest one, sent or not. */
async function isUnwritten({ settings, step }: Run, last: TaggedSnapshot): Promise<boolean> {
  const argv = settings.recursive ? writtenBelowArgv : writtenArgv;
  const ended = await step.zfs.ask(argv(last.dataset, last.name));
  if (!succeeded(ended) && ended.message.includes('invalid property'))
    throw new Failure(
      `the zfs on this host cannot tell what was written since a snapshot (written@${last.name}), so ${last.dataset} counts as not up to date`,
    );
  const values = mustSucceed(ended, last.dataset)
    .output.split('\n')
    .filter((line) => line !== '');
  return values.length > 0 && values.every((value) => value === '0');
}
