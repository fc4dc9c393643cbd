/** The file system on this host that is pushed: what ZFS says of it, and what that means for a pair. Pure. */

import { inSentence, tell } from '../../pair/obstacle.ts';
import { pushedProperty } from '../../pair/pushed.ts';
import { judgeOwn } from '../../pair/source.ts';
import { printable } from '../../printable.ts';
import { masterProperties, refuseUnlessMaster } from '../../replication/master.ts';
import {
  lastSent,
  SNAPSHOT_PROPERTIES,
  type TaggedSnapshot,
  taggedSnapshots,
} from '../../replication/snapshots.ts';
import { STREAMED } from '../../replication/streamed.ts';
import { type Dataset, parseDataset, type Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue, ownValue, type Properties } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import { zrepFor } from '../words/again.ts';
import { parseSourceHost, type SourceHost } from '../words/source.ts';

/** Where a file system goes. */
export interface Course {
  readonly dataset: Dataset;
  readonly host: SourceHost;
  readonly destination: Dataset;
}

export interface Master extends Course {
  /** Own snapshots of the tag, oldest first. */
  readonly snapshots: readonly TaggedSnapshot[];
  /** The last one that was sent, from which increments begin. */
  readonly base: TaggedSnapshot;
}

/** What `readCourse` and `refuseOther` need of the dataset. */
export function courseProperties(tag: Tag): string[] {
  const names = ['src-fs', 'dest-host', 'dest-fs', 'savecount'];
  return [...masterProperties(tag), ...names.map((name) => `${tag}:${name}`)];
}

/** What `readMaster` needs of the dataset and its snapshots. */
export function masterListingProperties(tag: Tag): string[] {
  const records = [pushedProperty(tag), STREAMED];
  return [...SNAPSHOT_PROPERTIES, ...courseProperties(tag), `${tag}:sent`, `${tag}:lastsent`, ...records];
}

/**
 * Where `dataset` goes; `local` is zrep's name of this host. Stock also takes a dest-fs that was only inherited: that is where the file
 * system above goes.
 *
 * @throws Failure in stock's words.
 */
export function readCourse(listing: Listing, dataset: Dataset, tag: Tag, local: string): Course {
  const own = listing.get(dataset);
  const [toHost, toFs] = [anyValue(own, `${tag}:dest-host`), ownValue(own, `${tag}:dest-fs`)];
  const host = toHost === undefined ? undefined : parseSourceHost(toHost, local);
  const destination = toFs === undefined ? undefined : parseDataset(toFs);
  if (host === undefined || destination === undefined)
    throw new Failure(
      `Problem getting zrep properties for fs ${dataset} (${tag}:dest-host is ${toHost ?? 'not set'}, ${tag}:dest-fs is ${toFs ?? unsetFs(own, tag)}); a pair begins with zrep init, and one that moved is told so with zrep changeconfig`,
    );
  return { dataset, host, destination };
}

function unsetFs(own: Properties | undefined, tag: Tag): string {
  const { source = '' } = own?.get(`${tag}:dest-fs`) ?? {};
  return source.startsWith('inherited') ? `only ${source}` : 'not set';
}

/**
 * What lies below the copy of a pair is no source: that pair's streams can reach it. Properties that it inherits from a source above are no
 * matter.
 *
 * @throws Failure.
 */
export function refuseBelowCopy(
  own: Properties | undefined,
  dataset: Dataset,
  tag: Tag,
  local: string,
): void {
  const above = /^inherited from (.+)$/.exec(own?.get(`${tag}:src-fs`)?.source ?? '')?.[1];
  if (above === undefined) return;
  const [host, from] = [anyValue(own, `${tag}:src-host`), anyValue(own, `${tag}:src-fs`)];
  if (host === local && from === above) return;
  throw new Failure(
    `${dataset} is below ${above}, which is the copy of ${host ?? '-'}:${from} under the tag ${tag}; what is below a copy cannot be sent from here`,
  );
}

/**
 * @throws Failure where another side is the master: pushing from here would overwrite it. Behind the words of stock it has why, and the line for
 * it, where the properties tell.
 */
export function refuseOther(listing: Listing, dataset: Dataset, tag: Tag, local: string): void {
  const own = listing.get(dataset);
  if (refuseUnlessMaster(own, tag, local) === undefined) return;
  const other = printable(anyValue(own, `${tag}:src-host`) ?? '-');
  const stock =
    localValue(own, `${tag}:master`) === 'yes'
      ? `we are not master host for ${dataset}: master is ${other}, we are ${local}`
      : `${dataset} not master. Cannot sync`;
  const why = sayOwnObstacle(own, dataset, tag, local);
  throw new Failure(why === undefined ? stock : `${stock}; ${why}`);
}

/** Why `dataset` here is a source that nobody sends, with the line for it; undefined where its own properties do not tell. */
export function sayOwnObstacle(
  own: Properties | undefined,
  dataset: string,
  tag: Tag,
  local: string,
): string | undefined {
  const found = judgeOwn(tag, { dataset, properties: own ?? new Map() }, local);
  if (found === undefined) return undefined;
  const [copy, to] = ['dest-fs', 'dest-host'].map((name) => anyValue(own, `${tag}:${name}`) ?? '');
  const names = { zrep: zrepFor(tag), copy: copy ?? '', source: dataset, host: local, to };
  return inSentence(tell(found, names));
}

/** The master `dataset` as `listing` has it; without a base where no snapshot is marked. @throws Failure when it is none. */
export function readMaster(
  listing: Listing,
  dataset: Dataset,
  tag: Tag,
  local: string,
): Omit<Master, 'base'> & Partial<Pick<Master, 'base'>> {
  refuseOther(listing, dataset, tag, local);
  const snapshots = taggedSnapshots(listing, dataset, tag);
  const base = lastSent(snapshots, listing.get(dataset), tag);
  const course = readCourse(listing, dataset, tag, local);
  return { ...course, snapshots, ...(base !== undefined && { base }) };
}

/** In stock's words: nothing is marked, and the other side has nothing to go on from. */
export function neverSent(dataset: string, tag: Tag): Failure {
  return new Failure(
    `You must initialize ${dataset} for zrep (zrep_sync could not find sent snap for ${dataset}). Where the other side has one of its snapshots, say which: ${zrepFor(tag)} sentsync ${dataset}@${tag}_hhhhhh`,
  );
}

/** Those newer than the last one that was sent, newest first. */
export function unsentOf({ snapshots, base }: Master): TaggedSnapshot[] {
  return snapshots.slice(snapshots.indexOf(base) + 1).reverse();
}
