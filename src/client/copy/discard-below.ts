/**
 * What an interrupted recursive stream has left below the copy. Only the top's part can be resumed by `zrep -R refresh`; with a part in a file system
 * below, `zfs receive` refuses the whole next stream.
 */

import { mustSucceed } from '../../replication/step.ts';
import { readTreeArgv } from '../../zfs/argv.ts';
import { anyValue, parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';
import type { Destination } from './destination.ts';
import { abandonArgv } from './receive.ts';

/** Discards it, and prints that. Nothing is done without -R. @throws ZfsFailed where zfs here fails. */
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
  for (const [name] of parts) {
    mustSucceed(await step.zfs.ask(abandonArgv(name)), name);
    const why = 'of a recursive stream only the top can be resumed';
    report.warn(`${name}: what an interrupted stream left is discarded (${why})`);
    report.event('resume-abandoned', { dataset: name, why });
  }
}
