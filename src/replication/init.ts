/**
 * `zrep _init`: makes a file system the source of a pair, and prints the name of the snapshot that the pair begins with,
 * without a newline. Said again after it was cut off, wherever that was, it goes on and prints the same name. The client that
 * set a pair up can give it another destination, until a first stream has ended well.
 */

import type { Init } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import type { Reach } from '../policy/reach.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { snapshotArgv } from '../zfs/argv.ts';
import type { Done } from './done.ts';
import { askForRoom } from './limits.ts';
import { withLock } from './lock.ts';
import { nextSnapshot } from './next-snapshot.ts';
import { pairArgvs, refuseInitialized, refuseOtherPair } from './pair.ts';
import {
  hasPair,
  initBy,
  initByProperty,
  mayRedirect,
  refuseHalfOfOther,
  setUpProperties,
} from './set-up.ts';
import { fullName, taggedSnapshots } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';
import { withWayOut } from './way-out.ts';

export async function init(
  step: Step,
  operation: Init,
  limits: DatasetLimits,
  reach: Reach = 'alone',
): Promise<Done | Refusal> {
  step.interruption.check();
  const { dataset, tag, recursive, destHost, destFs } = operation;
  const properties = setUpProperties(tag);
  const depth = reach === 'alone' ? 1 : Number.POSITIVE_INFINITY;
  return withLock(step, dataset, tag, { properties, depth }, async (listing) => {
    const snapshots = taggedSnapshots(listing, dataset, tag);
    const redirected = mayRedirect(listing, dataset, tag, step.client);
    const refusal =
      refuseOtherPair(listing, operation, step.hostName, redirected) ??
      refuseInitialized(snapshots, listing, dataset, tag) ??
      refuseHalfOfOther(listing, operation, step.client);
    if (refusal) return refusal;
    const by = initBy(listing, dataset, tag) ?? (hasPair(listing, dataset, tag) ? undefined : step.client);
    const recorded = by === undefined ? {} : { [initByProperty(tag)]: by };
    const newest = snapshots.at(-1);
    const room = () => askForRoom(step, dataset)();
    const name = newest
      ? fullName(newest)
      : await nextSnapshot(listing, dataset, tag, { limits, reach }, room);
    // A pair that has not begun has nothing that could expire.
    if (isRefusal(name)) return withWayOut(name, dataset, refuse('never-sent', tag));
    for (const argv of pairArgvs(step.capabilities, operation, step.hostName, recorded)) {
      mustSucceed(await step.zfs.ask(argv), dataset);
    }
    step.interruption.check();
    if (newest === undefined)
      mustSucceed(await step.zfs.ask(snapshotArgv(name, recursive, recorded)), dataset);
    return { print: name, facts: { snapshot: name, destination: `${destHost}:${destFs}` } };
  });
}
