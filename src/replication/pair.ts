/**
 * What makes a file system the source of a pair: zrep's properties on it, and what must not be there before. Pure.
 *
 * Only its own values can tie it to another destination: inherited, they are the parent's pair's. But what lies below
 * the destination of a pair is no source either, since that pair's streams may reach it.
 */

import type { Init } from '../command/request.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { setArgvs } from '../zfs/argv.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import { isBelow, type Tag } from '../zfs/names.ts';
import { anyValue, type Listing, localValue } from '../zfs/state.ts';
import { lastSent, type TaggedSnapshot } from './snapshots.ts';

type Configured = Pick<Init, 'dataset' | 'tag' | 'destHost' | 'destFs' | 'savecount'>;

/** The properties that `refuseOtherPair` looks at. */
export function pairProperties(tag: Tag): string[] {
  return ['src-host', 'src-fs', 'dest-host', 'dest-fs'].map((name) => `${tag}:${name}`);
}

/**
 * The refusal, where the file system belongs to another pair than the one that `operation` asks for. With `redirected` it may
 * have another destination, which the one asked for replaces.
 */
export function refuseOtherPair(
  listing: Listing,
  { dataset, tag, destHost, destFs }: Configured,
  hostName: string,
  redirected = false,
): Refusal | undefined {
  const own = listing.get(dataset);
  const host = anyValue(own, `${tag}:src-host`) ?? hostName;
  if (host !== hostName) return refuse('not-master', host, hostName);
  const from = anyValue(own, `${tag}:src-fs`) ?? dataset;
  const inherited = own?.get(`${tag}:src-fs`)?.source.startsWith('inherited');
  if (inherited && from !== dataset && !isBelow(dataset, from)) {
    return refuse('not-marked-master', `${tag}:master`);
  }
  const found = {
    'src-fs': inherited || from === dataset ? undefined : from,
    'dest-host': redirected ? undefined : otherThan(destHost, localValue(own, `${tag}:dest-host`)),
    'dest-fs': redirected ? undefined : otherThan(destFs, localValue(own, `${tag}:dest-fs`)),
  };
  for (const [name, value] of Object.entries(found)) {
    if (value === undefined) continue;
    const property = `${tag}:${name}`;
    return {
      ...refuse('configured-otherwise', dataset, property, clearing(dataset, tag)),
      detail: `${property} is ${value}`,
    };
  }
  return undefined;
}

/** The refusal, where a snapshot is marked as sent: the pair has begun, and goes on by refreshes. */
export function refuseInitialized(
  snapshots: readonly TaggedSnapshot[],
  listing: Listing,
  dataset: string,
  tag: Tag,
): Refusal | undefined {
  const sent = lastSent(snapshots, listing.get(dataset), tag);
  return sent && refuse('already-initialized', dataset, clearing(dataset, tag));
}

/** What makes it the source of the pair; first who set it up, where that is `recorded`, and last that it is one. */
export function pairArgvs(
  capabilities: Capabilities,
  { dataset, tag, destHost, destFs, savecount }: Configured,
  hostName: string,
  recorded: Readonly<Record<string, string>> = {},
): string[][] {
  return setArgvs(capabilities, dataset, {
    ...recorded,
    [`${tag}:src-fs`]: dataset,
    [`${tag}:src-host`]: hostName,
    [`${tag}:dest-fs`]: destFs,
    [`${tag}:dest-host`]: destHost,
    [`${tag}:savecount`]: String(savecount),
    [`${tag}:master`]: 'yes',
  });
}

function otherThan(wanted: string, value: string | undefined): string | undefined {
  return value === wanted ? undefined : value;
}

/** The line that ends the pair on the fileserver, whoever set it up. */
export function clearing(dataset: string, tag: Tag): string {
  return `zrep ${tag === 'zrep' ? '' : `-t ${tag} `}clear ${dataset}`;
}
