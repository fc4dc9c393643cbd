/**
 * A file system that goes back to one of its snapshots, on whichever host: what that destroys, and who needs it. `zrep refresh -f`, `sync -f`,
 * `sync FS@SNAPSHOT`, `failover`, `takeover -L` and `doctor --fix -f` list the same, in the same words. Pure.
 *
 * They differ on purpose: a snapshot that a person names (failover, takeover, sync FS@SNAPSHOT) is gone back to as with stock, whoever
 * needs what is newer; by themselves zrep and its doctor leave alone what `neededLines` tells.
 */

import { sayBytes, sayTime } from '../expire/amounts.ts';
import { tagOf } from '../expire/snapshot.ts';
import { printable } from '../printable.ts';
import type { OwnBookmark } from '../replication/bookmarks.ts';
import type { Tag } from '../zfs/names.ts';
import { anyValue } from '../zfs/state.ts';
import { type Bookmark, bytesOf, type Side, type Snapshot } from './side.ts';

export interface GoingBack {
  readonly dataset: string;
  readonly base: Pick<Snapshot, 'name' | 'createtxg'>;
  /** The snapshots that it destroys, whoever made them, oldest first; a recursive stream destroys older ones than `base` as well. */
  readonly newer: readonly Snapshot[];
  /** Others' bookmarks that it destroys. */
  readonly bookmarks: readonly Bookmark[];
  /** Those of the pair itself, from when this side was the source: nobody needs them. */
  readonly own: readonly OwnBookmark[];
  /** Bytes written since the newest snapshot; undefined where zfs does not say. */
  readonly written: number | undefined;
}

export function goingBack(
  {
    dataset,
    snapshots,
    bookmarks,
    reserved,
    properties,
  }: Pick<Side, 'dataset' | 'snapshots' | 'bookmarks' | 'reserved' | 'properties'>,
  base: GoingBack['base'],
): GoingBack {
  const behind = <Made extends { readonly createtxg: number }>(all: readonly Made[]) =>
    all.filter(({ createtxg }) => createtxg > base.createtxg);
  const written = bytesOf(anyValue(properties, 'written'));
  const own = behind(reserved);
  const names = new Set(own.map(({ name }) => `${dataset}#${name}`));
  const others = behind(bookmarks).filter(({ name }) => !names.has(name));
  return { dataset, base, newer: behind(snapshots), bookmarks: others, own, written };
}

/** What is lost, one a line: snapshots, and changes. */
export interface Losses {
  readonly snapshots: readonly string[];
  /** None where zfs says that nothing was written. */
  readonly changes: readonly string[];
}

export function lossesOf({ dataset, base, newer, written }: GoingBack): Losses {
  const newest = newer.at(-1);
  const since = printable((newest && newest.createtxg > base.createtxg ? newest : base).name);
  const much = written === undefined ? 'if there are any; zfs does not count them' : sayBytes(written);
  return {
    snapshots: newer.map((one) => {
      const size = one.used === undefined ? '' : `, ${sayBytes(one.used)}`;
      return `${fullName(dataset, one)}, made ${sayTime(one.creation)}${size}`;
    }),
    changes: written === 0 ? [] : [`changes in ${dataset} since @${since}: ${much}`],
  };
}

/** What stock's `zfs rollback -Rr` on the other side destroys besides: clones of what is newer, one a line. */
export function lostClones({ dataset, newer }: GoingBack): string[] {
  return newer.flatMap((one) =>
    one.clones.map(
      (clone) => `${printable(clone)}, a clone of ${fullName(dataset, one)}, with all that is in it`,
    ),
  );
}

/** Of what is destroyed, what more than this pair goes by, one a line; `whys` are reasons beside clones and bookmarks. */
export function neededLines(
  { dataset, newer, bookmarks }: GoingBack,
  whys: (snapshot: Snapshot) => readonly string[],
): string[] {
  return [
    ...newer.flatMap((one) =>
      [...one.clones.map((clone) => `${printable(clone)} is a clone of it`), ...whys(one)].map(
        (why) => `${fullName(dataset, one)} (${why})`,
      ),
    ),
    ...bookmarks.map(({ name }) => `${printable(name)} (a bookmark, which some other stream may begin with)`),
  ];
}

/** Who else needs a snapshot, as far as its name and its holds tell, for a pair of `tag`. */
export function whysByName(tag: Tag): (snapshot: Pick<Snapshot, 'name' | 'holds'>) => string[] {
  return ({ name, holds }) => {
    const other = tagOf(name);
    const isOther = other !== undefined && other !== tag;
    return [
      ...(isOther ? [`of the tag ${other}, whose refresh may begin with it`] : []),
      ...(holds > 0 ? ['held'] : []),
    ];
  };
}

function fullName(dataset: string, { name }: Pick<Snapshot, 'name'>): string {
  return `${dataset}@${printable(name)}`;
}
