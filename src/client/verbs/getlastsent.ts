/** `zrep getlastsent`: the last snapshot that both sides have, as stock prints it. */

import { fullName } from '../../replication/snapshots.ts';
import { readPairs } from '../look/read-pairs.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import { zrepFor } from '../words/again.ts';
import type { LastsentCommand } from '../words/look-words.ts';
import type { Settings } from '../words/settings.ts';

/** Carries `command` out; the answer is the exit code. */
export function getlastsent(settings: Settings, { datasets }: LastsentCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    const pairs = new Map((await readPairs(run, datasets, () => true)).map((pair) => [pair.dataset, pair]));
    for (const name of datasets) {
      const pair = pairs.get(name);
      if (pair === undefined)
        throw new Failure(`${name} does not exist; what there is: ${zrepFor(run.settings.tag)} list`, {
          unknown: name,
        });
      // An empty line for one that was never sent, which scripts compare with.
      run.report.line(pair.last === undefined ? '' : fullName(pair.last));
    }
    return 0;
  });
}
