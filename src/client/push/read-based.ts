/**
 * From where a file system is sent, also where no snapshot of it is marked as sent: marks are lost with a move or a restore. Then it is the newest
 * snapshot of zrep's that both sides have by its GUID, as for a refresh. Stock asks to initialize.
 */

import { baseOf } from '../../pair/common.ts';
import { fullName } from '../../replication/snapshots.ts';
import type { Dataset } from '../../zfs/names.ts';
import type { Listing } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { SourceHost } from '../words/source.ts';
import { readBoth, sayObstacle } from './judge-push.ts';
import { type Master, neverSent, readMaster } from './master.ts';

export interface Based {
  readonly master: Master;
  /** What a person is told, where no mark says so. */
  readonly told?: string;
}

/**
 * The master `dataset` as `listing` has it, which goes to `host` where that is given.
 *
 * @throws Failure when it is none, or was never sent.
 */
export async function readBased(
  run: Run,
  listing: Listing,
  dataset: Dataset,
  given?: SourceHost,
): Promise<Based> {
  const { tag, hostName } = run.settings;
  const read = readMaster(listing, dataset, tag, hostName);
  const { base, ...course } = given === undefined ? read : { ...read, host: given };
  if (base !== undefined) return { master: { ...course, base } };
  if (course.snapshots.length === 0) throw neverSent(dataset, tag);
  const both = await readBoth(run, course);
  if ('unseen' in both) throw neverSent(dataset, tag);
  const common = baseOf(both);
  if (common === undefined)
    throw new Failure(
      `${neverSent(dataset, tag).message}; ${sayObstacle(run, course, both, { obstacle: 'no-common-snapshot' })}`,
    );
  const found = course.snapshots.find(({ guid }) => guid === common.ofCopy.guid);
  if (found === undefined) throw neverSent(dataset, tag);
  return {
    master: { ...course, base: found },
    told: `no snapshot of ${dataset} is marked as sent; ${course.host.name} has ${fullName(found)}, with which the increment begins`,
  };
}
