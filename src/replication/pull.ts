/**
 * One stream for a pull, whole or an increment: under the file system's lock, of its master alone, and on record when
 * it ended well.
 */

import type { Pull } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { inheritArgv, resumeArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import { formatResumeToken, type ResumeToken } from '../zfs/resume-token.ts';
import type { Listing } from '../zfs/state.ts';
import { type Base, nameOf } from './base.ts';
import type { Done } from './done.ts';
import { bookmarkFacts, keepBase } from './keep-base.ts';
import { isToKeep, withLock } from './lock.ts';
import { masterProperties, refuseUnlessMaster } from './master.ts';
import { namesOf, recordStreamed } from './record-streamed.ts';
import { initBy, initByProperty } from './set-up.ts';
import { fullName, SNAPSHOT_PROPERTIES, type TaggedSnapshot, taggedSnapshots } from './snapshots.ts';
import { mustSucceed, type Step } from './step.ts';
import { streamEstimated } from './stream.ts';
import { STREAMED } from './streamed.ts';

/** One stream: its argv, what it is of, and from where. */
export interface Stream {
  readonly argv: readonly string[];
  readonly snapshot: TaggedSnapshot;
  readonly base: Base | undefined;
}

/** Streams what `choose` decides on, from the snapshots that there are. */
export async function pull(
  step: Step,
  { dataset, tag, recursive, token }: Pull,
  filters: readonly (readonly string[])[],
  limits: DatasetLimits,
  choose: (snapshots: readonly TaggedSnapshot[], listing: Listing) => Stream | Refusal,
): Promise<Done | Refusal> {
  const marks = [`${tag}:sent`, `${tag}:lastsent`, initByProperty(tag), STREAMED];
  const properties = [...SNAPSHOT_PROPERTIES, ...marks, ...masterProperties(tag)];
  return withLock(step, dataset, tag, { properties, depth: 1 }, async (listing) => {
    const refusal = refuseUnlessMaster(listing.get(dataset), tag, step.hostName);
    if (refusal) return refusal;
    const chosen = choose(taggedSnapshots(listing, dataset, tag), listing);
    if (isRefusal(chosen)) return chosen;

    const { argv, snapshot, base } = chosen;
    // A recursive stream can begin with no bookmark.
    const streaming = streamEstimated(step, dataset, argv, filters, limits.stallSeconds);
    const inUse = base?.guid ?? token?.fromguid?.toString();
    const keeping = recursive
      ? undefined
      : keepBase(step, tag, snapshot, limits, listing, { inUse, along: step.capabilities.has('programs') });
    const known = await streaming.finally(() => keeping);
    if (isRefusal(known)) return known;
    const { facts: kept = {}, along = [] } = (await keeping) ?? {};
    const streamed = namesOf(snapshot, base);
    const record = () => recordStreamed(step, dataset, streamed, along);
    // Whoever marks it as sent in the next moment makes one change of both.
    if (isToKeep(step)) step.kept?.leaveUnrecorded({ streamed, along, record });
    else {
      const recorded = await record();
      if (isRefusal(recorded)) return recorded;
      Object.assign(kept, bookmarkFacts(along, recorded));
    }
    // A copy may have it: from now on nobody takes the set-up back, whatever becomes of this snapshot's record.
    if (initBy(listing, dataset, tag) !== undefined)
      mustSucceed(await step.zfs.ask(inheritArgv(dataset, initByProperty(tag))), dataset);
    const from = base ? { base: base.name } : {};
    return { facts: { snapshot: fullName(snapshot), ...from, ...known, ...kept } };
  });
}

/**
 * What a token names must be this very dataset's, by GUID: names prove nothing. Its stream is of the snapshot that the
 * token names, whatever the command does. It can continue from whatever a stream can begin with (`from=`).
 */
export function resumed(
  token: ResumeToken,
  snapshots: readonly TaggedSnapshot[],
  listing: Listing,
): Stream | Refusal {
  const name = formatZrepSnapshot(token.snapshot);
  const snapshot = snapshots.find((one) => fullName(one) === name);
  if (snapshot === undefined || snapshot.guid !== String(token.toguid)) {
    return refuse('token-mismatch', 'its snapshot is not there any more, or is another one of that name');
  }
  const { fromguid } = token;
  if (fromguid !== undefined && nameOf(listing, snapshot.dataset, String(fromguid)) === undefined)
    return refuse('token-mismatch', 'it continues from a snapshot which is not there any more');
  return { argv: resumeArgv(formatResumeToken(token)), snapshot, base: undefined };
}
