/** A file system of a pair as it is seen from this host alone: what ZFS says here, and what that means. Pure. */

import { isPushed, pushedProperty } from '../../pair/pushed.ts';
import { isHolder } from '../../replication/holder.ts';
import { parseLockTime } from '../../replication/lock-time.ts';
import { type Role, roleOf } from '../../replication/role.ts';
import {
  lastSent,
  SNAPSHOT_PROPERTIES,
  type TaggedSnapshot,
  taggedSnapshots,
} from '../../replication/snapshots.ts';
import { STREAMED } from '../../replication/streamed.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import type { Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue, type Properties } from '../../zfs/state.ts';

export interface PairView {
  readonly dataset: string;
  readonly role: Role;
  readonly source: Side;
  readonly destination: Side;
  /** Own snapshots of the tag, oldest first. */
  readonly snapshots: readonly TaggedSnapshot[];
  /** The newest one that was sent whole, on either side. */
  readonly last: TaggedSnapshot | undefined;
  /** When it was sent, epoch seconds. */
  readonly sent: number | undefined;
  /** Of the snapshots, those behind it. */
  readonly unsent: readonly TaggedSnapshot[];
  /** The names, behind the @, of all snapshots behind it, whoever made them; in zfs's order. */
  readonly behind: readonly string[];
  readonly lock: LockView | undefined;
  /** `zrep sync` on this host sends it. */
  readonly pushed: boolean;
  /** What a stream into it that was cut off can be gone on with. */
  readonly token: string | undefined;
}

/** As the properties have it, inherited ones too. */
interface Side {
  readonly host: string | undefined;
  readonly dataset: string | undefined;
}

interface LockView {
  readonly pid: number;
  /** Epoch seconds; undefined where the lock does not say. */
  readonly since: number | undefined;
  /** Its process is still there. */
  readonly live: boolean;
}

/** What `pairView` needs of the file system itself. */
export function viewedProperties(capabilities: Capabilities, tag: Tag): string[] {
  const own = ['master', 'src-host', 'src-fs', 'dest-host', 'dest-fs', 'lock-pid', 'lock-time'];
  const older = ['lastsent', 'lastsenttime'];
  return [
    ...[...own, ...older].map((name) => `${tag}:${name}`),
    pushedProperty(tag),
    ...(capabilities.has('resume') ? ['receive_resume_token'] : []),
  ];
}

/** And of its snapshots. */
export function viewedSnapshotProperties(tag: Tag): string[] {
  return [...SNAPSHOT_PROPERTIES, `${tag}:sent`, STREAMED];
}

/** The view of `dataset`, on the host that zrep calls `hostName`: `own` are its properties, `below` has its snapshots. */
export function pairView(
  dataset: string,
  own: Properties | undefined,
  below: Listing,
  tag: Tag,
  hostName: string,
): PairView {
  const snapshots = taggedSnapshots(below, dataset, tag);
  const last = lastSent(snapshots, own, tag);
  const role = roleOf(own, dataset, tag, hostName);
  return {
    dataset,
    role,
    pushed: role === 'source' && isPushed({ properties: own ?? new Map(), tagged: snapshots }, tag),
    source: { host: anyValue(own, `${tag}:src-host`), dataset: anyValue(own, `${tag}:src-fs`) },
    destination: { host: anyValue(own, `${tag}:dest-host`), dataset: anyValue(own, `${tag}:dest-fs`) },
    snapshots,
    last,
    sent: last && sentTime(last, own, tag),
    unsent: last === undefined ? snapshots : snapshots.slice(snapshots.indexOf(last) + 1),
    behind: namesBehind(below, dataset, last),
    lock: lockOf(own, tag),
    token: anyValue(own, 'receive_resume_token'),
  };
}

/** Of one that only TAG:lastsent names, what TAG:lastsenttime says, or else when it was made. */
function sentTime(last: TaggedSnapshot, own: Properties | undefined, tag: Tag): number {
  const texts = [last.sent, last.sent === undefined ? localValue(own, `${tag}:lastsenttime`) : undefined];
  const found = texts.find((text) => text !== undefined && /^\d{1,12}$/.test(text));
  return found === undefined ? last.creation : Number(found);
}

function namesBehind(below: Listing, dataset: string, last: TaggedSnapshot | undefined): string[] {
  return [...below].flatMap(([name, properties]) => {
    const own = name.startsWith(`${dataset}@`);
    const made = numberOf(anyValue(properties, 'createtxg')) ?? 0;
    return own && made > (last?.createtxg ?? -1) ? [name.slice(dataset.length + 1)] : [];
  });
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function lockOf(own: Properties | undefined, tag: Tag): LockView | undefined {
  const pid = localValue(own, `${tag}:lock-pid`);
  if (pid === undefined || !/^[1-9]\d{0,9}$/.test(pid)) return undefined;
  const time = localValue(own, `${tag}:lock-time`);
  return { pid: Number(pid), since: parseLockTime(time), live: isHolder(Number(pid), time) };
}
