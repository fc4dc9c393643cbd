/**
 * What `zfs receive -F` of a recursive stream (`zfs send -R`) destroys on the other side: in every file system of the tree the
 * snapshots that the source does not have, old ones as well, and whole file systems that have no snapshot in common with the source
 * (lib/libzfs/libzfs_sendrecv.c, `recv_incremental_replication`). Pure.
 */

import { type GoingBack, goingBack } from '../../pair/going-back.ts';
import { type Side, sideOf } from '../../pair/side.ts';
import type { Tag } from '../../zfs/names.ts';
import { anyValue, type Listing } from '../../zfs/state.ts';

/** Both trees, with snapshots and GUIDs. */
export interface Trees {
  readonly source: Listing;
  readonly copy: Listing;
}

interface TreeLosses {
  /** The file systems that stay, each with what it loses. */
  readonly back: readonly GoingBack[];
  /** Those that are destroyed, with all their snapshots as `newer`. */
  readonly gone: readonly GoingBack[];
}

/** `base` is what the copy itself goes back to. */
export function treeLosses(
  { source, copy }: Trees,
  { dataset, base }: { readonly dataset: string; readonly base: GoingBack['base'] },
  tag: Tag,
): TreeLosses {
  const sent = new Set(
    [...source].flatMap(([name, own]) => (name.includes('@') ? [anyValue(own, 'guid')] : [])),
  );
  const isKept = ({ guid }: Side['snapshots'][number]) => sent.has(guid);
  const sides = [...copy.keys()].filter((name) => !/[@#]/.test(name)).map((name) => sideOf(copy, name, tag));
  const back: GoingBack[] = [];
  const gone: GoingBack[] = [];
  for (const side of sides) {
    const common = side.dataset === dataset ? base : side.snapshots.findLast(isKept);
    if (common === undefined) gone.push(goingBack(side, BEFORE_ALL));
    else back.push({ ...goingBack(side, common), newer: side.snapshots.filter((one) => !isKept(one)) });
  }
  return { back, gone };
}

const BEFORE_ALL = { name: '', createtxg: -1 };

/** `source` without what `sendFlags` leave out of the stream (-X, with all below it): zfs receive takes that for destroyed. */
export function withoutExcluded(source: Listing, sendFlags: readonly string[]): Listing {
  const names = sendFlags.flatMap((flag, index) => {
    const [, joined = ''] = /^(?:-X|--exclude=?)(.*)$/.exec(flag) ?? [];
    const isOption = /^(?:-X|--exclude)/.test(flag);
    return isOption ? (joined || (sendFlags[index + 1] ?? '')).split(',') : [];
  });
  const isOut = (name: string) =>
    names.some((one) => name === one || (/^[/@#]/.test(name.slice(one.length)) && name.startsWith(one)));
  return new Map([...source].filter(([name]) => !isOut(name)));
}

/** Of `gone` one a line. */
export function goneLines(gone: readonly GoingBack[]): string[] {
  return gone.map(
    ({ dataset, newer }) =>
      `${dataset}, which has no snapshot in common with the source, with all that is in it; snapshots: ${newer.length}`,
  );
}
