/**
 * What `zrep refresh -f` would give up: the way back of a copy to the snapshot that the source sends from. Pure.
 *
 * Whoever says yes, what others rely on stays: everything that zrep-expire protects, clones, and others' bookmarks.
 */

import { sayBytes, sayTime } from '../../expire/amounts.ts';
import { type Reading, usedBy } from '../../expire/from-zfs.ts';
import { protect } from '../../expire/protection.ts';
import { fullName, type Guard, type Snapshot } from '../../expire/snapshot.ts';
import { sayGuard } from '../../expire/wording.ts';
import { baseOf } from '../../pair/common.ts';
import type { Snapshot as Own, Side } from '../../pair/side.ts';
import { type OwnBookmark, ownBookmarks } from '../../replication/bookmarks.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import type { Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue } from '../../zfs/state.ts';

/** One file system of the copy, as it was read. */
export interface Read {
  readonly reading: Reading;
  readonly snapshots: readonly Snapshot[];
}

/** What is done with one file system: these snapshots are destroyed, and then it is rolled back to `base`. */
interface Way {
  readonly dataset: string;
  readonly base: { readonly name: string; readonly guid: string };
  readonly destroyed: readonly Snapshot[];
  /** The pair's own that are newer, from when the copy was the source: zfs rolls back past none. */
  readonly bookmarks: readonly OwnBookmark[];
}

export interface RollbackPlan {
  /** The copy's own first. */
  readonly ways: readonly Way[];
  /** Snapshots that would be destroyed, one a line. */
  readonly snapshots: readonly string[];
  /** Changes since the newest snapshot, one file system a line. */
  readonly changes: readonly string[];
  /** The newest snapshot that was sent would go, since the source does not have it any more: a person has to see that. */
  readonly losesLastSent: boolean;
  /** What forbids it: what must stay, and why, one a line. */
  readonly kept: readonly string[];
}

/** Properties that a plan needs beside those of expiring; where zfs counts what is written, it knows clones, too. */
export function planProperties(capabilities: Capabilities): string[] {
  return ['guid', ...(capabilities.has('written') ? ['clones', 'written'] : [])];
}

/**
 * The way back to the snapshot `name` of the first of `reads`, and of those below that have one of that name. One below that is
 * of a pair of its own under `tag` is left alone. `isCommon` is whether the source was seen, and that is the newest one that both
 * have: then the marks of `tag` on newer ones here are of no use to any refresh.
 */
export function planRollback(
  reads: readonly Read[],
  tag: Tag,
  name: string,
  isCommon: boolean,
): RollbackPlan {
  const parts = reads.flatMap((read, index) => {
    const { dataset, listing } = read.reading;
    const own = localValue(listing.get(dataset), `${tag}:src-fs`) !== undefined;
    const guid = anyValue(listing.get(`${dataset}@${name}`), 'guid');
    if (guid === undefined || (index > 0 && own)) return [];
    const part = { ...read, base: { name, guid }, newer: newerThan(read, name) };
    // What is written is counted late: of the copy itself -f gives it up in any case.
    return index === 0 || part.newer.length > 0 || changesOf(part).length > 0 ? [part] : [];
  });
  return {
    ways: parts.map((part) => ({
      ...{ dataset: part.reading.dataset, base: part.base, destroyed: part.newer },
      bookmarks: ownNewer(part, tag),
    })),
    snapshots: parts.flatMap(({ reading, newer }) => newer.map((one) => describe(reading, one))),
    changes: parts.flatMap(changesOf),
    losesLastSent:
      isCommon &&
      parts.some(({ reading, snapshots, newer }) => {
        const guards = protect(snapshots, reading.tags);
        return newer.some((one) => ['newest-sent', 'lastsent'].includes(guards.get(one)?.kind ?? ''));
      }),
    kept: parts.flatMap((part) => keptOf(part, tag, isCommon ? tag : undefined)),
  };
}

interface Part extends Read {
  readonly base: Way['base'];
  readonly newer: readonly Snapshot[];
}

