/**
 * `zrep _state`: what tells how a pair stands on this side, for a client that judges it by the GUIDs of both sides. Changes
 * nothing and takes no lock: what it prints can be old by the time that it is read.
 */

import type { State } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import type { Reach } from '../policy/reach.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import { readStateArgv } from '../zfs/argv.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import type { Dataset } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import { type Listing, parseListing } from '../zfs/state.ts';
import type { Done } from './done.ts';
import { dueToExpire, expireReading } from './expire.ts';
import { describeBelow, describeState, formatState, STATE_PROPERTIES } from './format-state.ts';
import { askForRoom, type Room } from './limits.ts';
import { refuseUnlessMaster } from './master.ts';
import { nextSnapshot } from './next-snapshot.ts';
import { fullName } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';
import { refuseWithoutKey } from './stream.ts';
import { isShortage, withWayOut } from './way-out.ts';

/** What the policy says to a refresh of the same dataset by the same client. */
export interface Refresh {
  /** The refusal by the policy alone. */
  readonly barred: Refusal | undefined;
  /** What `_refreshpull` sends with. */
  readonly sendFlags: readonly SendFlag[];
  /** How far `snaponly` may expire to make room; undefined where the client may not expire. */
  readonly makingRoom: Reach | undefined;
}

export async function state(
  step: Step,
  operation: State,
  limits: DatasetLimits,
  refresh: Refresh,
): Promise<Done | Refusal> {
  step.interruption.check();
  const { dataset, tag, recursive } = operation;
  const room = askForRoom(step, dataset);
  const listing = await read(step, dataset, stateArgv(step.capabilities, operation));
  const refused = refresh.barred ?? (await refuseRefresh(step, operation, listing, limits, refresh, room));
  const own = describeState(listing, dataset, tag, step.hostName, refused);
  const below = recursive ? { below: describeBelow(listing, dataset) } : {};
  return { print: formatState({ ...own, ...below }), facts: {} };
}

/** The one call that reads it. */
export function stateArgv(capabilities: Capabilities, { dataset, tag, recursive }: State): string[] {
  const key = capabilities.has('encryption') ? ['encryption', 'keystatus'] : [];
  const own = STATE_PROPERTIES.map((name) => `${tag}:${name}`);
  const properties = new Set([
    'type',
    'referenced',
    ...key,
    ...own,
    ...expireReading(tag, 'alone').properties,
  ]);
  return readStateArgv(dataset, [...properties], recursive ? Number.POSITIVE_INFINITY : 1);
}

/**
 * The refusal that `snaponly`, and then the stream of `_refreshpull`, would meet now, of this dataset alone. Left out is what
 * the snapshots tell by themselves (that none is marked as sent), and a lock, which passes.
 */
async function refuseRefresh(
  step: Step,
  { dataset, tag }: State,
  listing: Listing,
  limits: DatasetLimits,
  { sendFlags, makingRoom }: Refresh,
  room: () => Promise<Room>,
): Promise<Refusal | undefined> {
  const own = listing.get(dataset);
  const refusal = refuseUnlessMaster(own, tag, step.hostName);
  if (refusal) return refusal;
  const first = await nextSnapshot(listing, dataset, tag, { limits, reach: 'alone' }, room);
  const name = isRefusal(first) && isShortage(first) ? await nameAfterExpiring(first) : first;
  if (isRefusal(name)) return name;
  return sendFlags.includes('w') ? undefined : refuseWithoutKey(dataset, own);

  /** The same once what is due had expired. */
  async function nameAfterExpiring(shortage: Refusal): Promise<string | Refusal> {
    if (makingRoom === undefined) return withWayOut(shortage, dataset, 'not granted');
    const due = dueToExpire(step.hostName, dataset, tag, makingRoom, limits, await reaching(makingRoom));
    if (isRefusal(due)) return withWayOut(shortage, dataset, due);
    if (due.own.length + due.along.length === 0)
      return withWayOut(shortage, dataset, { destroyed: 0, left: [] });
    const going = new Set(due.own.map(fullName));
    const left = new Map([...listing].filter(([name]) => !going.has(name)));
    // How much room that makes only zfs knows, and only when it is done: the pool counts as empty.
    const most = async () => {
      const found = await room();
      return { ...found, free: found.size };
    };
    return nextSnapshot(left, dataset, tag, { limits, reach: 'alone' }, most);
  }

  async function reaching(reach: Reach): Promise<Listing> {
    if (reach === 'alone') return listing;
    const { properties, depth } = expireReading(tag, reach);
    return read(step, dataset, readStateArgv(dataset, properties, depth));
  }
}

async function read({ zfs }: Step, dataset: Dataset, argv: readonly string[]): Promise<Listing> {
  return parseListing(mustSucceed(await zfs.ask(argv), dataset).output);
}
