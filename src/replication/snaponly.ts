/**
 * `zrep snaponly`: the next snapshot in the row. Prints its name, without a newline, as stock does.
 *
 * Where a limit forbids one more, what is due expires first, if the client may have that done. Stock's refresh asks for a
 * new snapshot first, and for expiring last: a pool that is full would stay so, since no refresh would come that far.
 */

import type { Snaponly } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import type { Reach } from '../policy/reach.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import { snapshotArgv } from '../zfs/argv.ts';
import type { Listing } from '../zfs/state.ts';
import { changeUnderLock } from './change-under-lock.ts';
import type { Done } from './done.ts';
import { expireDue, expireReading } from './expire.ts';
import { askForRoom } from './limits.ts';
import { readAsHolder, withLock } from './lock.ts';
import { masterPremises, refuseUnlessMaster } from './master.ts';
import { type Limiting, nextSnapshot, nextSnapshotReading } from './next-snapshot.ts';
import { mustSucceed, type Step } from './step.ts';
import { type Attempt, isShortage, withWayOut } from './way-out.ts';

/** `reach` is where `limits` are looked at, `makingRoom` how far expiring may go; it may not where that is left out. */
export async function snaponly(
  step: Step,
  operation: Snaponly,
  limits: DatasetLimits,
  reach: Reach = 'alone',
  makingRoom?: Reach,
): Promise<Done | Refusal> {
  const { dataset, tag, recursive } = operation;
  const limiting = { limits, reach };
  step.interruption.check();
  const room = askForRoom(step, dataset);
  const reading = nextSnapshotReading(tag, limiting.reach);
  const choose = async (listing: Listing) =>
    refuseUnlessMaster(listing.get(dataset), tag, step.hostName) ??
    nextSnapshot(listing, dataset, tag, limiting, room);
  // Those of file systems below can only be made by zfs itself at one moment: they are not listed here.
  if (!recursive) {
    const made = await changeUnderLock(step, dataset, tag, reading, async (listing) => {
      const name = await choose(listing);
      if (isRefusal(name)) return name;
      return {
        premises: masterPremises(dataset, tag, listing.get(dataset)),
        changes: [{ does: 'snapshot', target: name }],
        done: (): Done => ({ print: name, facts: { snapshot: name } }),
      };
    });
    if (!isRefusal(made) || !isShortage(made)) return made;
  }
  return withLock(step, dataset, tag, reading, async (listing) => {
    const first = await choose(listing);
    const { name, destroyed } =
      isRefusal(first) && isShortage(first)
        ? await nameWithRoom(step, operation, limiting, makingRoom)
        : { name: first };
    if (isRefusal(name)) return name;
    step.interruption.check();
    mustSucceed(await step.zfs.ask(snapshotArgv(name, recursive)), dataset);
    return { print: name, facts: { snapshot: name, ...(destroyed === undefined ? {} : { destroyed }) } };
  });
}

/** Expires what is due, and asks once more. */
async function nameWithRoom(
  step: Step,
  { dataset, tag }: Snaponly,
  limiting: Limiting,
  makingRoom: Reach | undefined,
): Promise<{ name: string | Refusal; destroyed?: number }> {
  const attempt = await makeRoom();
  const listing = await readAsHolder(step, dataset, tag, nextSnapshotReading(tag, limiting.reach));
  if (isRefusal(listing)) return { name: listing };
  const name = await nextSnapshot(listing, dataset, tag, limiting, askForRoom(step, dataset));
  if (isRefusal(name)) return { name: withWayOut(name, dataset, attempt) };
  return attempt === 'not granted' || isRefusal(attempt) ? { name } : { name, destroyed: attempt.destroyed };

  async function makeRoom(): Promise<Attempt> {
    if (makingRoom === undefined) return 'not granted';
    const listing = await readAsHolder(step, dataset, tag, expireReading(tag, makingRoom));
    if (isRefusal(listing)) return listing;
    return expireDue(step, dataset, tag, makingRoom, limiting.limits, listing);
  }
}
