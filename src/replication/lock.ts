/**
 * zrep's lock on a file system: TAG:lock-pid and TAG:lock-time, set on the file system itself.
 *
 * The same protocol as stock zrep's, so that a stock zrep on the host and the gate exclude each other, without
 * stock's races: the holder is read under the global lock, and once more after that was let go of. A lock whose
 * process is gone is taken over.
 */

import { type Ended, succeeded } from '../process/pipeline.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { readLocalArgv, readPropertiesArgv, readStateArgv, setArgvs } from '../zfs/argv.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import type { ListedDataset, Tag } from '../zfs/names.ts';
import type { Change, Premise } from '../zfs/program.ts';
import { type Listing, localValue, parseListing } from '../zfs/state.ts';
import { changeAtOnce, changeByCalls, fitsProgram, type Made } from './change.ts';
import { withGlobalLock } from './global-lock.ts';
import { isHolder } from './holder.ts';
import type { KeptLock } from './kept-lock.ts';
import { formatLockTime } from './lock-time.ts';
import { mustSucceed, type Step, saysNoRoom, ZfsFailed } from './step.ts';

/** What a step under lock reads of the dataset, beside the lock itself. */
export interface Reading {
  readonly properties: readonly string[];
  /** 1 for the dataset and its own snapshots, Infinity for everything below. */
  readonly depth: number;
}

/** The properties that make up the lock. */
export function lockPropertyNames(tag: Tag): [pid: string, time: string] {
  return [`${tag}:lock-pid`, `${tag}:lock-time`];
}

/** What sets the lock: one call where zfs `batches`, otherwise one a property, to be made at once. */
export function takeArgvs(
  capabilities: Capabilities,
  dataset: ListedDataset,
  tag: Tag,
  { pid, time }: { pid: string; time: string },
): string[][] {
  const [pidProperty, timeProperty] = lockPropertyNames(tag);
  return setArgvs(capabilities, dataset, { [pidProperty]: pid, [timeProperty]: time });
}

/**
 * What takes the lock away. Without a pid it is none. By calls they are made one after the other, as stock does: on a pool of
 * disks two at the same moment wait for up to four transaction groups.
 */
export function releaseChanges(dataset: ListedDataset, tag: Tag): Change[] {
  const [pidProperty, timeProperty] = lockPropertyNames(tag);
  return [
    { does: 'release', target: dataset, property: timeProperty },
    { does: 'release', target: dataset, property: pidProperty },
  ];
}

/** A lock that is held. */
export interface Held {
  /**
   * Makes the last changes of `work`, while `premises` hold where zfs can look, and lets go of the lock in the same moment, where zfs can
   * and no session keeps it. The refusal where the lock is not ours any more, or something else is not as it was: nothing is changed then.
   *
   * @throws ZfsFailed as `changeByCalls`.
   */
  finish(changes: readonly Change[], premises?: readonly Premise[]): Promise<Made | Refusal>;
}

/**
 * Runs `work` while holding the lock on `dataset`, with what `reading` asked for, read under the lock. The lock is
 * released however `work` ends, but where a session keeps it for the next command, and this one did what it was to.
 */
export async function withLock<Result>(
  step: Step,
  dataset: ListedDataset,
  tag: Tag,
  reading: Reading,
  work: (listing: Listing, held: Held) => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const { kept, interruption } = step;
  let left = false;
  const held: Held = {
    async finish(changes, others = []) {
      const premises = [isOurs(dataset, tag), ...others];
      const all = [...changes, ...releaseChanges(dataset, tag)];
      if (kept?.wanted || !fitsProgram(step, premises, all)) return changeByCalls(step, dataset, changes);
      const made = await changeAtOnce(step, dataset, premises, all);
      if (made === 'cannot') return changeByCalls(step, dataset, changes);
      if (made === premises[0]) return refuseAsLost(step, dataset, tag);
      if ('holds' in made) return refuse('changed-meanwhile', made.target);
      left = true;
      return made;
    },
  };
  try {
    if (await kept?.takeOver(dataset, tag)) await recordLeft(kept);
    else {
      const refusal = await withGlobalLock(step, () => take(step, dataset, tag));
      if (refusal) return refusal;
    }
    const listing = await readAsHolder(step, dataset, tag, reading);
    if (isRefusal(listing)) return listing;
    interruption.check();
    const result = await work(listing, held);
    if (isToKeep(step) && !isRefusal(result)) {
      left = true;
      kept?.leave(dataset, tag, () => release(step, dataset, tag));
    }
    return result;
  } finally {
    if (!left) await release(step, dataset, tag);
  }
}

