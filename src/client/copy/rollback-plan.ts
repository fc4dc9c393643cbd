/**
 * What `zrep refresh -f` would give up: the way back of a copy to the snapshot that the source sends from. Pure.
 *
 * What another program relies on stays, whoever says yes: what zrep-expire protects under other tags, holds, and clones.
 */

import { sayBytes, sayTime } from '../../expire/amounts.ts';
import { type Reading, usedBy } from '../../expire/from-zfs.ts';
import { protect } from '../../expire/protection.ts';
import { fullName, type Snapshot } from '../../expire/snapshot.ts';
import { sayGuard } from '../../expire/wording.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { rollbackArgv } from '../../zfs/argv.ts';
import type { Tag } from '../../zfs/names.ts';
import { anyValue } from '../../zfs/state.ts';
import type { TheirSnapshot } from '../far/their-snapshots.ts';

/** One file system of the copy, as it was read. */
export interface Read {
  readonly reading: Reading;
  readonly snapshots: readonly Snapshot[];
}

export interface RollbackPlan {
  /** Snapshots that would be destroyed, one a line. */
  readonly snapshots: readonly string[];
  /** Changes since the newest snapshot, one file system a line. */
  readonly changes: readonly string[];
  /** What forbids it: a snapshot and why it stays, one a line. */
  readonly kept: readonly string[];
  /** Words of zfs. */
  readonly argvs: readonly (readonly string[])[];
}

/** Properties that a plan needs beside those of expiring. `written` is not there on every zfs. */
export const PLAN_PROPERTIES = ['clones', 'written'] as const;

/** The way back to the snapshot `name`, of the file system and of those below that have one of that name. */
export function planRollback(reads: readonly Read[], tag: Tag, name: string): RollbackPlan {
  const affected = reads.filter(({ snapshots }) => snapshots.some((one) => one.name === name));
  const parts = affected.map((read) => ({ ...read, newer: newerThan(read, name) }));
  return {
    snapshots: parts.flatMap(({ reading, newer }) => newer.map((one) => describe(reading, one))),
    changes: parts.flatMap(({ reading, newer }) => changesOf(reading, name, newer)),
    kept: parts.flatMap(({ reading, snapshots, newer }) => keptOf(reading, snapshots, newer, tag)),
    argvs: affected.map(({ reading }) => rollbackArgv(`${reading.dataset}@${name}`)),
  };
}

function newerThan({ snapshots }: Read, name: string): Snapshot[] {
  const base = snapshots.find((one) => one.name === name)?.createtxg ?? 0;
  return snapshots.filter(({ createtxg }) => createtxg > base).sort((a, b) => a.createtxg - b.createtxg);
}

function describe(reading: Reading, snapshot: Snapshot): string {
  return `${fullName(snapshot)}, made ${sayTime(snapshot.creation)}, ${sayBytes(usedBy(reading, [snapshot]))}`;
}

/** A zfs that does not count what was written may have anything. */
function changesOf({ dataset, listing }: Reading, name: string, newer: readonly Snapshot[]): string[] {
  const written = anyValue(listing.get(dataset), 'written');
  if (written === '0') return [];
  const since = newer.at(-1)?.name ?? name;
  const much =
    written === undefined ? 'if there are any; this zfs does not count them' : sayBytes(Number(written));
  return [`changes in ${dataset} since @${since}: ${much}`];
}

function keptOf(
  { listing }: Reading,
  snapshots: readonly Snapshot[],
  newer: readonly Snapshot[],
  tag: Tag,
): string[] {
  const guards = protect(snapshots, [tag]);
  return newer.flatMap((snapshot) => {
    const clones = (anyValue(listing.get(fullName(snapshot)), 'clones') ?? '').split(',').filter(Boolean);
    const all = [guards.get(snapshot), ...snapshot.guards].filter((guard) => guard !== undefined);
    // What the pair's own refreshes go on from is what the way back is about.
    const guard = all.find((one) => !('tag' in one) || one.tag !== tag || one.kind === 'base-above');
    const whys = [
      ...clones.map((clone) => `${clone} is a clone of it`),
      ...(guard === undefined ? [] : [sayGuard(guard)]),
    ];
    return whys.map((why) => `${fullName(snapshot)}: ${why}`);
  });
}

/**
 * The snapshot of the copy that the source will send from: its newest one with a mark, by GUID. Where the source does not let
 * itself be asked, the newest one that is marked here. Undefined where the copy does not have it.
 */
export function chooseBase(
  snapshots: readonly TaggedSnapshot[],
  theirs: readonly TheirSnapshot[] | undefined,
): TaggedSnapshot | undefined {
  if (theirs === undefined) return snapshots.findLast(({ sent }) => sent !== undefined);
  const last = theirs.findLast(({ sent }) => sent);
  return snapshots.findLast(({ guid }) => guid === last?.guid);
}
