/**
 * Who set a pair up through the gate, and what that client may take back of it. Pure.
 *
 * `TAG:init-by` names the client: on the dataset, from before its first property of the pair until its first stream ended
 * well, and on the snapshots that init made. Only the local value counts: an inherited one is the parent's, a received one
 * another host's. No command of a client sets it but `_init`, which writes that client's own name. `zrep clear` removes it
 * with the pair's other properties.
 */

import type { Uninit } from '../command/request.ts';
import type { Reach } from '../policy/reach.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { inheritArgv } from '../zfs/argv.ts';
import type { Tag } from '../zfs/names.ts';
import { type Listing, localValue, ownValue } from '../zfs/state.ts';
import { clearing, refuseInitialized } from './pair.ts';
import {
  expiringChildren,
  fullName,
  runOf,
  SNAPSHOT_PROPERTIES,
  type TaggedSnapshot,
  taggedSnapshots,
} from './snapshots.ts';
import { STREAMED } from './streamed.ts';

/** The pair's properties that `_init` sets, behind the tag; the first one is what makes a source of the file system. */
const SET_BY_INIT = ['master', 'src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount'] as const;

/** The property that names the client. */
export function initByProperty(tag: Tag): string {
  return `${tag}:init-by`;
}

/** What the functions here look at, of the dataset and its snapshots. */
export function setUpProperties(tag: Tag): string[] {
  const pair = SET_BY_INIT.map((name) => `${tag}:${name}`);
  const marks = [`${tag}:sent`, `${tag}:lastsent`, STREAMED, initByProperty(tag)];
  return [...SNAPSHOT_PROPERTIES, ...pair, ...marks];
}

/** The client that set `dataset` up; undefined where none did, or where its first stream has ended well. */
export function initBy(listing: Listing, dataset: string, tag: Tag): string | undefined {
  return localValue(listing.get(dataset), initByProperty(tag));
}

/** True where `dataset` has a property of a pair of its own, set here or received. */
export function hasPair(listing: Listing, dataset: string, tag: Tag): boolean {
  return SET_BY_INIT.some((name) => ownValue(listing.get(dataset), `${tag}:${name}`) !== undefined);
}

/** True where a snapshot of the tag is marked as sent, or a stream of one ended well: a copy may have it. */
function hasBegun(listing: Listing, dataset: string, tag: Tag): boolean {
  const snapshots = taggedSnapshots(listing, dataset, tag);
  const marked = refuseInitialized(snapshots, listing, dataset, tag) !== undefined;
  return marked || snapshots.some(({ streamed }) => streamed !== undefined);
}

/** True where `client` may give the pair another destination: it set it up, and nothing of it can be anywhere. */
export function mayRedirect(listing: Listing, dataset: string, tag: Tag, client: string): boolean {
  return initBy(listing, dataset, tag) === client && !hasBegun(listing, dataset, tag);
}

/** The refusal of `client`, where another one has begun to set the pair up, and has not come to say where its copy is. */
export function refuseHalfOfOther(
  listing: Listing,
  { dataset, tag }: Pick<Uninit, 'dataset' | 'tag'>,
  client: string,
): Refusal | undefined {
  const by = initBy(listing, dataset, tag);
  if (by === undefined || by === client) return undefined;
  const own = listing.get(dataset);
  const whole = ['dest-host', 'dest-fs'].every((name) => localValue(own, `${tag}:${name}`) !== undefined);
  return whole ? undefined : refuse('set-up-by-other', dataset, clearing(dataset, tag));
}

/**
 * The snapshots that go when `client` takes the pair of `operation` back, children's first; or the refusal.
 *
 * They are those that bear the client's name from the moment that init made them. Whatever else there is stays. What init made with -R
 * goes with -R alone. `listing` is of all that lies below, too.
 */
export function judgeUninit(
  listing: Listing,
  { dataset, tag, destHost, destFs }: Pick<Uninit, 'dataset' | 'tag' | 'destHost' | 'destFs'>,
  client: string,
  reach: Reach,
): readonly TaggedSnapshot[] | Refusal {
  const own = taggedSnapshots(listing, dataset, tag);
  const mend = clearing(dataset, tag);
  const initialized = refuseInitialized(own, listing, dataset, tag);
  if (initialized) return initialized;
  const by = initBy(listing, dataset, tag);
  if (by === undefined && !hasPair(listing, dataset, tag)) return refuse('not-set-up', dataset);
  if (by === undefined) {
    const streamed = own.find((one) => one.streamed !== undefined);
    if (streamed) return refuse('already-streamed', fullName(streamed), mend);
  }
  if (by !== client) return refuse('set-up-by-other', dataset, mend);
  for (const [name, wanted] of [
    ['dest-host', destHost],
    ['dest-fs', destFs],
  ] as const) {
    const value = localValue(listing.get(dataset), `${tag}:${name}`) ?? wanted;
    if (value !== wanted) return refuse('configured-otherwise', dataset, `${tag}:${name}`, mend);
  }
  const children = expiringChildren(listing, dataset, tag, reach === 'alone' ? [] : reach.spared);
  const below = children.flatMap((child) => taggedSnapshots(listing, child, tag));
  const made = (one: TaggedSnapshot) =>
    localValue(listing.get(fullName(one)), initByProperty(tag)) === client;
  // Of the children, the parts of the same run alone: an older one may have gone along with a stream of another day.
  const ownGoing = own.filter(made);
  const runs = new Set(ownGoing.map(runOf));
  const along = below.filter((one) => made(one) && runs.has(runOf(one)));
  // Without them the same init -R would fail for ever: its snapshot would be there already.
  if (reach === 'alone' && along.length > 0) return refuse('set-up-recursive', dataset);
  const going = [...along, ...ownGoing];
  const streamed = [...own, ...going].find((one) => one.streamed !== undefined || one.sent !== undefined);
  if (streamed) return refuse('already-streamed', fullName(streamed), mend);
  const held = going.find(({ holds }) => holds > 0);
  return held ? refuse('snapshot-held', fullName(held)) : going;
}

/** What takes the pair's properties from the dataset; last, who set it up: until then the same client can repeat it. */
export function uninitArgvs(dataset: string, tag: Tag): string[][] {
  const pair = SET_BY_INIT.map((name) => inheritArgv(dataset, `${tag}:${name}`));
  return [...pair, inheritArgv(dataset, initByProperty(tag))];
}