/** Somebody else has set their lock over ours. */
async function refuseAsLost(step: Step, dataset: ListedDataset, tag: Tag): Promise<Refusal> {
  const [pidProperty] = lockPropertyNames(tag);
  const holder = parsePid(await readHolder(step, dataset, pidProperty));
  return refuse('lock-busy', step.hostName, holder ?? 0);
}

/** Whether a session is to keep the lock for the next command. */
export function isToKeep({ kept, interruption }: Step): boolean {
  return kept?.wanted === true && interruption.signal === undefined;
}

/** What an earlier command streamed is put on record before the next one looks. */
export async function recordLeft(kept: KeptLock | undefined): Promise<void> {
  await (await kept?.takeUnrecorded())?.record();
}

/** The lock is this process's. */
export function isOurs(dataset: ListedDataset, tag: Tag, pid = String(process.pid)): Premise {
  const [property] = lockPropertyNames(tag);
  return { holds: 'value', target: dataset, property, value: pid };
}

export function takeChanges(dataset: ListedDataset, tag: Tag): Change[] {
  const [pidProperty, timeProperty] = lockPropertyNames(tag);
  return [
    { does: 'set', target: dataset, property: pidProperty, value: String(process.pid) },
    { does: 'set', target: dataset, property: timeProperty, value: formatLockTime(new Date()) },
  ];
}

/** Under the global lock, which others wait for: so nothing is read here but who holds this one. */
async function take(step: Step, dataset: ListedDataset, tag: Tag): Promise<Refusal | undefined> {
  const names = lockPropertyNames(tag);
  const state = mustSucceed(await step.zfs.ask(readPropertiesArgv([dataset], names)), dataset);
  const [pid, time] = names.map((name) => localValue(parseListing(state.output).get(dataset), name));
  const holder = parsePid(pid);
  if (holder !== undefined && isHolder(holder, time)) return refuse('lock-busy', step.hostName, holder);
  await setLock(step, dataset, tag);
  return undefined;
}

/**
 * What `reading` asks for, where this process still holds the lock. A stock zrep that saw no lock before it waited for the
 * global one does not look again, and sets its own over this one: then it is the holder, and this process is not.
 */
export async function readAsHolder(
  step: Step,
  dataset: ListedDataset,
  tag: Tag,
  reading: Reading,
): Promise<Listing | Refusal> {
  const [pidProperty] = lockPropertyNames(tag);
  const argv = readStateArgv(dataset, [...reading.properties, pidProperty], reading.depth);
  const listing = parseListing(mustSucceed(await step.zfs.ask(argv), dataset).output);
  const holder = parsePid(localValue(listing.get(dataset), pidProperty));
  return holder === process.pid ? listing : refuse('lock-busy', step.hostName, holder ?? 0);
}

/** Sets the lock for this process, which must hold the global one, or have held this one before something took it away. */
export async function setLock({ zfs, capabilities }: Step, dataset: ListedDataset, tag: Tag): Promise<void> {
  // At once: whoever looks between two calls finds a lock without a time, which is respected.
  const lock = { pid: String(process.pid), time: formatLockTime(new Date()) };
  const argvs = takeArgvs(capabilities, dataset, tag, lock);
  const taken = await Promise.all(argvs.map((argv) => zfs.ask(argv)));
  const full = taken.find((one) => !succeeded(one) && saysNoRoom(one.message));
  if (full !== undefined) throw new NoRoomForLock(full, dataset, tag);
  for (const one of taken) mustSucceed(one, dataset);
}

/** The pool has no room for the properties that are the lock. */
export class NoRoomForLock extends ZfsFailed {
  readonly tag: Tag;

  constructor(ended: Ended, dataset: string, tag: Tag) {
    super(ended, dataset);
    this.tag = tag;
  }
}

/** Lets go of the lock if it is this process's, however far taking it has come; before that, what is not on record yet is put there. */
export async function release(step: Step, dataset: ListedDataset, tag: Tag): Promise<void> {
  try {
    await recordLeft(step.kept);
  } finally {
    await releaseIfOurs(step, dataset, tag);
  }
}

async function releaseIfOurs(step: Step, dataset: ListedDataset, tag: Tag): Promise<void> {
  const changes = releaseChanges(dataset, tag);
  const premises = [isOurs(dataset, tag)];
  if (
    fitsProgram(step, premises, changes) &&
    (await changeAtOnce(step, dataset, premises, changes)) !== 'cannot'
  )
    return;
  const [pidProperty] = lockPropertyNames(tag);
  if (parsePid(await readHolder(step, dataset, pidProperty)) !== process.pid) return;
  await changeByCalls(step, dataset, changes);
}

async function readHolder(step: Step, dataset: ListedDataset, property: string): Promise<string> {
  return (await step.zfs.ask(readLocalArgv(dataset, property))).output.trim();
}

/** The number of a process, as a lock has it. */
export function parsePid(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined;
}
