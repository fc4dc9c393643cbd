/** A pair as it was seen: what zfs said of it here, and there as far as that could be asked. Pure. */

import { pushedProperty } from '../../pair/pushed.ts';
import type { Side } from '../../pair/side.ts';
import type { Refused } from '../../pair/source.ts';
import type { Tree } from '../../pair/tree.ts';
import type { Role } from '../../replication/role.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import { type Dataset, parseDataset, type Tag } from '../../zfs/names.ts';
import { type Listing, localValue, ownValue, type Properties } from '../../zfs/state.ts';
import { surveyedProperties } from '../copies/find-missing.ts';
import { retiredSince } from '../copies/retirement.ts';
import { PAIR_PROPERTIES } from '../copy/receive.ts';
import { zrepAgain } from '../words/again.ts';
import { parseSourceHost, type SourceHost } from '../words/source.ts';
import type { Finding, Mend } from './finding.ts';

export type There =
  | {
      readonly side: Side;
      /** With -R: what is below it, where the host tells. */
      readonly below?: Tree['below'] | undefined;
      readonly refused?: Refused | undefined;
      readonly isGate?: boolean;
    }
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
  /** With -R: what is below it. */
  readonly below?: Tree['below'] | undefined;
  /** The other one, by the properties of the one here. */
  readonly peer: Peer | undefined;
  readonly there: There;
  readonly lock: Lock;
  /** File systems below this one on which a stream was cut off: name → token. */
  readonly tokensBelow: ReadonlyMap<string, string>;
  /** Others on this host that are mounted in the same place, or would be. */
  readonly sharingMountpoint: readonly string[];
  /** Is the file system that TAG:dest-fs names on this host, too? Then one that calls itself so was not renamed. */
  readonly hasNamesake: boolean;
  /** What ZREP_SAVE_COUNT says. */
  readonly saveCount: number;
  /** Asked with -R, or what lies below came along with it (copy/came-along.ts). */
  readonly recursive: boolean;
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
    ...new Set([...own.map((name) => `${tag}:${name}`), ...surveyedProperties(tag), pushedProperty(tag)]),
    ...['type', 'readonly', 'mounted', 'mountpoint', 'canmount', 'referenced'],
    ...(capabilities.has('written') ? ['written'] : []),
    ...(capabilities.has('resume') ? ['receive_resume_token'] : []),
    ...(capabilities.has('excludes') ? ['encryption', 'keystatus'] : []),
  ];
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

/** Where the other side is; undefined where the properties do not say so in a usable way. */
export function peerOf(own: Properties, role: Role, tag: Tag, hostName: string): Peer | undefined {
  if (role === 'unclear') return undefined;
  const [hostProperty, datasetProperty] =
    role === 'copy' ? [`${tag}:src-host`, `${tag}:src-fs`] : [`${tag}:dest-host`, `${tag}:dest-fs`];
  const host = parseSourceHost(ownValue(own, hostProperty) ?? '', hostName);
  const dataset = parseDataset(ownValue(own, datasetProperty) ?? '');
  return host && dataset ? { host, dataset } : undefined;
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

/** What the copy's host calls the source's, as far as that is known here: in lines for it. */
export function sourceHost(
  scene: Pick<Scene, 'tag' | 'role' | 'here' | 'there' | 'peer' | 'hostName'>,
): string {
  const { tag, role, here, there, peer, hostName } = scene;
  if (role === 'copy') return peer?.host.name ?? 'HOST';
  const sides = 'side' in there ? [there.side, here] : [here];
  const names = sides.map(({ properties }) => ownValue(properties, `${tag}:src-host`) ?? '');
  const [found] = names.flatMap((name) => parseSourceHost(name, '') ?? []);
  return found?.name ?? hostName;
}

/** zrep, with the switches that a command on the pair needs. */
export function zrepOf({ tag, recursive }: Pick<Scene, 'tag' | 'recursive'>): string {
  return zrepAgain({ tag, recursive });
}

export type Diagnose = (scene: Scene) => Finding[];
