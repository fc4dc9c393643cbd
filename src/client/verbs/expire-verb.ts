/**
 * `zrep expire`: snapshots beyond the save count, on the source as on the copy. One file system that fails holds up no
 * other, or a pool could fill up over it.
 */

import { Interrupted } from '../../process/interruption.ts';
import { isRefusal } from '../../refusal.ts';
import { withLockOrNoRoom } from '../../replication/no-room.ts';
import { ROLE_PROPERTIES, roleOf, roleProperties } from '../../replication/role.ts';
import type { Dataset } from '../../zfs/names.ts';
import { type Listing, localValue } from '../../zfs/state.ts';
import { refuseRetired } from '../copies/refuse-retired.ts';
import { expireHere } from '../copy/expire-here.ts';
import { Failure, failureOf } from '../run/failure.ts';
import { tell } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain, zrepFor } from '../words/again.ts';
import type { ExpireCommand } from '../words/server-words.ts';
import { expireBoth, expireBothReading } from './expire-both.ts';
import { mastersHere, pairsHere } from './pairs-here.ts';

/** Expires each of them; the answer is the exit code. */
export async function expireAll(run: Run, command: ExpireCommand): Promise<number> {
  const { settings, report } = run;
  if (settings.skipExpire)
    throw new Failure('ZREP_SKIP_EXPIRE is set, so that nothing expires; unset it to call zrep expire');
  let code = 0;
  for (const dataset of await chosen(run, command)) {
    try {
      if (await expireOne(run, dataset, command.local)) continue;
      report.warn(
        `${dataset} was expired here alone. Where its copy is expired by itself (zrep refresh does that): ${zrepAgain(settings)} expire -L ${dataset}`,
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

/** False where the other side was to be expired, too, and was not. */
async function expireOne(run: Run, dataset: Dataset, local: boolean): Promise<boolean> {
  const { settings, step, report } = run;
  const { tag } = settings;
  const { properties, depth } = expireBothReading(run);
  const role = ROLE_PROPERTIES.map((name) => `${tag}:${name}`);
  const reading = { properties: [...new Set([...properties, ...role, `${tag}:retired`])], depth };
  const work = async (listing: Listing) => {
    const own = listing.get(dataset);
    refuseRetired(own, dataset, tag);
    if (roleOf(own, dataset, tag, step.hostName) === 'unclear')
      throw new Failure(
        `${dataset} is not expired: its properties do not say which side of a pair it is (${roleProperties(own, tag).join(', ')}). For what to do: ${zrepFor(tag)} doctor ${dataset}`,
      );
    report.line(`Expiring zrep snaps on ${dataset}`);
    if (localValue(listing.get(dataset), `${tag}:master`) === 'yes')
      return expireBoth(run, dataset, local, listing);
    await expireHere(run, dataset);
    return true;
  };
  const done = await withLockOrNoRoom(step, dataset, tag, reading, work);
  if (isRefusal(done)) throw failureOf(done);
  return done;
}
