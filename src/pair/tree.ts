/**
 * How the next increment of a whole tree (`zrep -R`) can come, judged by what both sides have of each file system in it. Pure.
 *
 * What `zfs receive` does with a stream of `zfs send -R -I BASE`, without -F (tried on OpenZFS 2.4): it takes the file systems one
 * by one, and stops at the first that it cannot take; those before it have their new snapshots then.
 * - One of the source with a snapshot of BASE's name comes as an increment from that. The file system here that has that snapshot,
 *   by its GUID, is renamed first where it has another name. Where none has it, the stream fails.
 * - One without a snapshot of that name comes whole, with all its snapshots; the stream fails where the copy has one of its name, whatever is in it.
 * - What the source does not have any more stays here, and so does what the copy alone has.
 * - A snapshot that the source calls otherwise is renamed, too.
 * - What is here already is skipped, but a snapshot between two such ones that is not here is not.
 */

import { isBelow, type Tag } from '../zfs/names.ts';
import { anyValue, type Listing } from '../zfs/state.ts';
import { type Base, commonOf } from './common.ts';
import type { Below, Obstacle } from './obstacle.ts';
import {
  changes,
  keyMissing,
  markedOf,
  nextName,
  type Pair,
  planIncrement,
  type Way,
  wayFrom,
} from './plan.ts';
import { type Side, type Snapshot, sideOf } from './side.ts';

export interface Tree {
  readonly top: Side;
  /** File systems and volumes below, by what stands behind the top's name: `/alice`. */
  readonly below: ReadonlyMap<string, Side>;
}

export interface TreePair extends Omit<Pair, 'source' | 'copy'> {
  readonly source: Tree;
  readonly copy: Tree;
  /** The copy's host pulls, by `zrep refresh`: that discards the parts of snapshots that interrupted streams have left below. */
  readonly isPulled?: boolean;
}

