/** What every step of a replication needs, and how a step ends when zfs does not do what it was asked. */

import type { Interruption } from '../process/interruption.ts';
import { type Ended, succeeded } from '../process/pipeline.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { existsArgv } from '../zfs/argv.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import type { Zfs } from '../zfs/run.ts';
import type { KeptLock } from './kept-lock.ts';

export interface Step {
  readonly zfs: Zfs;
  /** What the installed zfs can do beyond the least. */
  readonly capabilities: Capabilities;
  readonly interruption: Interruption;
  /** The folder of zrep's global lock. */
  readonly rundir: string;
  /** zrep's name of this host. */
  readonly hostName: string;
  /** Who asks: the word behind `serve`. */
  readonly client: string;
  /** In a session, the lock that one command leaves to the next. */
  readonly kept?: KeptLock;
  /** Prints a line for the client beside what is done. */
  readonly note?: (text: string) => void;
}

/** zfs was asked for something it could not do. */
export class ZfsFailed extends Error {
  readonly ended: Ended;
  /** The dataset that it was about. */
  readonly dataset: string;

  constructor(ended: Ended, dataset: string) {
    super(`zfs failed: ${ended.message.trim()}`);
    this.ended = ended;
    this.dataset = dataset;
  }
}

/**
 * `ended`, when zfs did what it was asked about `dataset`.
 *
 * @throws ZfsFailed when it did not.
 */
export function mustSucceed<Result extends Ended>(ended: Result, dataset: string): Result {
  if (!succeeded(ended)) throw new ZfsFailed(ended, dataset);
  return ended;
}

/** zfs's words for a pool or a quota that is full, and the system's (libzfs_util.c, EZFS_NOSPC; ENOSPC, EDQUOT). */
export function saysNoRoom(message: string): boolean {
  return /out of space|No space left|disk quota exceeded|quota exceeded/i.test(message);
}

/**
 * A dataset that a policy grants but that is not there is refused in the words for one that is not granted:
 * from outside, the two look alike. Undefined for any other failure.
 */
export function refusalFrom({ ended, dataset }: ZfsFailed): Refusal | undefined {
  const missing = ended.message.includes(`'${dataset}': dataset does not exist`);
  return missing ? refuse('not-granted', dataset) : undefined;
}

/**
 * The refusal, when zfs failed because the snapshot that it was asked about is not there. zfs says the same where
 * the whole dataset is not there, so it is asked once more.
 *
 * @throws ZfsFailed when it is the dataset that is missing.
 */
export async function missingSnapshot(
  { zfs }: Step,
  ended: Ended,
  dataset: string,
  snapshot: string,
): Promise<Refusal | undefined> {
  const name = `${dataset}@${snapshot}`;
  if (succeeded(ended) || !ended.message.includes(`'${name}': dataset does not exist`)) return undefined;
  mustSucceed(await zfs.ask(existsArgv(dataset)), dataset);
  return refuse('no-such-snapshot', name);
}
