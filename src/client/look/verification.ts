/** Whether the next pull of a copy would succeed, from what both sides say. Pure. */

import { fullName, type TaggedSnapshot } from '../../replication/snapshots.ts';
import type { PairView } from './pair-view.ts';

export interface Verification {
  readonly verdict: 'would-succeed' | 'would-fail' | 'unknown';
  /** What is in the way, and what mends it; or how to know. Undefined where it would succeed. */
  readonly why?: string;
}

export const WOULD_SUCCEED: Verification = { verdict: 'would-succeed' };

export function wouldFail(why: string): Verification {
  return { verdict: 'would-fail', why };
}

/** The source as the far side's host has it. */
export interface FarSource {
  readonly host: string;
  readonly dataset: string;
}

/** What the far side answered to a question. */
export interface Said {
  readonly done: boolean;
  readonly output: string;
  /** Standard error, printable. */
  readonly message: string;
}

/** Our gate's codes for what it does not let this client read (docs/policy.md). */
const NOT_GRANTED =
  /refused \((?:operation-not-granted|not-granted|unknown-client|property-not-readable|names-other-datasets)\)/;

/** Our gate's words, and zfs's. */
const GONE = /refused \(no-such-snapshot\)|dataset does not exist/;

/** Is it a copy at all? Undefined: yes. */
export function judgeRole({ dataset, role, destination }: PairView): Verification | undefined {
  if (role === 'copy') return undefined;
  if (role === 'neither')
    return wouldFail(`${dataset} is not the copy of anything: see zrep list -v ${dataset}`);
  const there = destination.dataset === undefined ? '' : ` ${destination.dataset}`;
  return {
    verdict: 'unknown',
    why: `it is the source; ask on ${destination.host ?? 'the other side'}: zrep status --verify${there}`,
  };
}

/** `written` are the bytes since the snapshot that both sides have; zfs receive wants none. Undefined: so it is, or it cannot be told. */
export function judgeChanges(
  written: number | undefined,
  dataset: string,
  last: TaggedSnapshot,
): Verification | undefined {
  if (written === undefined || written === 0) return undefined;
  return wouldFail(
    `${dataset} was changed here since ${last.name}; to give that up: zrep refresh -f ${dataset}`,
  );
}

/** Does the far side still have, under its name, the snapshot that both sides have? Undefined: yes. */
export function judgeBase(said: Said, last: TaggedSnapshot, far: FarSource): Verification | undefined {
  const theirs = `${far.dataset}@${last.name}`;
  if (!said.done) {
    if (NOT_GRANTED.test(said.message))
      return {
        verdict: 'unknown',
        why: `the gate on ${far.host} grants no reads; add "read" to the operations of its grant for ${far.dataset}`,
      };
    if (GONE.test(said.message))
      return wouldFail(
        `${theirs} is not on ${far.host} any more, and the next pull would begin with it. For the way on: zrep doctor ${last.dataset}`,
      );
    return { verdict: 'unknown', why: `${far.host} cannot be asked: ${said.message || 'it said nothing'}` };
  }
  const guid = /^(\d+)\n?$/.exec(said.output)?.[1];
  if (guid === undefined)
    return {
      verdict: 'unknown',
      why: `${far.host} answers with something else than a GUID; a login shell's banner does this`,
    };
  if (guid !== last.guid)
    return wouldFail(
      `${fullName(last)} and ${theirs} on ${far.host} are different snapshots of one name: the two sides have parted (split brain)`,
    );
  return undefined;
}

/**
 * Does the far side go on from a snapshot that is here? Undefined: yes. What cannot be listed there says nothing.
 *
 * A snapshot that was made here is in the way only if it holds changes (module/zfs/dmu_recv.c,
 * `dsl_dataset_modified_since_snap`): that is known where `unchanged` is.
 */
export function judgeMarks(
  said: Said,
  pair: PairView,
  far: FarSource,
  unchanged: boolean,
): Verification | undefined {
  if (!said.done) return undefined;
  const theirs = said.output.split('\n').flatMap((line) => {
    const [name = '', sent = '-'] = line.split('\t');
    return name.startsWith(`${far.dataset}@`)
      ? [{ name: name.slice(far.dataset.length + 1), sent: sent !== '-' }]
      : [];
  });
  const base = theirs.findLast(({ sent }) => sent)?.name;
  if (base !== undefined && !pair.snapshots.some(({ name }) => name === base))
    return wouldFail(
      `${far.host} would go on from ${far.dataset}@${base}, which it has marked as sent, and which is not here`,
    );
  const own = pair.behind.find((name) => !theirs.some((one) => one.name === name));
  if (own === undefined || unchanged) return undefined;
  return {
    verdict: 'unknown',
    why: `${pair.dataset}@${own} was made here, and if anything was changed in front of it, it is in the way; to give it up: zrep refresh -f ${pair.dataset}`,
  };
}

/**
 * Can the far side read what it sends? Undefined: yes, or it cannot be told. What is encrypted here came raw, or has a key of its own;
 * `encrypted` is whether it is.
 */
export function judgeKey(said: Said, encrypted: boolean, far: FarSource): Verification | undefined {
  if (!said.done || said.output.trim() !== 'unavailable' || encrypted) return undefined;
  return wouldFail(
    `the key of ${far.dataset} is not loaded on ${far.host}, and this copy is not a raw one. On ${far.host}: zfs load-key -r ${far.dataset}; or begin a raw copy (docs/policy.md, raw)`,
  );
}

/** Is it the master? Stock sends all the same; our gate does not. Undefined: yes, or it cannot be told. */
export function judgeMaster(said: Said, tag: string, far: FarSource): Verification | undefined {
  if (!said.done || said.output.trim() === 'yes') return undefined;
  return wouldFail(
    `${far.dataset} is not the master on ${far.host} (${tag}:master=yes is not set there), so that zrep-gate sends nothing: was there a failover?`,
  );
}
