/**
 * `zrep _refreshpull`: the stream from the last sent snapshot to the newest, under the file system's lock.
 *
 * zrep's own tag ships every snapshot in between (-I); another tag ships one step (-i), since the snapshots in
 * between are then other people's.
 */

import type { Refreshpull } from '../command/request.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { resumeArgv, type SendBase, sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot, type Tag } from '../zfs/names.ts';
import { formatResumeToken, type ResumeToken } from '../zfs/resume-token.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { Done } from './done.ts';
import { withLock } from './lock.ts';
import { masterProperties, refuseUnlessMaster } from './master.ts';
import {
  fullName,
  lastSent,
  SNAPSHOT_PROPERTIES,
  type TaggedSnapshot,
  taggedSnapshots,
} from './snapshots.ts';
import type { Step } from './step.ts';
import { streamEstimated } from './stream.ts';

export async function refreshpull(
  step: Step,
  operation: Refreshpull,
  flags: readonly SendFlag[],
  filters: readonly (readonly string[])[],
): Promise<Done | Refusal> {
  const { dataset, tag, token } = operation;
  const name = formatZrepSnapshot(operation.snapshot);
  const properties = [...SNAPSHOT_PROPERTIES, `${tag}:sent`, `${tag}:lastsent`, ...masterProperties(tag)];
  return withLock(step, dataset, tag, { properties, depth: 1 }, async (listing) => {
    const snapshots = taggedSnapshots(listing, dataset, tag);
    const base = lastSent(snapshots, listing.get(dataset), tag);
    const refusal =
      refuseUnlessMaster(listing.get(dataset), tag, step.hostName) ??
      (token ? refuseForeignToken(token, snapshots) : refuseStaleSnapshot(name, snapshots, base));
    if (refusal) return refusal;

    const argv = token
      ? resumeArgv(formatResumeToken(token))
      : sendArgv(flags, baseOf(tag, base as TaggedSnapshot), name);
    const known = await streamEstimated(step, dataset, argv, filters);
    return { facts: { snapshot: name, ...(base && !token ? { base: fullName(base) } : {}), ...known } };
  });
}

/** How an increment starts, given the last sent snapshot (or what stands for it in `explain`). */
export function incrementFrom(tag: Tag, snapshot: string): SendBase {
  return { through: tag === 'zrep' ? '-I' : '-i', snapshot };
}

function baseOf(tag: Tag, base: TaggedSnapshot): SendBase {
  return incrementFrom(tag, fullName(base));
}

/** Only the newest snapshot is streamed, and only onto one that the other side has. */
function refuseStaleSnapshot(
  name: string,
  snapshots: readonly TaggedSnapshot[],
  base: TaggedSnapshot | undefined,
): Refusal | undefined {
  const latest = snapshots.at(-1);
  if (latest === undefined || !snapshots.some((snapshot) => fullName(snapshot) === name)) {
    return refuse('no-such-snapshot', name);
  }
  if (fullName(latest) !== name) return refuse('not-latest', name, fullName(latest));
  if (base === undefined) return refuse('never-sent');
  return base === latest ? refuse('already-sent', name) : undefined;
}

/** What a token names must be this very dataset's, by GUID: names prove nothing. */
function refuseForeignToken(token: ResumeToken, snapshots: readonly TaggedSnapshot[]): Refusal | undefined {
  const name = formatZrepSnapshot(token.snapshot);
  const target = snapshots.find((snapshot) => fullName(snapshot) === name);
  if (target === undefined || target.guid !== String(token.toguid)) {
    return refuse('token-mismatch', 'its snapshot is not there any more, or is another one of that name');
  }
  const { fromguid } = token;
  if (fromguid !== undefined && !snapshots.some(({ guid }) => guid === String(fromguid))) {
    return refuse('token-mismatch', 'it continues from a snapshot that is not there any more');
  }
  return undefined;
}
