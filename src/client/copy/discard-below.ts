/**
 * What an interrupted recursive stream has left below the copy. Only the top's part can be resumed by `zrep -R refresh`; with a part in a file system
 * below, `zfs receive` refuses the whole next stream.
 */

import { mustSucceed } from '../../replication/step.ts';
import { readTreeArgv } from '../../zfs/argv.ts';
import { isBelow } from '../../zfs/names.ts';
import { anyValue, parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';
import type { Destination } from './destination.ts';
import { pairsBelow } from './pairs-below.ts';
import { abandonArgv } from './receive.ts';

/** Discards it, and prints that; but for what is of another pair, under whatever tag. Nothing is done without -R. @throws ZfsFailed where zfs here fails. */
export async function discardBelow(
  { settings, step, report }: Run,
  { dataset }: Pick<Destination, 'dataset'>,
): Promise<void> {
  if (!settings.recursive || !step.capabilities.has('resume')) return;
  const read = await step.zfs.ask(readTreeArgv(dataset, ['receive_resume_token']));
  const all = [...parseListing(mustSucceed(read, dataset).output)];
  const parts = all.filter(
    ([name, own]) => name !== dataset && anyValue(own, 'receive_resume_token') !== undefined,
  );
  if (parts.length === 0) return;
  const pairs = (await pairsBelow(step, dataset)).filter(({ name }) => name !== dataset);
  const isOthers = (name: string) => pairs.some((pair) => name === pair.name || isBelow(name, pair.name));
  for (const [name] of parts.filter(([name]) => !isOthers(name))) {
    mustSucceed(await step.zfs.ask(abandonArgv(name)), name);
    const why = 'of a recursive stream only the top can be resumed';
    report.warn(`${name}: what an interrupted stream left is discarded (${why})`);
    report.event('resume-abandoned', { dataset: name, why });
  }
}
