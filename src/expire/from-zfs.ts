/**
 * What ZFS says of a dataset, as the snapshots that are decided over. Pure.
 *
 * A mark counts where it is on the snapshot itself, set here or come with a stream. What is only inherited, from a
 * TAG:sent on the file system, makes no snapshot a sent one: the original let it.
 */

import { SNAPSHOT_PROPERTIES } from '../replication/snapshots.ts';
import { lastStreamed, STREAMED } from '../replication/streamed.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import { tokenGuids } from '../zfs/resume-token.ts';
import { anyValue, type Listing, localValue, ownValue, type Properties } from '../zfs/state.ts';
import { type Guard, hasTag, type Snapshot, tagOf } from './snapshot.ts';

/** What has to be read of a dataset and its snapshots. */
export function neededProperties(capabilities: Capabilities, tags: readonly string[]): string[] {
  return [
    ...SNAPSHOT_PROPERTIES,
    'used',
    STREAMED,
    ...(capabilities.has('resume') ? ['receive_resume_token'] : []),
    ...tags.flatMap((tag) => [`${tag}:sent`, `${tag}:lastsent`, `${tag}:src-fs`, `${tag}:retired`]),
  ];
}

/** A dataset, as one reading found it. */
export interface Reading {
  readonly dataset: string;
  readonly listing: Listing;
  /** The tags that were asked about. */
  readonly tags: readonly string[];
}

/** From which snapshot a recursive refresh of a file system above goes on, in each below it, under a tag. */
export interface Base {
  readonly dataset: string;
  readonly tag: string;
  readonly name: string;
}

/** The snapshots of the dataset itself. */
export function snapshotsIn({ dataset, listing, tags }: Reading, bases: readonly Base[] = []): Snapshot[] {
  const rows = [...listing].flatMap(([full, properties]) => {
    return full.startsWith(`${dataset}@`) ? [{ name: full.slice(dataset.length + 1), properties }] : [];
  });
  const own = listing.get(dataset);
  const needs = resuming(anyValue(own, 'receive_resume_token'));
  const streamed = newestStreamed(rows);
  const retired = tags.filter((tag) => isRetired(own, tag));
  return rows.map(({ name, properties }): Snapshot => {
    const sentAs = new Set(tags.filter((tag) => ownValue(properties, `${tag}:sent`) !== undefined));
    const guards: Guard[] = [];
    if (Number(anyValue(properties, 'userrefs') ?? 0) > 0) guards.push({ kind: 'held' });
    if (needs(anyValue(properties, 'guid') ?? '')) guards.push({ kind: 'resume' });
    for (const tag of tags)
      if (behindAt(ownValue(own, `${tag}:lastsent`)) === name) guards.push({ kind: 'lastsent', tag });
    // What others made in it came along with the streams. Those of another tag are of a pair that may be in service.
    for (const tag of retired)
      if (hasTag(name, tag) || tagOf(name) === undefined) guards.push({ kind: 'retired', tag });
    const tag = streamed.get(name);
    if (tag !== undefined) guards.push({ kind: 'streamed', tag });
    for (const { dataset, tag } of bases.filter((base) => base.name === name))
      guards.push({ kind: 'base-above', dataset, tag });
    return {
      ...{ dataset, name, sentAs, guards },
      creation: numberOf(properties, 'creation'),
      createtxg: numberOf(properties, 'createtxg'),
    };
  });
}

/** The tags that names of snapshots tell, and that were not asked about. */
export function otherTags({ dataset, listing, tags }: Reading): string[] {
  const found = new Set<string>();
  for (const name of listing.keys()) {
    const tag = name.startsWith(`${dataset}@`) ? tagOf(name.slice(dataset.length + 1)) : undefined;
    if (tag !== undefined && !tags.includes(tag)) found.add(tag);
  }
  return [...found];
}

/** The file system whose pair the dataset belongs to, by TAG:src-fs: another only where it is inherited from there. */
export function pairRoot({ dataset, listing }: Pick<Reading, 'dataset' | 'listing'>, tag: string): string {
  const source = listing.get(dataset)?.get(`${tag}:src-fs`)?.source ?? '';
  return /^inherited from (.+)$/.exec(source)?.[1] ?? dataset;
}

/** Set on it; or on the file system whose pair it belongs to, where that is one above. */
function isRetired(own: Properties | undefined, tag: string): boolean {
  const source = own?.get(`${tag}:retired`)?.source ?? '';
  if (source === 'local') return true;
  return source.startsWith('inherited from ') && source === own?.get(`${tag}:src-fs`)?.source;
}

/** What destroying a snapshot alone would bring; together it can be more. */
export function usedBy({ listing }: Reading, snapshots: readonly Snapshot[]): number {
  const used = ({ dataset, name }: Snapshot) =>
    Number(anyValue(listing.get(`${dataset}@${name}`), 'used') ?? 0);
  return snapshots.reduce((sum, snapshot) => sum + used(snapshot), 0);
}

/** NaN, where there is none, is no time that now could be behind: then nothing is destroyed. */
function numberOf(properties: Properties, property: string): number {
  return Number(anyValue(properties, property) ?? Number.NaN);
}

function behindAt(snapshot: string | undefined): string | undefined {
  return snapshot === undefined ? undefined : snapshot.slice(snapshot.indexOf('@') + 1);
}

/** Whether a stream that was cut off needs the snapshot of a GUID; where its token tells nothing, it may need any. */
function resuming(token: string | undefined): (guid: string) => boolean {
  if (token === undefined || token === '') return () => false;
  const guids = tokenGuids(token)?.map(String);
  return guids === undefined ? () => true : (guid) => guids.includes(guid);
}

/** Of each tag the newest snapshot that the gate has streamed to somebody: name → tag. */
function newestStreamed(rows: readonly { name: string; properties: Properties }[]): Map<string, string> {
  const newest = new Map<string, { name: string; createtxg: number }>();
  for (const { name, properties } of rows) {
    const tag = tagOf(name);
    if (tag === undefined || lastStreamed(localValue(properties, STREAMED)) === undefined) continue;
    const createtxg = numberOf(properties, 'createtxg');
    if (createtxg > (newest.get(tag)?.createtxg ?? -1)) newest.set(tag, { name, createtxg });
  }
  return new Map([...newest].map(([tag, { name }]) => [name, tag]));
}
