/**
 * How the next increment of a pair can come, judged by what both sides have: from which snapshot, or what stands in the way. Pure.
 *
 * zfs's own words cannot carry this: one state has other words on each version, and some states have the same ones.
 */

import { lastSent, nextSequence, type TaggedSnapshot } from '../replication/snapshots.ts';
import { formatZrepSnapshot, parseDataset, type Tag } from '../zfs/names.ts';
import { anyValue } from '../zfs/state.ts';
import { type Base, baseOf } from './common.ts';
import type { Obstacle } from './obstacle.ts';
import { bytesOf, type Side } from './side.ts';

export interface Pair {
  readonly tag: Tag;
  readonly source: Side;
  readonly copy: Side;
  /** Every snapshot in between comes along (zfs send -I). */
  readonly all: boolean;
  /** The snapshot, behind the @, that is to be sent; undefined where it is still to be made. */
  readonly sending?: string | undefined;
  /** zfs receive has just refused the increment. */
  readonly isRefused: boolean;
  /** A part of a recursive stream: zfs receive first gives the snapshots that both have the names that the source has for them. */
  readonly isTree?: boolean;
}

/** An increment is possible. */
export interface Way {
  readonly base: Base;
  /** The source has another snapshot marked, or none, so that it has to be told where to begin. */
  readonly isTold: boolean;
  /** The one that it has marked. */
  readonly marked: TaggedSnapshot | undefined;
}

/** How the next increment comes; or the obstacle. */
export function planIncrement(pair: Pair): Way | Obstacle {
  const base = baseOf(pair);
  if (base === undefined) return { obstacle: isFirst(pair) ? 'first-stream' : 'no-common-snapshot' };
  const obstacle = keyMissing(pair) ?? clash(pair, base) ?? changes(pair, base);
  return obstacle ?? wayFrom(base, pair);
}

/** The increment from `base`, whatever stands in its way. */
export function wayFrom(base: Base, { tag, source }: Pick<Pair, 'tag' | 'source'>): Way {
  const marked = markedOf(source, tag);
  return { base, marked, isTold: marked?.guid !== base.ofCopy.guid };
}

/** The snapshot that the source begins with by itself. */
export function markedOf({ tagged, properties }: Side, tag: Tag): TaggedSnapshot | undefined {
  return lastSent(tagged, properties, tag);
}

/** Nothing has come whole yet, and the source knows that; what has come can be resumed. An empty copy is in the way of a first stream. */
function isFirst({ tag, source, copy }: Pair): boolean {
  const isBegun = anyValue(copy.properties, 'receive_resume_token') !== undefined;
  return isBegun && copy.snapshots.length === 0 && markedOf(source, tag) === undefined;
}

/** A copy that is encrypted came raw, or, where its source is not, has a key of its own; of others the streams are not raw. */
export function keyMissing({ source, copy }: Pick<Pair, 'source' | 'copy'>): Obstacle | undefined {
  const isLocked = ({ properties }: Side) => anyValue(properties, 'keystatus') === 'unavailable';
  const isPlain = ({ properties }: Side) => anyValue(properties, 'encryption') === 'off';
  const isEncrypted = (anyValue(copy.properties, 'encryption') ?? 'off') !== 'off';
  if (!isEncrypted) return isLocked(source) ? { obstacle: 'key-not-loaded' } : undefined;
  return isPlain(source) && isLocked(copy) ? { obstacle: 'copy-key-not-loaded' } : undefined;
}

/** zfs receive overwrites no snapshot: a name that the stream brings must be free, or that very snapshot's. */
function clash(pair: Pair, base: Base): Obstacle | undefined {
  const coming = new Map(comingOf(pair, base));
  const renamed = new Set(pair.isTree ? pair.source.snapshots.map(({ guid }) => guid) : []);
  const same = pair.copy.snapshots.filter(
    ({ name, guid }) => coming.has(name) && coming.get(name) !== guid && !renamed.has(guid),
  );
  if (same.length === 0) return undefined;
  const newer = behind(same, base.ofCopy);
  return {
    obstacle: newer.length > 0 ? 'parted' : 'name-taken',
    base,
    snapshots: newer.length > 0 ? newer : same,
  };
}

/** The names that an increment from `base` brings, with GUIDs; the one that is made for it has none yet. */
function comingOf(
  { tag, source, all, sending }: Pair,
  base: Base,
): [name: string, guid: string | undefined][] {
  const between = all && !base.isBookmark ? behind(source.snapshots, base.ofSource) : [];
  const next = sending ?? nextName(source, tag);
  const guid = source.snapshots.find(({ name }) => name === sending)?.guid;
  return [
    ...between.map(({ name, guid }): [string, string] => [name, guid]),
    ...(next === undefined ? [] : [[next, guid] as [string, string | undefined]]),
  ];
}

/** What the next snapshot of the source will be called, behind the @; undefined where no number is left. */
export function nextName({ dataset, tagged, reserved }: Side, tag: Tag): string | undefined {
  const [name, sequence] = [parseDataset(dataset), nextSequence([...tagged, ...reserved])];
  if (name === undefined || sequence === undefined) return undefined;
  return formatZrepSnapshot({ dataset: name, tag, sequence }).slice(dataset.length + 1);
}

/**
 * What is on the copy behind the base. zfs receive takes an increment onto a copy whose newer snapshots hold no changes
 * (module/zfs/dmu_recv.c, `dsl_dataset_modified_since_snap`). A zfs that does not count what was written shows a change only where
 * it changed the size; where that zfs has refused the stream already, there was one.
 */
export function changes(
  { source, copy, isRefused }: Pick<Pair, 'source' | 'copy' | 'isRefused'>,
  base: Base,
): Obstacle | undefined {
  const newer = behind(copy.snapshots, base.ofCopy);
  const bytes = bytesOf(anyValue(copy.properties, 'written'));
  const head = { written: bytes, referenced: anyValue(copy.properties, 'referenced') };
  const states = [base.ofCopy, ...newer, head];
  const isChanged = states
    .slice(1)
    .some(({ written, referenced }, index) =>
      written === undefined ? isRefused || differs(referenced, states[index]?.referenced) : written > 0,
    );
  if (!isChanged) return undefined;
  if (newer.length > 0) return { obstacle: 'newer-snapshots', base, snapshots: newer };
  const lost = lostHere(source, copy, base);
  return lost === undefined
    ? { obstacle: 'copy-modified', base, bytes }
    : { obstacle: 'base-destroyed', base, lost };
}

function differs(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

/** A snapshot that the copy has had, as the marks of the source say, and that was destroyed here. */
function lostHere(source: Side, copy: Side, base: Base): TaggedSnapshot | undefined {
  return behind(source.tagged, base.ofSource).findLast(
    ({ sent, guid }) => sent !== undefined && !copy.snapshots.some((one) => one.guid === guid),
  );
}

interface Placed {
  readonly createtxg: number;
}

/** Those that were made on one side after `place` was there. */
function behind<Made extends Placed>(all: readonly Made[], place: Placed): Made[] {
  return all.filter(({ createtxg }) => createtxg > place.createtxg);
}
