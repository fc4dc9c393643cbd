/** A pair as it was seen: what zfs said of it here, and there as far as that could be asked. Pure. */

import type { Role } from '../../replication/role.ts';
import { SNAPSHOT_PROPERTIES, type TaggedSnapshot, taggedSnapshots } from '../../replication/snapshots.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import { type Dataset, parseDataset, parseSnapshot, type Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue, ownValue, type Properties } from '../../zfs/state.ts';
import { surveyedProperties } from '../copies/find-missing.ts';
import { retiredSince } from '../copies/retirement.ts';
import { PAIR_PROPERTIES } from '../copy/receive.ts';
import { parseSourceHost, type SourceHost } from '../words/source.ts';
import type { Finding, Mend } from './finding.ts';

export interface Snapshot {
  /** What stands behind the `@`. */
  readonly name: string;
  readonly guid: string;
  readonly createtxg: number;
  /** Number of holds; 0 where that was not asked. */
  readonly holds: number;
  /** How many bytes it leads to; only here. */
  readonly referenced: string | undefined;
}

/** One side of a pair. */
export interface Side {
  readonly dataset: string;
  readonly properties: Properties;
  /** Those of the tag, oldest first. */
  readonly tagged: readonly TaggedSnapshot[];
  /** All of them, oldest first. */
  readonly snapshots: readonly Snapshot[];
  /** In full names; none where that was not asked. */
  readonly bookmarks: readonly { readonly name: string; readonly createtxg: number }[];
}

export type There =
  | { readonly side: Side }
  /** Why it could not be seen, and what mends that. */
  | { readonly unseen: string; readonly mend: Mend }
  /** Not asked: somebody said so, or what is wrong here keeps from it. */
  | { readonly unasked: true };

export interface Scene {
  readonly tag: Tag;
  /** zrep's name of this host. */
  readonly hostName: string;
  /** Epoch seconds, by this host's clock. */
  readonly now: number;
  readonly dataset: Dataset;
  /** What the one here is. */
  readonly role: Role;
  readonly here: Side;
  /** The other one, by the properties of the one here. */
  readonly peer: Peer | undefined;
  readonly there: There;
  readonly lock: Lock;
  /** File systems below this one on which a stream was cut off: name → token. */
  readonly tokensBelow: ReadonlyMap<string, string>;
  /** Others on this host that are mounted in the same place, or would be. */
  readonly sharingMountpoint: readonly string[];
  /** What ZREP_SAVE_COUNT says. */
  readonly saveCount: number;
  /** zfs-fuse says of everything mounted that it is not readonly. */
  readonly believesReadonly: boolean;
}

export interface Peer {
  readonly host: SourceHost;
  readonly dataset: Dataset;
}

export type Lock = { readonly state: 'free' } | { readonly state: 'held' | 'stale'; readonly pid: string };

/** A whole host's file systems, as far as they matter to pairs. */
export interface World {
  readonly listing: Listing;
  /** Each that is looked at, with its snapshots: what was read last. */
  readonly own: ReadonlyMap<string, Listing>;
  /** File systems by the place where they are mounted, or would be. */
  readonly mountpoints: ReadonlyMap<string, readonly string[]>;
}

/** What has to be read of every file system here. */
export function fileSystemProperties(capabilities: Capabilities, tag: Tag): string[] {
  const own = [...PAIR_PROPERTIES, 'master', 'lock-pid', 'lock-time', 'lastsent'];
  return [
    ...new Set([...own.map((name) => `${tag}:${name}`), ...surveyedProperties(tag)]),
    ...['type', 'readonly', 'mounted', 'mountpoint', 'canmount', 'referenced'],
    ...(capabilities.has('written') ? ['written'] : []),
    ...(capabilities.has('resume') ? ['receive_resume_token'] : []),
    ...(capabilities.has('excludes') ? ['encryption'] : []),
  ];
}

/** What has to be read of snapshots, here; there without the holds. */
export function snapshotProperties(tag: Tag): string[] {
  return [...SNAPSHOT_PROPERTIES, 'referenced', `${tag}:sent`];
}

