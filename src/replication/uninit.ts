/**
 * `zrep _uninit`: takes back what `_init` of the same client did, under the lock, so that no stream can end meanwhile.
 *
 * Snapshots before properties: zfs destroys none that has a clone or a hold, and then the pair is as it was. In front of them go
 * the bookmarks that streams of theirs left which did not end well. Interrupted anywhere, the same command completes it.
 */

import type { Uninit } from '../command/request.ts';
import type { Reach } from '../policy/reach.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import { ownBookmarks } from './bookmarks.ts';
import { destroyAll } from './destroy.ts';
import type { Done } from './done.ts';
import { destroyBookmarks } from './keep-base.ts';
import { withLock } from './lock.ts';
import { judgeUninit, setUpProperties, uninitArgvs } from './set-up.ts';
import type { TaggedSnapshot } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';

export async function uninit(step: Step, operation: Uninit, reach: Reach = 'alone'): Promise<Done | Refusal> {
  step.interruption.check();
  const { dataset, tag, destHost, destFs } = operation;
  // Without -R, too: what init -R made must not be taken back by half.
  const depth = Number.POSITIVE_INFINITY;
  return withLock(step, dataset, tag, { properties: setUpProperties(tag), depth }, async (listing) => {
    const going = judgeUninit(listing, operation, step.client, reach);
    if (isRefusal(going)) return going;
    const guids = new Set(going.map(({ guid }) => guid));
    const left = ownBookmarks(listing, dataset, tag).filter(({ guid }) => guids.has(guid));
    const { refused } = await destroyBookmarks(step, left);
    // By the dataset's own a repetition finds those of the children.
    const isOwn = (one: TaggedSnapshot) => one.dataset === dataset;
    await destroyAll(
      step,
      dataset,
      going.filter((one) => !isOwn(one)),
    );
    await destroyAll(step, dataset, going.filter(isOwn));
    for (const argv of uninitArgvs(dataset, tag)) mustSucceed(await step.zfs.ask(argv), dataset);
    const record = refused === undefined ? {} : { 'bookmark-refused': refused };
    return { facts: { destroyed: going.length, destination: `${destHost}:${destFs}`, ...record } };
  });
}
