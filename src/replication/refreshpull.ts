/**
 * `zrep _refreshpull`: the stream to the newest snapshot, from the last sent one, or from the one that the client names by
 * its GUID.
 *
 * zrep's own tag ships every snapshot in between (-I); another tag ships one step (-i), since the snapshots in
 * between are then other people's.
 */

import type { Pull } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { type SendBase, sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot, type Tag } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import { anyValue, type Listing } from '../zfs/state.ts';
import { isBookmark, lastSentBase, namedBase } from './base.ts';
import type { Done } from './done.ts';
import { pull, resumed } from './pull.ts';
import { fullName, lastSent, type TaggedSnapshot } from './snapshots.ts';
import type { Step } from './step.ts';
import { lastUnmarked, sayUnmarked } from './unmarked.ts';

export function refreshpull(
  step: Step,
  operation: Pull,
  flags: readonly SendFlag[],
  filters: readonly (readonly string[])[],
  limits: DatasetLimits,
  through: SendBase['through'] = incrementFrom(operation.tag, '').through,
): Promise<Done | Refusal> {
  const { dataset, tag, token, from } = operation;
  return pull(step, operation, filters, limits, (snapshots, listing) => {
    if (token) return resumed(token, snapshots, listing);
    const snapshot = newest(operation, snapshots);
    if (isRefusal(snapshot)) return snapshot;
    const base =
      from === undefined
        ? lastSentBase(snapshot, lastSent(snapshots, listing.get(dataset), tag), tag)
        : namedBase(listing, snapshot, from, flags);
    if (isRefusal(base)) return base;
    const unmarked = from ? undefined : lastUnmarked(snapshots, listing, base.name, step.client);
    if (unmarked !== undefined) step.note?.(sayUnmarked(unmarked, base.name, tag));
    const isOne = !flags.includes('R') && isNextTo(listing, base.name, snapshot);
    const start = { through: isOne ? '-i' : through, snapshot: base.name } as const;
    return { argv: sendArgv(flags, start, fullName(snapshot)), snapshot, base };
  });
}

/**
 * True where `zfs send -I` from `base` would send no snapshot but `snapshot`: it holds each that it sends, and lets go of it, two waits for
 * the pool that `-i` does without (libzfs_sendrecv.c, `zfs_send`). And -I takes no bookmark.
 */
function isNextTo(listing: Listing, base: string, { dataset, createtxg }: TaggedSnapshot): boolean {
  if (isBookmark(base)) return true;
  const txgOf = (name: string) => Number(anyValue(listing.get(name), 'createtxg'));
  const names = [...listing.keys()].filter((name) => name.startsWith(`${dataset}@`));
  return !names.some((name) => txgOf(name) > txgOf(base) && txgOf(name) < createtxg);
}

/** How an increment starts, given the last sent snapshot (or what stands for it in `explain`). */
export function incrementFrom(tag: Tag, snapshot: string): SendBase {
  return { through: tag === 'zrep' ? '-I' : '-i', snapshot };
}

/** The snapshot that the command names, which must be the newest. */
export function newest({ snapshot }: Pull, snapshots: readonly TaggedSnapshot[]): TaggedSnapshot | Refusal {
  const name = formatZrepSnapshot(snapshot);
  const latest = snapshots.at(-1);
  if (latest === undefined || !snapshots.some((one) => fullName(one) === name))
    return refuse('no-such-snapshot', name);
  return fullName(latest) === name ? latest : refuse('not-latest', name, fullName(latest));
}
