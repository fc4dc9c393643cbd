/**
 * Keeps what was streamed as a bookmark, while the stream runs: so nobody waits for it. It is a help in need and no more: where zfs
 * refuses, what it says goes on record, and all else goes on.
 */

import type { DatasetLimits } from '../policy/limits.ts';
import { succeeded } from '../process/pipeline.ts';
import { bookmarkArgv, destroyBookmarkArgv } from '../zfs/argv.ts';
import type { Tag } from '../zfs/names.ts';
import type { Change } from '../zfs/program.ts';
import type { Listing } from '../zfs/state.ts';
import { bookmarkOf, expirableBookmarks, KEPT, type OwnBookmark, ownBookmarks } from './bookmarks.ts';
import type { Made } from './change.ts';
import type { Done } from './done.ts';
import { fullName, lastSent, type TaggedSnapshot, taggedSnapshots } from './snapshots.ts';
import type { Step } from './step.ts';

/** Every command lists all of them. */
const MOST = 100;

/** So many are destroyed in one command, since each takes its time. */
const AT_ONCE = 10;

/** What of a policy's limits bookmarks go by. */
export type Keeping = Pick<DatasetLimits, 'bookmarks' | 'keepFor'>;

/** What came of it, to be put on record; and where it goes with another change, the bookmark that is to be made then. */
interface Kept {
  readonly facts: Record<string, string | number>;
  readonly along?: readonly Change[];
}

/**
 * Makes a bookmark of `snapshot`, where it has none and the policy lets that be, in the place of the oldest ones that nobody needs; the
 * answer is what to put on record. With `along` it is not made here, but left to be made together with something else. The one with the
 * GUID `inUse`, from which a stream begins, stays. There are never more than `MOST`, not even where zfs destroys none, as for an account that may not. `listing` was read under the lock, which is held. Never throws.
 */
export async function keepBase(
  step: Pick<Step, 'zfs' | 'capabilities' | 'interruption'>,
  tag: Tag,
  snapshot: TaggedSnapshot,
  { bookmarks, keepFor }: Keeping,
  listing: Listing,
  { inUse, along = false }: { inUse?: string | undefined; along?: boolean } = {},
): Promise<Kept> {
  if (!bookmarks || !step.capabilities.has('bookmarks')) return { facts: {} };
  const { dataset, guid } = snapshot;
  const own = ownBookmarks(listing, dataset, tag);
  if (own.some((one) => one.guid === guid)) return { facts: {} };
  const snapshots = taggedSnapshots(listing, dataset, tag);
  const last = lastSent(snapshots, listing.get(dataset), tag);
  const needless =
    last === undefined ? [] : expirableBookmarks(own, snapshots, last, { keepFor }, now(), KEPT - 1);
  const going = needless.filter((one) => one.guid !== inUse);
  const { destroyed, refused } = await destroyBookmarks(step, going.slice(0, AT_ONCE));
  const record = refused === undefined ? {} : { 'bookmark-refused': refused };
  if (own.length - destroyed >= MOST)
    return { facts: { 'bookmark-refused': `there are ${MOST} of the pair's`, ...record } };
  const name = bookmarkOf(snapshot);
  const change: Change = { does: 'bookmark', target: name, snapshot: fullName(snapshot) };
  if (along) return { facts: record, along: [change] };
  const notMade = await ask(step, bookmarkArgv(change.snapshot, name));
  return { facts: notMade === undefined ? { ...record, bookmark: name } : { 'bookmark-refused': notMade } };
}

/** What came of a bookmark that was made along with another change. */
export function bookmarkFacts(along: readonly Change[], { unmarked }: Made): Done['facts'] {
  const [made] = along.filter(({ does }) => does === 'bookmark');
  if (made === undefined) return {};
  return unmarked === undefined ? { bookmark: made.target } : { 'bookmark-refused': unmarked.message.trim() };
}

/**
 * Destroys those of `dataset` that nobody needs any more, `AT_ONCE` at the most; where the policy says no, all but what may be all that is left of a base.
 * The answer is what to put on record. `listing` was read under the lock, which is held. Never throws.
 */
export async function expireBookmarks(
  step: Pick<Step, 'zfs' | 'interruption'>,
  tag: Tag,
  dataset: string,
  keeping: Keeping,
  listing: Listing,
): Promise<Done['facts']> {
  const going = dueBookmarks(tag, dataset, keeping, listing);
  const { destroyed, refused } = await destroyBookmarks(step, going.slice(0, AT_ONCE));
  return {
    ...(destroyed === 0 ? {} : { 'bookmarks-destroyed': destroyed }),
    ...(refused === undefined ? {} : { 'bookmark-refused': refused }),
  };
}

/** Those that `expireBookmarks` destroys, and more. Pure, but for the clock. */
export function dueBookmarks(
  tag: Tag,
  dataset: string,
  { bookmarks, keepFor }: Keeping,
  listing: Listing,
): OwnBookmark[] {
  const snapshots = taggedSnapshots(listing, dataset, tag);
  const last = lastSent(snapshots, listing.get(dataset), tag);
  if (last === undefined) return [];
  const own = ownBookmarks(listing, dataset, tag);
  return expirableBookmarks(own, snapshots, last, { keepFor }, now(), bookmarks ? KEPT : 0);
}

/** One after the other, up to a signal, or to the first that zfs does not destroy; `refused` is what it says of that. */
export async function destroyBookmarks(
  step: Pick<Step, 'zfs' | 'interruption'>,
  bookmarks: readonly OwnBookmark[],
): Promise<{ destroyed: number; refused?: string }> {
  for (const [destroyed, { dataset, name }] of bookmarks.entries()) {
    if (step.interruption.signal !== undefined) return { destroyed };
    const refused = await ask(step, destroyBookmarkArgv(`${dataset}#${name}`));
    if (refused !== undefined) return { destroyed, refused };
  }
  return { destroyed: bookmarks.length };
}

/** Undefined where zfs did it; otherwise what it, or the system, says. */
async function ask({ zfs }: Pick<Step, 'zfs'>, argv: readonly string[]): Promise<string | undefined> {
  try {
    const ended = await zfs.ask(argv);
    if (succeeded(ended)) return undefined;
    return ended.message.trim() || `zfs ended with ${ended.signal ?? ended.code}`;
  } catch (error) {
    return String(error);
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
