/**
 * Sources that a client may pull, and that are not sent, as far as that is seen on this host alone: the client's `zrep refresh` fails,
 * and says the same (src/pair/obstacle.ts).
 */

import { heading, type Obstacle, tell } from '../pair/obstacle.ts';
import { judgeProperties } from '../pair/source.ts';
import { findGrant } from '../policy/grants.ts';
import { hostNameBy } from '../policy/host-name.ts';
import type { Client, Grant, Policy } from '../policy/policy.ts';
import { succeeded } from '../process/pipeline.ts';
import { refuseUnlessMaster } from '../replication/master.ts';
import { isTagged } from '../replication/snapshots.ts';
import { readStateArgv } from '../zfs/argv.ts';
import { installedCapabilities } from '../zfs/capabilities.ts';
import { parseDataset, parseHostName, type Tag } from '../zfs/names.ts';
import { anyValue, type Listing, ownValue, parseListing } from '../zfs/state.ts';
import { type Finding, finding } from './findings.ts';
import { grantsOf } from './grants.ts';
import { zfsOf } from './zfs.ts';

/** A source that is not sent. */
export interface Unsent {
  readonly dataset: string;
  readonly tag: Tag;
  readonly obstacle: Obstacle;
  /** By its own properties; a placeholder where they do not say. */
  readonly copy: string;
}

/** Of every grant of the clients in `names` by which is pulled. What zfs does not answer is reported elsewhere. */
export async function lookAtSources(policy: Policy, names: ReadonlySet<string>): Promise<Unsent[]> {
  const zfs = zfsOf(policy);
  const found: Unsent[] = [];
  for (const { client, grant } of grantsOf(policy, '', names)) {
    if (!grant.operations.includes('pull')) continue;
    const depth = grant.subtree ? Number.POSITIVE_INFINITY : 1;
    const { output, ...ended } = await zfs.ask(readStateArgv(grant.dataset, propertiesFor(grant), depth));
    if (succeeded(ended)) found.push(...unsentSources(parseListing(output), client, grant, policy));
  }
  return found;
}

function propertiesFor({ tags }: Grant): string[] {
  const own = ['src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount', 'master'];
  const key = installedCapabilities().has('encryption') ? ['keystatus'] : [];
  return ['guid', ...key, ...tags.flatMap((tag) => own.map((name) => `${tag}:${name}`))];
}

/** Those in `listing` that `grant` speaks for. Pure. */
export function unsentSources(
  listing: Listing,
  client: Pick<Client, 'grants'>,
  grant: Grant,
  policy: Pick<Policy, 'zrep'>,
): Unsent[] {
  const datasets = [...listing.keys()].filter(
    (name) => !/[@#]/.test(name) && findGrant(client, name) === grant,
  );
  const isRaw = grant.raw === 'required' || policy.zrep.sendFlags.includes('w');
  return datasets.flatMap((dataset) =>
    grant.tags.flatMap((tag) => {
      const obstacle = obstacleOf(listing, dataset, tag, hostNameBy(policy), isRaw);
      const copy = parseDataset(anyValue(listing.get(dataset), `${tag}:dest-fs`) ?? '') ?? 'POOL/DATASET';
      return obstacle === undefined ? [] : [{ dataset, tag, obstacle, copy }];
    }),
  );
}

function obstacleOf(
  listing: Listing,
  dataset: string,
  tag: Tag,
  host: string,
  isRaw: boolean,
): Obstacle | undefined {
  const properties = listing.get(dataset) ?? new Map();
  if (refuseUnlessMaster(properties, tag, host) === undefined) {
    const isLocked = anyValue(properties, 'keystatus') === 'unavailable';
    return isLocked && !isRaw ? { obstacle: 'key-not-loaded' } : undefined;
  }
  const local = parseHostName(host);
  if (ownValue(properties, `${tag}:src-fs`) === dataset)
    return local && judgeProperties(tag, { dataset, properties }, local);
  const isBare = ['src-fs', 'src-host', 'dest-fs'].every(
    (name) => anyValue(properties, `${tag}:${name}`) === undefined,
  );
  // What it is to be set to, its copy knows.
  return isBare && wasPair(listing, dataset, tag)
    ? { obstacle: 'source-unconfigured', settings: [] }
    : undefined;
}

function wasPair(listing: Listing, dataset: string, tag: Tag): boolean {
  return [...listing.keys()].some(
    (name) => name.startsWith(`${dataset}@`) && isTagged(name.slice(dataset.length + 1), tag),
  );
}

/** Pure. */
export function tellUnsent({ dataset, tag, obstacle, copy }: Unsent, policy: Pick<Policy, 'zrep'>): Finding {
  const zrep = tag === 'zrep' ? 'zrep' : `zrep -t ${tag}`;
  const told = tell(obstacle, { zrep, copy, source: dataset, host: hostNameBy(policy) });
  switch (obstacle.obstacle) {
    case 'key-not-loaded':
    case 'source-received':
    case 'source-renamed':
      return finding(obstacle.obstacle, dataset, told.what, heading(told), ...told.lines);
    default: {
      const ask =
        'If it has a copy, that one knows them. On the backup server, which prints the line that sets them:';
      return finding('source-unconfigured', dataset, told.what, ask, `${zrep} doctor`);
    }
  }
}
