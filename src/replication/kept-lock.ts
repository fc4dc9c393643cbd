/**
 * A lock that one command of a session leaves to the next, so that the four of a refresh take it once. It is the lock of
 * the session's process all the while, and as good as any to others.
 */

import type { ListedDataset, Tag } from '../zfs/names.ts';
import type { Change } from '../zfs/program.ts';
import type { Named } from './streamed.ts';

/** What was streamed under the lock, and is not on record yet. */
export interface Unrecorded {
  /** What the stream was of, and from, by name and GUID. */
  readonly streamed: readonly Named[];
  /** Changes that are to be made with the record. */
  readonly along: readonly Change[];
  /** Puts it on record by itself. */
  record(): Promise<unknown>;
}

export interface KeptLock {
  /** Whether the command at work is to leave its lock to the next one. */
  wanted: boolean;
  /** True where the lock on `dataset` was left by an earlier command; any other that was is let go of. */
  takeOver(dataset: ListedDataset, tag: Tag): Promise<boolean>;
  /** Leaves a lock, which `release` lets go of. */
  leave(dataset: ListedDataset, tag: Tag, release: () => Promise<void>): void;
  /** Lets go of what was left, and puts on record what is not there yet. */
  letGo(): Promise<void>;
  /** Has it put on record with the mark of the next command, if that comes soon, or by itself; at the latest before the lock goes. */
  leaveUnrecorded(unrecorded: Unrecorded): void;
  /** What is not on record yet: whoever takes it sees to it. */
  takeUnrecorded(): Promise<Unrecorded | undefined>;
}

/**
 * A mark that comes, comes at once, or after a `zfs receive` that waits for its pool: then nobody waits for the record, and it is made by
 * itself. Milliseconds.
 */
const SOON = 1000;

/** One that nobody has left yet. */
export function createKeptLock(): KeptLock {
  let left: { dataset: ListedDataset; tag: Tag; release: () => Promise<void> } | undefined;
  let unrecorded: Unrecorded | undefined;
  let timer: NodeJS.Timeout | undefined;
  let recording: Promise<void> | undefined;
  const recordByItself = async (one: Unrecorded) => {
    try {
      await one.record();
      if (unrecorded === one) unrecorded = undefined;
    } catch {
      // It is tried again before the lock goes.
    }
  };
  const takeUnrecorded = async () => {
    clearTimeout(timer);
    await recording;
    const one = unrecorded;
    unrecorded = undefined;
    return one;
  };
  const letGo = async () => {
    const release = left?.release;
    left = undefined;
    await release?.();
    // Where the lock was gone before, nothing has put it on record yet.
    await (await takeUnrecorded())?.record();
  };
  return {
    wanted: false,
    async takeOver(dataset, tag) {
      const own = left?.dataset === dataset && left.tag === tag;
      if (own) left = undefined;
      else await letGo();
      return own;
    },
    leave(dataset, tag, release) {
      left = { dataset, tag, release };
    },
    letGo,
    leaveUnrecorded(one) {
      unrecorded = one;
      timer = setTimeout(() => {
        recording = recordByItself(one);
      }, SOON);
      timer.unref();
    },
    takeUnrecorded,
  };
}