/** Datasets in service with a configuration of their own under the tag, also one that has lost a part of it. */
export function configured(listing: Listing, tag: Tag): Dataset[] {
  const signs = ['src-fs', 'src-host', 'dest-fs'].map((name) => `${tag}:${name}`);
  return [...listing].flatMap(([name, own]) => {
    const dataset = parseDataset(name);
    const any =
      signs.some((sign) => ownValue(own, sign) !== undefined) || localValue(own, `${tag}:master`) === 'yes';
    return dataset !== undefined && any && retiredSince(own, tag) === undefined ? [dataset] : [];
  });
}

export function sideOf(listing: Listing, dataset: string, tag: Tag): Side {
  const snapshots = [...listing].flatMap(([name, own]) => {
    if (!name.startsWith(`${dataset}@`)) return [];
    const [guid, createtxg] = [anyValue(own, 'guid') ?? '', Number(anyValue(own, 'createtxg') ?? 0)];
    const referenced = anyValue(own, 'referenced');
    const holds = Number(anyValue(own, 'userrefs') ?? 0);
    return [{ name: name.slice(dataset.length + 1), guid, createtxg, holds, referenced }];
  });
  const bookmarks = [...listing].flatMap(([name, own]) =>
    name.startsWith(`${dataset}#`) ? [{ name, createtxg: Number(anyValue(own, 'createtxg') ?? 0) }] : [],
  );
  return {
    dataset,
    properties: listing.get(dataset) ?? new Map(),
    tagged: taggedSnapshots(listing, dataset, tag),
    bookmarks,
    snapshots: snapshots.sort((a, b) => a.createtxg - b.createtxg),
  };
}

/** Where the other side is; undefined where the properties do not say so in a usable way. */
export function peerOf(own: Properties, role: Role, tag: Tag, hostName: string): Peer | undefined {
  if (role === 'unclear') return undefined;
  const [hostProperty, datasetProperty] =
    role === 'copy' ? [`${tag}:src-host`, `${tag}:src-fs`] : [`${tag}:dest-host`, `${tag}:dest-fs`];
  const host = parseSourceHost(ownValue(own, hostProperty) ?? '', hostName);
  const dataset = parseDataset(ownValue(own, datasetProperty) ?? '');
  return host && dataset ? { host, dataset } : undefined;
}

/**
 * What the other side said to `zfs get -o name,property,value`, with `source` as what the command had asked for. It can be
 * hostile: a name that is none is left out, for names end up in lines to copy.
 */
export function parseFar(output: string, source: 'local' | 'received'): Listing {
  const listing = new Map<string, Map<string, { value: string; source: string }>>();
  for (const line of output.split('\n')) {
    const [name = '', property = '', value] = line.split('\t');
    if (value === undefined || (parseDataset(name) ?? parseSnapshot(name)) === undefined) continue;
    if (property === 'guid' && !/^\d{1,20}$/.test(value)) continue;
    const properties = listing.get(name) ?? new Map();
    // What is not set at all, and what is zfs's own, has no source.
    properties.set(property, { value, source: property.includes(':') && value !== '-' ? source : '-' });
    listing.set(name, properties);
  }
  return listing;
}

/** A listing of several, one a dataset, each with its snapshots. */
export function byDataset(listing: Listing): Map<string, Listing> {
  const all = new Map<string, Map<string, Properties>>();
  for (const [name, properties] of listing) {
    const [dataset = ''] = name.split(/[@#]/);
    const own = all.get(dataset) ?? new Map<string, Properties>();
    all.set(dataset, own.set(name, properties));
  }
  return all;
}

/** Of two listings one, the second one's word before the first one's. */
export function merged(...listings: readonly Listing[]): Listing {
  const all = new Map<string, Properties>();
  for (const listing of listings) {
    for (const [name, properties] of listing)
      all.set(name, new Map([...(all.get(name) ?? []), ...properties]));
  }
  return all;
}

/** Both sides, where the other one was seen: which is which, and where each is. */
export interface Both {
  readonly source: Side & { readonly on: string | undefined };
  readonly copy: Side & { readonly on: string | undefined };
}

export function bothSides({ role, here, there, peer }: Scene): Both | undefined {
  if (!('side' in there)) return undefined;
  const [own, other] = [
    { ...here, on: undefined },
    { ...there.side, on: peer?.host.name },
  ];
  return role === 'copy' ? { source: other, copy: own } : { source: own, copy: other };
}

export type Diagnose = (scene: Scene) => Finding[];