function newerThan({ snapshots }: Read, name: string): Snapshot[] {
  const base = snapshots.find((one) => one.name === name)?.createtxg ?? 0;
  return snapshots.filter(({ createtxg }) => createtxg > base).sort((a, b) => a.createtxg - b.createtxg);
}

function describe(reading: Reading, snapshot: Snapshot): string {
  return `${fullName(snapshot)}, made ${sayTime(snapshot.creation)}, ${sayBytes(usedBy(reading, [snapshot]))}`;
}

/** A zfs that does not count what was written may have anything. */
function changesOf({ reading: { dataset, listing }, base, newer }: Part): string[] {
  const written = anyValue(listing.get(dataset), 'written');
  if (written === '0') return [];
  const since = newer.at(-1)?.name ?? base.name;
  const much =
    written === undefined ? 'if there are any; this zfs does not count them' : sayBytes(Number(written));
  return [`changes in ${dataset} since @${since}: ${much}`];
}

function ownNewer({ reading: { dataset, listing }, base }: Omit<Part, 'newer'>, tag: Tag): OwnBookmark[] {
  const born = madeIn(listing, `${dataset}@${base.name}`);
  return ownBookmarks(listing, dataset, tag).filter(({ createtxg }) => createtxg > born);
}

function madeIn(listing: Listing, name: string): number {
  return Number(anyValue(listing.get(name), 'createtxg') ?? 0);
}

/** `done` is the tag whose marks say nothing any more. */
function keptOf(part: Part, tag: Tag, done: Tag | undefined): string[] {
  const { reading, snapshots, base, newer } = part;
  const { dataset, listing } = reading;
  const guards = guardsOf(snapshots, reading.tags, done);
  const own = new Set(ownNewer(part, tag).map(({ name }) => `${dataset}#${name}`));
  const born = madeIn(listing, `${dataset}@${base.name}`);
  const bookmarks = [...listing.keys()].filter(
    (name) => name.startsWith(`${dataset}#`) && madeIn(listing, name) > born && !own.has(name),
  );
  return [
    ...newer.flatMap((snapshot) => {
      const clones = (anyValue(listing.get(fullName(snapshot)), 'clones') ?? '').split(',').filter(Boolean);
      const guard = guards.get(snapshot);
      const whys = [
        ...clones.map((clone) => `${clone} is a clone of it`),
        ...(guard === undefined ? [] : [sayGuard(guard)]),
      ];
      return whys.map((why) => `${fullName(snapshot)} (${why})`);
    }),
    ...bookmarks.map((name) => `${name} (a bookmark, which some other stream may begin with)`),
  ];
}

/** What only the pair itself goes by. */
const MARKS: readonly Guard['kind'][] = ['newest-sent', 'newest-of-tag', 'lastsent'];

/** What protects each of them, leaving aside what only `done` protects it for. */
function guardsOf(
  snapshots: readonly Snapshot[],
  tags: readonly string[],
  done: Tag | undefined,
): ReadonlyMap<Snapshot, Guard> {
  const isDone = (guard: Guard) => 'tag' in guard && guard.tag === done && MARKS.includes(guard.kind);
  const others = new Map<Snapshot, Snapshot>(
    snapshots.map((one) => {
      const sentAs = new Set([...one.sentAs].filter((tag) => tag !== done));
      return [{ ...one, sentAs, guards: one.guards.filter((guard) => !isDone(guard)) }, one] as const;
    }),
  );
  const found = new Map<Snapshot, Guard>();
  for (const [other, guard] of protect([...others.keys()], tags)) {
    const left = isDone(guard) ? other.guards[0] : guard;
    const one = others.get(other);
    if (left !== undefined && one !== undefined) found.set(one, left);
  }
  return found;
}

/**
 * The snapshot to which the copy goes back: the newest that both sides have, by GUID. Where the source does not let itself be
 * asked, the newest one that is marked here, or the newest of the tag: the stream itself says later what it begins with.
 */
export function chooseBase(copy: Side, source: Side | undefined): Pick<Own, 'name' | 'guid'> | undefined {
  if (source !== undefined) return baseOf({ source, copy })?.ofCopy;
  return copy.tagged.findLast(({ sent }) => sent !== undefined) ?? copy.tagged.at(-1);
}
