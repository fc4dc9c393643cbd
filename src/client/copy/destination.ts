/** The file system on this host that is refreshed: what ZFS says of it, and what that means for a pair. Pure. */

import { roleOf, roleProperties } from '../../replication/role.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { SNAPSHOT_PROPERTIES, taggedSnapshots } from '../../replication/snapshots.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import { type Dataset, isBelow, parseDataset, type Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue, type Properties } from '../../zfs/state.ts';
import { refuseRetired } from '../copies/refuse-retired.ts';
import { Failure } from '../run/failure.ts';
import { zrepFor } from '../words/again.ts';
import { parseSourceHost, type SourceHost } from '../words/source.ts';
import { guardedProperties } from './guard.ts';
import { excludedProperties, PAIR_PROPERTIES, type Receiving } from './receive.ts';

export interface Destination {
  readonly dataset: Dataset;
  readonly receiving: Receiving;
  readonly host: SourceHost;
  readonly source: Dataset;
  /** What a stream that was cut off can be gone on with. */
  readonly token: string | undefined;
  /** Own snapshots of the tag, oldest first. */
  readonly snapshots: readonly TaggedSnapshot[];
  /** The newest snapshot of all, whoever made it. */
  readonly newest: { readonly name: string; readonly guid: string } | undefined;
  /** Of the dataset itself, as it was before. */
  readonly properties: Properties | undefined;
  /** Datasets below, by name. */
  readonly children: readonly string[];
  /** Properties that an earlier stream set, and that streams must not set any more: name → value. */
  readonly received: Readonly<Record<string, string>>;
}

/** What has to be read of a dataset and its snapshots for `readDestination`. */
export function destinationProperties(capabilities: Capabilities, tag: Tag): string[] {
  const pair = [...PAIR_PROPERTIES, 'master', 'sent', 'retired'].map((name) => `${tag}:${name}`);
  const guarded = guardedProperties(capabilities, { tag, volume: false, raw: false });
  return [
    ...new Set([
      ...SNAPSHOT_PROPERTIES,
      ...pair,
      'type',
      ...(capabilities.has('resume') ? ['receive_resume_token'] : []),
      ...(capabilities.has('excludes') ? ['encryption'] : []),
      ...guarded,
    ]),
  ];
}

/**
 * The destination `dataset` as `listing` has it; `local` is zrep's name of this host.
 *
 * @throws Failure when it is none: the message says what mends it.
 */
export function readDestination(listing: Listing, dataset: Dataset, tag: Tag, local: string): Destination {
  const own = listing.get(dataset);
  if (localValue(own, `${tag}:master`) === 'yes') {
    const sorry = `Sorry, you cant run refresh on a master mode fs ${dataset}`;
    if (roleOf(own, dataset, tag, local) !== 'copy') throw new Failure(sorry);
    throw new Failure(
      `${sorry}. By its other properties it is a copy: ${zrepFor(tag)} doctor ${dataset} says what to do`,
    );
  }
  refuseRetired(own, dataset, tag);
  const [srcFs, srcHost] = [anyValue(own, `${tag}:src-fs`), anyValue(own, `${tag}:src-host`)];
  if (srcFs === undefined || srcHost === undefined)
    throw new Failure(
      `${dataset} is not the copy of anything: ${tag}:src-fs and ${tag}:src-host are not set; to set a pair up: ${zrepFor(tag)} init --pull HOST:SOURCE ${dataset}`,
    );
  if (roleOf(own, dataset, tag, local) !== 'copy')
    throw new Failure(
      `${dataset} is not refreshed: its properties do not say that it is a copy (${roleProperties(own, tag).join(', ')}). For what to do: ${zrepFor(tag)} doctor ${dataset}`,
    );
  const inherited = own?.get(`${tag}:src-fs`)?.source.startsWith('inherited');
  if (inherited)
    throw new Failure(
      `${dataset} has no ${tag} configuration of its own, but that of the file system above it: refresh that one, or set this one up with ${zrepFor(tag)} init --pull`,
    );
  const [source, host] = [parseDataset(srcFs), parseSourceHost(srcHost, local)];
  const [bad, what] = source === undefined ? ['src-fs', 'dataset'] : ['src-host', 'host'];
  if (source === undefined || host === undefined)
    throw new Failure(
      `${tag}:${bad} of ${dataset} is not the name of a ${what}. For what to do: ${zrepFor(tag)} doctor ${dataset}`,
    );
  const receiving = receivingOf(own, tag);
  return {
    dataset,
    receiving,
    host,
    source,
    token: anyValue(own, 'receive_resume_token'),
    snapshots: taggedSnapshots(listing, dataset, tag),
    newest: newestOf(listing, dataset),
    properties: own,
    children: childrenOf(listing, dataset),
    received: receivedProperties(own, receiving),
  };
}

/** Whether the newest snapshot of all is one of the tag, as each refresh leaves it: nobody has made another one since. */
export function endsWithTagged({ newest, snapshots }: Pick<Destination, 'newest' | 'snapshots'>): boolean {
  return newest !== undefined && newest.guid === snapshots.at(-1)?.guid;
}

function newestOf(listing: Listing, dataset: string): Destination['newest'] {
  let [newest, made]: [Destination['newest'], number] = [undefined, -1];
  for (const [full, own] of listing) {
    const createtxg = Number(anyValue(own, 'createtxg') ?? -1);
    if (!full.startsWith(`${dataset}@`) || createtxg <= made) continue;
    made = createtxg;
    newest = { name: full.slice(dataset.length + 1), guid: anyValue(own, 'guid') ?? '' };
  }
  return newest;
}

export function childrenOf(listing: Listing, dataset: string): string[] {
  return [...listing.keys()].filter((name) => !name.includes('@') && isBelow(name, dataset));
}

/** A dataset that is encrypted can be so by a raw stream, whose key zfs lets nobody talk about. */
export function receivingOf(own: Properties | undefined, tag: Tag): Receiving {
  const encryption = anyValue(own, 'encryption');
  return {
    tag,
    volume: anyValue(own, 'type') === 'volume',
    raw: encryption !== undefined && encryption !== 'off',
  };
}

/**
 * Of the properties that streams must not bring, those that one has brought: stock's init does. To exclude them would take
 * them away; set here, they stay as they are. The master's mark is not ours to have, nor are locks.
 */
function receivedProperties(own: Properties | undefined, receiving: Receiving): Record<string, string> {
  const { tag } = receiving;
  const pair = PAIR_PROPERTIES.map((name) => `${tag}:${name}`);
  const found = excludedProperties(receiving)
    .filter((name) => pair.includes(name) || !name.includes(':'))
    .filter((name) => name !== 'keylocation' && own?.get(name)?.source === 'received');
  return Object.fromEntries(found.map((name) => [name, anyValue(own, name) ?? '']));
}
