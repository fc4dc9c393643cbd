/**
 * `zrep _refreshpull`: the stream from the last sent snapshot to the newest, under the file system's lock.
 *
 * zrep's own tag ships every snapshot in between (-I); another tag ships one step (-i), since the snapshots in
 * between are then other people's.
 */

import type { Refreshpull } from '../command/request.ts';
import type { DatasetLimits } from '../policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { resumeArgv, type SendBase, sendArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot, type Tag } from '../zfs/names.ts';
import { formatResumeToken, type ResumeToken } from '../zfs/resume-token.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import type { Done } from './done.ts';
import { withLock } from './lock.ts';
import { masterProperties, refuseUnlessMaster } from './master.ts';
import { recordStreamed } from './record-streamed.ts';
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
  { stallSeconds }: DatasetLimits,
): Promise<Done | Refusal> {
  const { dataset, tag, token } = operation;
  const properties = [...SNAPSHOT_PROPERTIES, `${tag}:sent`, `${tag}:lastsent`, ...masterProperties(tag)];
  return withLock(step, dataset, tag, { properties, depth: 1 }, async (listing) => {
    const refusal = refuseUnlessMaster(listing.get(dataset), tag, step.hostName);
    if (refusal) return refusal;
    const snapshots = taggedSnapshots(listing, dataset, tag);
    const last = lastSent(snapshots, listing.get(dataset), tag);
    const chosen = token ? resumed(token, snapshots) : newest(operation, flags, snapshots, last);
    if (isRefusal(chosen)) return chosen;

    const known = await streamEstimated(step, dataset, chosen.argv, filters, stallSeconds);
    if (isRefusal(known)) return known;
    const { snapshot, base } = chosen;
    const changed = await recordStreamed(step, dataset, snapshot, base);
    if (changed) return changed;
    return { facts: { snapshot: fullName(snapshot), ...(base ? { base: fullName(base) } : {}), ...known } };
  });
}

/** How an increment starts, given the last sent snapshot (or what stands for it in `explain`). */
export function incrementFrom(tag: Tag, snapshot: string): SendBase {
  return { through: tag === 'zrep' ? '-I' : '-i', snapshot };
}

/** One stream: its argv, what it is of, and from where. */
interface Stream {
  readonly argv: readonly string[];
  readonly snapshot: TaggedSnapshot;
  readonly base: TaggedSnapshot | undefined;
}

/** Only the newest snapshot is streamed, and only onto one that the other side has. */
function newest(
  { tag, snapshot }: Refreshpull,
  flags: readonly SendFlag[],
  snapshots: readonly TaggedSnapshot[],
  base: TaggedSnapshot | undefined,
): Stream | Refusal {
  const name = formatZrepSnapshot(snapshot);
  const latest = snapshots.at(-1);
  if (latest === undefined || !snapshots.some((one) => fullName(one) === name))
    return refuse('no-such-snapshot', name);
  if (fullName(latest) !== name) return refuse('not-latest', name, fullName(latest));
  if (base === undefined) return refuse('never-sent');
  if (base === latest) return refuse('already-sent', name);
  return { argv: sendArgv(flags, incrementFrom(tag, fullName(base)), name), snapshot: latest, base };
}

/**
 * What a token names must be this very dataset's, by GUID: names prove nothing. Its stream is of the snapshot that the
 * token names, whatever the command does.
 */
function resumed(token: ResumeToken, snapshots: readonly TaggedSnapshot[]): Stream | Refusal {
  const name = formatZrepSnapshot(token.snapshot);
  const snapshot = snapshots.find((one) => fullName(one) === name);
  if (snapshot === undefined || snapshot.guid !== String(token.toguid)) {
    return refuse('token-mismatch', 'its snapshot is not there any more, or is another one of that name');
  }
  const { fromguid } = token;
  if (fromguid !== undefined && !snapshots.some(({ guid }) => guid === String(fromguid))) {
    return refuse(
      'token-mismatch',
      `it continues from a snapshot which is not there any more, or is not one of zrep's`,
    );
  }
  return { argv: resumeArgv(formatResumeToken(token)), snapshot, base: undefined };
}