/** What `listing` has below `dataset`. */
export function belowOf(listing: Listing, dataset: string, tag: Tag): Tree['below'] {
  const parts = new Map<string, Map<string, ReadonlyMap<string, { value: string; source: string }>>>();
  for (const [name, own] of listing) {
    const [of = ''] = name.split(/[@#]/);
    if (!isBelow(of, dataset)) continue;
    const part = parts.get(of) ?? new Map();
    parts.set(of, part.set(name, own));
  }
  return new Map([...parts].map(([name, part]) => [name.slice(dataset.length), sideOf(part, name, tag)]));
}

/**
 * How the next increment of all of it comes; or the obstacle. It begins with the newest snapshot that it can begin with everywhere: an
 * older one than the newest common snapshot of the top, where an earlier stream has brought some file systems further than others.
 */
export function planTree(asked: TreePair): Way | Obstacle {
  const pair = withoutParts(asked);
  const top = topOf(pair);
  const found = planIncrement(top);
  const judged = 'obstacle' in found ? undefined : judgeTree(pair, top);
  if (judged === undefined) return found;
  const { base, below } = judged;
  const [first, ...others] = below;
  if (first === undefined) return wayFrom(base, top);
  if (pair.isPulled && isFirst(pair, below))
    return { obstacle: 'first-stream', isAnew: markedOf(top.source, pair.tag) !== undefined };
  return { obstacle: 'blocked-below', base, below: [first, ...others] };
}

/** The first stream was interrupted behind the top: nothing here is marked, nor is the newest there, and something is missing (first-tree.ts). */
function isFirst({ source, copy }: TreePair, below: readonly Below[]): boolean {
  const newest = copy.top.tagged.at(-1)?.guid;
  const isMarked =
    copy.top.tagged.some(({ sent }) => sent !== undefined) ||
    source.top.tagged.some(({ guid, sent }) => guid === newest && sent !== undefined);
  return newest !== undefined && !isMarked && below.some(({ why }) => why === 'missing');
}

/** With which snapshot the next increment begins, whatever stands in its way, and what does so below; undefined where the two tops have none in common. */
export function baseOfTree(asked: TreePair): Judged | undefined {
  const pair = withoutParts(asked);
  return judgeTree(pair, topOf(pair));
}

/** As it is when they are discarded: what nothing has come into whole goes with its part. */
function withoutParts(pair: TreePair): TreePair {
  if (!pair.isPulled) return pair;
  const kept = [...pair.copy.below].filter(([, side]) => side.snapshots.length > 0 || !hasPart(side));
  return { ...pair, copy: { ...pair.copy, below: new Map(kept) } };
}

function hasPart(side: Side | undefined): boolean {
  return anyValue(side?.properties, 'receive_resume_token') !== undefined;
}

/** zfs send -R begins with no bookmark. */
function topOf({ source, copy, ...rest }: TreePair): Pair {
  // One name is made everywhere: its number is above those below as well.
  const tagged = [source.top, ...source.below.values()].flatMap((side) => side.tagged);
  const sending = rest.sending ?? nextName({ ...source.top, tagged }, rest.tag);
  return { ...rest, sending, source: withoutBookmarks(source.top), copy: copy.top, isTree: true };
}

function judgeTree(pair: TreePair, top: Pair): Judged | undefined {
  const judge = judgeBelow({ ...pair, sending: top.sending });
  const judged: Judged[] = [];
  for (const base of basesFrom(top)) {
    const below = judge(base);
    if (below.length === 0) return { base, below };
    judged.push({ base, below });
  }
  const marked = markedOf(top.source, pair.tag)?.guid;
  return leastOf(
    [...judged].sort((a, b) => Number(b.base.ofCopy.guid === marked) - Number(a.base.ofCopy.guid === marked)),
  );
}

/** With which snapshots a stream can begin, as far as the top goes, newest first. What -i begins with must be the newest common one. */
function basesFrom(pair: Pair): Base[] {
  const bases = commonOf(pair).map((one): Base => ({ ...one, isBookmark: false }));
  return pair.all ? bases.reverse().filter((base) => !isAhead(pair, base)) : bases.slice(-1);
}

/** The copy has newer ones than `base`, and not all that a stream from there brings up to them: what it has since then is in the way. */
function isAhead(pair: Pair, base: Base): boolean {
  const isSkipped = base.ofSource.createtxg >= newestGap(pair);
  return !isSkipped && changes(pair, base) !== undefined;
}

/** Of those of the source up to the newest common one, the createtxg of the newest that the copy does not have; 0 where it has all. */
function newestGap({ source, copy }: Pair): number {
  const known = GAPS.get(copy.snapshots)?.get(source.snapshots);
  if (known !== undefined) return known;
  const newest = commonOf({ source, copy }).at(-1)?.ofSource.createtxg ?? 0;
  const here = new Set(copy.snapshots.map(({ guid }) => guid));
  const gap = source.snapshots.reduce(
    (most, { guid, createtxg }) => (createtxg > newest || here.has(guid) ? most : Math.max(most, createtxg)),
    0,
  );
  GAPS.set(copy.snapshots, (GAPS.get(copy.snapshots) ?? new WeakMap()).set(source.snapshots, gap));
  return gap;
}

/** Each base is judged for each file system: what does not depend on the base is found once. */
const GAPS = new WeakMap<object, WeakMap<object, number>>();

export interface Judged {
  readonly base: Base;
  readonly below: readonly Below[];
}

/** The one with the least to mend, of several the first. What has no base takes one step more. */
function leastOf(judged: readonly Judged[]): Judged | undefined {
  const weight = ({ below }: Judged) => below.reduce((sum, { why }) => sum + (why === 'no-base' ? 3 : 2), 0);
  return judged.reduce<Judged | undefined>(
    (least, one) => (least === undefined || weight(one) < weight(least) ? one : least),
    undefined,
  );
}

/** What stands in the way below, of a stream that begins with a base. */
function judgeBelow(pair: TreePair): (base: Base) => Below[] {
  const { source, copy } = pair;
  const holders = holdersOf(copy);
  const plans = new Map<string, Obstacle | undefined>();
  const named = byKey(source.below, ({ name }) => name);
  const known = byKey(copy.below, ({ guid }) => guid);

  return (base) => {
    const { name } = base.ofSource;
    const parts = [...source.below].map(([child, theirs]) => {
      const from = named.get(child)?.get(name);
      const holder = from && holderOf(holders, from, child);
      return { child, theirs, from, holder };
    });
    const moving = new Set(parts.flatMap(({ child, holder }) => (holder === child ? [] : [holder])));
    const found = parts.flatMap((part) => judgeOne(part, moving, base.ofCopy.name));
    // One that is not here is told of, and not what lies below it.
    const missing = found.filter(({ why }) => why === 'missing').map(({ child }) => child);
    return found.filter(({ why, child }) => why !== 'missing' || !missing.some((one) => isBelow(child, one)));
  };

  function judgeOne(
    { child, theirs, from, holder }: Part,
    moving: ReadonlySet<string | undefined>,
    nameHere: string,
  ): Below[] {
    const own = copy.below.get(child);
    if (!pair.isPulled && hasPart(own)) return [{ child, why: 'cut' }];
    const isTaken = own !== undefined && holder !== child && !moving.has(child);
    if (from === undefined) {
      if (isTaken) return [{ child, why: 'in-the-way' }];
      const locked = keyMissing({ source: theirs, copy: copy.top });
      return locked === undefined ? [] : [{ child, why: locked }];
    }
    if (holder === undefined) return [{ child, why: own === undefined ? 'missing' : 'no-base' }];
    if (isTaken) return [{ child, why: 'renamed', holder }];
    const why = planOf(child, theirs, from, holder) ?? aheadOf(theirs, from, holder);
    if (why === undefined) return [];
    const hasBase = known.get(holder)?.get(from.guid)?.name === nameHere;
    return [{ child: holder, why, of: child, hasBase }];
  }

  function aheadOf(source: Side, from: Snapshot, holder: string): 'ahead' | undefined {
    const side = copy.below.get(holder) ?? copy.top;
    const own = known.get(holder)?.get(from.guid);
    if (own === undefined || !pair.all) return undefined;
    const base = { ofCopy: own, ofSource: from, isBookmark: false };
    return isAhead({ ...pair, source, copy: side }, base) ? 'ahead' : undefined;
  }

  /** With -I all that is here already is skipped, so that one plan does for every base. */
  function planOf(child: string, theirs: Side, from: Snapshot, holder: string): Obstacle | undefined {
    const key = pair.all ? `${child} ${holder}` : `${child} ${holder} ${from.guid}`;
    if (!plans.has(key)) {
      const snapshots = pair.all
        ? theirs.snapshots
        : theirs.snapshots.filter((one) => one.createtxg <= from.createtxg || one.name === pair.sending);
      const found = planIncrement({
        ...pair,
        source: withoutBookmarks({ ...theirs, snapshots }),
        copy: copy.below.get(holder) ?? copy.top,
        isTree: true,
      });
      plans.set(key, 'obstacle' in found ? found : undefined);
    }
    return plans.get(key);
  }
}

function byKey(
  below: Tree['below'],
  keyOf: (snapshot: Snapshot) => string,
): ReadonlyMap<string, ReadonlyMap<string, Snapshot>> {
  return new Map(
    [...below].map(([child, { snapshots }]) => [child, new Map(snapshots.map((one) => [keyOf(one), one]))]),
  );
}

interface Part {
  readonly child: string;
  readonly theirs: Side;
  /** What an increment of it begins with. */
  readonly from: Snapshot | undefined;
  /** The file system of the copy that has that. */
  readonly holder: string | undefined;
}

/** Which file systems below have a snapshot, by its GUID. */
function holdersOf({ below }: Tree): ReadonlyMap<string, readonly string[]> {
  const holders = new Map<string, string[]>();
  for (const [child, { snapshots }] of below)
    for (const { guid } of snapshots) holders.set(guid, [...(holders.get(guid) ?? []), child]);
  return holders;
}

function holderOf(
  holders: ReadonlyMap<string, readonly string[]>,
  { guid }: Snapshot,
  child: string,
): string | undefined {
  const all = holders.get(guid) ?? [];
  return all.includes(child) ? child : all[0];
}

function withoutBookmarks(side: Side): Side {
  return { ...side, bookmarks: [] };
}
