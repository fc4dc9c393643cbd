/** Whether the source still has what an interrupted stream is made of: told by GUIDs, whatever the snapshots are called. Pure. */

import type { ResumeToken } from '../zfs/resume-token.ts';
import type { Side } from './side.ts';

/**
 * What of a token's stream `source` does not have: the snapshot that it is of, or its base, for which a bookmark does as well.
 * Undefined where it has both, or the stream is a full one and it has its snapshot.
 */
export function goneFrom(
  { snapshots, bookmarks }: Pick<Side, 'snapshots' | 'bookmarks'>,
  { toguid, fromguid }: Pick<ResumeToken, 'toguid' | 'fromguid'>,
): 'snapshot' | 'base' | undefined {
  const has = (all: readonly { readonly guid: string }[], guid: bigint) =>
    all.some((one) => one.guid === String(guid));
  if (!has(snapshots, toguid)) return 'snapshot';
  return fromguid === undefined || has([...snapshots, ...bookmarks], fromguid) ? undefined : 'base';
}
