/**
 * `zrep _uninit`: takes back what `_init` of the same client did, under the lock, so that no stream can end meanwhile.
 *
 * Snapshots first: zfs destroys none that has a clone or a hold, and then nothing has changed. Interrupted anywhere, the
 * same command completes it.
 */

import type { Uninit } from '../command/request.ts';
import type { Reach } from '../policy/reach.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import { destroyAll } from './destroy.ts';
import type { Done } from './done.ts';
import { withLock } from './lock.ts';
import { judgeUninit, setUpProperties, uninitArgvs } from './set-up.ts';
import type { TaggedSnapshot } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';

export async function uninit(step: Step, operation: Uninit, reach: Reach = 'alone'): Promise<Done | Refusal> {
  step.interruption.check();
  const { dataset, tag, destHost, destFs } = operation;
  const depth = reach === 'alone' ? 1 : Number.POSITIVE_INFINITY;
  return withLock(step, dataset, tag, { properties: setUpProperties(tag), depth }, async (listing) => {
    const going = judgeUninit(listing, operation, step.client, reach);
    if (isRefusal(going)) return going;
    // By the dataset's own a repetition finds those of the children.
    const isOwn = (one: TaggedSnapshot) => one.dataset === dataset;
    await destroyAll(
      step,
      dataset,
      going.filter((one) => !isOwn(one)),
    );
    await destroyAll(step, dataset, going.filter(isOwn));
    for (const argv of uninitArgvs(dataset, tag)) mustSucceed(await step.zfs.ask(argv), dataset);
    return { facts: { destroyed: going.length, destination: `${destHost}:${destFs}` } };
  });
}
