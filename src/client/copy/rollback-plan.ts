/**
 * What `zrep refresh -f` would give up: the way back of a copy to the snapshot that the source sends from. Pure.
 *
 * Whoever says yes, what others rely on stays: everything that zrep-expire protects, clones, and others' bookmarks.
 */

import type { Reading } from '../../expire/from-zfs.ts';
import { protect } from '../../expire/protection.ts';
import type { Guard, Snapshot } from '../../expire/snapshot.ts';
import { sayGuard } from '../../expire/wording.ts';
import { type GoingBack, goingBack, lossesOf, neededLines } from '../../pair/going-back.ts';
import { type Snapshot as Own, type Side, sideOf } from '../../pair/side.ts';
import type { OwnBookmark } from '../../replication/bookmarks.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import type { Tag } from '../../zfs/names.ts';
import { localValue } from '../../zfs/state.ts';

/** One file system of the copy, as it was read. */
export interface Read {
  readonly reading: Reading;
  readonly snapshots: readonly Snapshot[];
}

/** What is done with one file system: these snapshots are destroyed, and then it is rolled back to `base`. */
interface Way {
  readonly dataset: string;
  readonly base: Pick<Own, 'name' | 'guid' | 'createtxg'>;
  readonly destroyed: readonly Pick<Snapshot, 'dataset' | 'name'>[];
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
 * of a pair of its own under `tag` is left alone, and so is one whose snapshot is not `inStream`: nothing comes into it. `isCommon` is whether the source was seen, and that is the newest one that both
 * have: then the marks of `tag` on newer ones here are of no use to any refresh.
 */
export function planRollback(
  reads: readonly Read[],
  tag: Tag,
  name: string,
  isCommon: boolean,
  inStream: (guid: string) => boolean = () => true,
): RollbackPlan {
  const parts = reads.flatMap((read, index) => {
    const { dataset, listing } = read.reading;
    const own = localValue(listing.get(dataset), `${tag}:src-fs`) !== undefined;
    const side = sideOf(listing, dataset, tag);
    const base = side.snapshots.find((one) => one.name === name);
    if (base === undefined || (index > 0 && (own || !inStream(base.guid)))) return [];
    const back = goingBack(side, base);
    // What is written is counted late: of the copy itself -f gives it up in any case.
    return index === 0 || back.newer.length > 0 || back.written !== 0 ? [{ ...read, base, back }] : [];
  });
  const losses = parts.map(({ back }) => lossesOf(back));
  return {
    ways: parts.map(({ base, back: { dataset, newer, own } }) => ({
      dataset,
      base,
      bookmarks: own,
      destroyed: newer.map(({ name }) => ({ dataset, name })),
    })),
    snapshots: losses.flatMap(({ snapshots }) => snapshots),
    changes: losses.flatMap(({ changes }) => changes),
    losesLastSent:
      isCommon &&
      parts.some(({ reading, snapshots, base }) => {
        const guards = protect(snapshots, reading.tags);
        const newer = snapshots.filter(({ createtxg }) => createtxg > base.createtxg);
        return newer.some((one) => ['newest-sent', 'lastsent'].includes(guards.get(one)?.kind ?? ''));
      }),
    kept: parts.flatMap((part) =>
      keptOf(part, isCommon ? { tag, top: reads[0]?.reading.dataset } : undefined),
    ),
  };
}

interface Part extends Read {
  readonly base: Way['base'];
  readonly back: GoingBack;
}

/** A pair whose marks say nothing any more: its tag, and the file system that is rolled back with all below. */
interface Done {
  readonly tag: Tag;
  readonly top: string | undefined;
}

/** What zrep-expire protects stays as well. */
function keptOf({ reading, snapshots, back }: Part, done: Done | undefined): string[] {
  const guards = new Map(
    [...guardsOf(snapshots, reading.tags, done)].map(([{ name }, guard]) => [name, guard]),
  );
  return neededLines(back, ({ name }) => {
    const guard = guards.get(name);
    return guard === undefined ? [] : [sayGuard(guard)];
  });
}

/** What only the pair itself goes by. */
const MARKS: readonly Guard['kind'][] = ['newest-sent', 'newest-of-tag', 'lastsent'];

/** What protects each of them, leaving aside what only `done` protects it for. */
function guardsOf(
  snapshots: readonly Snapshot[],
  tags: readonly string[],
  done: Done | undefined,
): ReadonlyMap<Snapshot, Guard> {
  const isDone = (guard: Guard) =>
    'tag' in guard &&
    guard.tag === done?.tag &&
    (MARKS.includes(guard.kind) || (guard.kind === 'base-above' && guard.dataset === done.top));
  const others = new Map<Snapshot, Snapshot>(
    snapshots.map((one) => {
      const sentAs = new Set([...one.sentAs].filter((tag) => tag !== done?.tag));
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
 * The snapshot to which the copy goes back where the source does not let itself be asked: the newest one that is marked here, or the
 * newest of the tag. The stream itself says later what it begins with.
 */
export function chooseUnseen(copy: Side): Pick<Own, 'name' | 'guid'> | undefined {
  return copy.tagged.findLast(({ sent }) => sent !== undefined) ?? copy.tagged.at(-1);
}
