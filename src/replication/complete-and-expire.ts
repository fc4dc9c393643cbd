/**
 * The last two steps of a refresh as one change: the snapshot is marked, what is then beyond the save count goes, and the lock is let
 * go of. Each is decided as the commands alone decide it.
 */

import type { Refreshcomplete } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import { type Listing, localValue } from '../zfs/state.ts';
import type { Made } from './change.ts';
import { changeUnderLock } from './change-under-lock.ts';
import type { Done } from './done.ts';
import { dueToExpire, expireChanges, expirePremises, expireReading, expireText } from './expire.ts';
import { bookmarkFacts, dueBookmarks, expireBookmarks } from './keep-base.ts';
import type { Unrecorded } from './kept-lock.ts';
import { decideRecord, markChanges } from './record-streamed.ts';
import type { Step } from './step.ts';
import { parseStreamed, STREAMED } from './streamed.ts';

/**
 * Marks the snapshot of `mark` and expires by `limits`. It prints what expiring prints, and nothing where zfs could not destroy a snapshot. `own` is
 * what was streamed of it in the command before, and is not on record yet. When it refuses, nothing was changed.
 *
 * @throws ZfsFailed as `changeUnderLock`; `own` is then put on record by itself.
 */
export function completeAndExpire(
  step: Step,
  mark: Refreshcomplete,
  own: Unrecorded | undefined,
  limits: DatasetLimits,
): Promise<Done | Refusal> {
  const { dataset, tag } = mark;
  const name = formatZrepSnapshot(mark.snapshot);
  const { streamed, along } = own ?? { streamed: [{ name, guid: undefined }], along: [] };
  const decide = async (listing: Listing) => {
    if (!listing.has(name)) return refuse('no-such-snapshot', name);
    const before = localValue(listing.get(name), STREAMED);
    if (!own && !parseStreamed(before).has(step.client)) return refuse('not-streamed', name);
    const record = decideRecord(step.client, dataset, listing, streamed, (value) => markChanges(mark, value));
    if (isRefusal(record)) return record;
    const marked = withValues(listing, name, {
      [STREAMED]: record.value,
      [`${tag}:sent`]: String(mark.sent),
    });
    const runs = dueToExpire(step.hostName, dataset, tag, 'alone', limits, marked);
    if (isRefusal(runs)) return runs;
    return {
      premises: [...record.premises, ...expirePremises(listing, dataset, tag, runs.own)],
      changes: [...record.changes, ...along, ...expireChanges(runs.own)],
      needsLock: dueBookmarks(tag, dataset, limits, marked).length > 0,
      done: async (made: Made) => {
        const bookmarks = await expireBookmarks(step, tag, dataset, limits, marked);
        const destroyed = runs.own.length - made.left.length;
        const facts = { snapshot: name, ...bookmarkFacts(along, made), destroyed, ...bookmarks };
        return made.left.length > 0 ? { facts } : { print: expireText(dataset), facts };
      },
    };
  };
  const reading = expireReading(tag, 'alone');
  return changeUnderLock<Done>(step, dataset, tag, reading, decide, () => {
    if (own) step.kept?.leaveUnrecorded(own);
  });
}

/** `listing` as it is when these properties are set on `name`. */
function withValues(listing: Listing, name: string, values: Record<string, string>): Listing {
  const set = Object.entries(values).map(
    ([property, value]) => [property, { value, source: 'local' }] as const,
  );
  return new Map([...listing, [name, new Map([...(listing.get(name) ?? []), ...set])]]);
}
