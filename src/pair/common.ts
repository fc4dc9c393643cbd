/** Which snapshots both sides of a pair have, told by GUID: names and marks can be lost, given anew, or lie. Pure. */

import type { Bookmark, Side, Snapshot } from './side.ts';

/** A snapshot that both sides have, as each calls it. */
export interface Common {
  readonly ofSource: Snapshot;
  readonly ofCopy: Snapshot;
}

/** Those that are snapshots on both sides, in the copy's order. */
export function commonOf({ source, copy }: Sides): Common[] {
  const byGuid = new Map(source.snapshots.map((one) => [one.guid, one]));
  return copy.snapshots.flatMap((ofCopy) => {
    const ofSource = byGuid.get(ofCopy.guid);
    return ofSource === undefined ? [] : [{ ofSource, ofCopy }];
  });
}

/** Both sides of a pair. */
export interface Sides {
  readonly source: Pick<Side, 'snapshots' | 'bookmarks'>;
  readonly copy: Pick<Side, 'snapshots'>;
}

/** What an increment can begin with. */
export interface Base {
  readonly ofCopy: Snapshot;
  /** What the source has of it: the snapshot, or a bookmark. */
  readonly ofSource: Snapshot | Bookmark;
  readonly isBookmark: boolean;
}

/**
 * The newest snapshot of the copy, in the copy's own order, that the source has under the same GUID: as a snapshot, or, where
 * it was destroyed there, as a bookmark. Whatever its name is, and whether or not it is marked.
 */
export function baseOf({ source, copy }: Sides): Base | undefined {
  const bookmarks = new Map(source.bookmarks.map((one) => [one.guid, one]));
  const snapshots = new Map(source.snapshots.map((one) => [one.guid, one]));
  for (const ofCopy of [...copy.snapshots].reverse()) {
    const snapshot = snapshots.get(ofCopy.guid);
    if (snapshot !== undefined) return { ofCopy, ofSource: snapshot, isBookmark: false };
    const bookmark = bookmarks.get(ofCopy.guid);
    if (bookmark !== undefined) return { ofCopy, ofSource: bookmark, isBookmark: true };
  }
  return undefined;
}
