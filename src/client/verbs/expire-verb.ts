/**
 * `zrep expire`: snapshots beyond the save count, on the source as on the copy. One file system that fails holds up no
 * other, or a pool could fill up over it.
 */

import { Interrupted } from '../../process/interruption.ts';
import { isRefusal } from '../../refusal.ts';
import { expire } from '../../replication/expire.ts';
import { withLock } from '../../replication/lock.ts';
import { masterProperties } from '../../replication/master.ts';
import type { Dataset } from '../../zfs/names.ts';
import { localValue } from '../../zfs/state.ts';
import { expireHere } from '../copy/expire-here.ts';
import { Failure, failureOf } from '../run/failure.ts';
import { tell } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { ExpireCommand } from '../words/server-words.ts';
import { NO_LIMITS } from './no-limits.ts';
import { mastersHere, pairsHere } from './pairs-here.ts';

/** Expires each of them; the answer is the exit code. */
export async function expireAll(run: Run, command: ExpireCommand): Promise<number> {
  const { settings, report } = run;
  if (settings.skipExpire)
    throw new Failure('ZREP_SKIP_EXPIRE is set, so that nothing expires; unset it to call zrep expire');
  let code = 0;
  for (const dataset of await chosen(run, command)) {
    try {
      const side = await expireOne(run, dataset);
      if (side === 'copy' || command.local) continue;
      report.warn(
        `${dataset} was expired here alone; its copy is when that is refreshed. To leave it at that: zrep expire -L`,
      );
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      tell(report, error, dataset);
      report.line(`WARNING: expire failed for ${dataset}`);
    }
    code = 1;
  }
  return code;
}

async function chosen(run: Run, { datasets, all }: ExpireCommand): Promise<readonly Dataset[]> {
  if (all) return pairsHere(run);
  return datasets.length > 0 ? datasets : mastersHere(run);
}

async function expireOne(run: Run, dataset: Dataset): Promise<'source' | 'copy'> {
  const { settings, step, report } = run;
  // Everything below, since stock's expire takes it along (zfs destroy -r), and so do those that call it.
  const done = await expire(step, { kind: 'expire', dataset, tag: settings.tag }, { spared: [] }, NO_LIMITS);
  if (!isRefusal(done)) {
    report.print(done.print ?? '');
    return 'source';
  }
  if (done.refused !== 'not-master' && done.refused !== 'not-marked-master') throw failureOf(done);
  report.line(`Expiring zrep snaps on ${dataset}`);
  const reading = { properties: masterProperties(settings.tag), depth: 1 };
  const refusal = await withLock(step, dataset, settings.tag, reading, async (listing) => {
    // A master all the same, whose host has another name now.
    if (localValue(listing.get(dataset), `${settings.tag}:master`) === 'yes') return done;
    await expireHere(run, dataset);
    return undefined;
  });
  if (isRefusal(refusal)) throw failureOf(refusal);
  return 'copy';
}
