/** What a policy grants, against the datasets that are there: do they exist, and is this host their master? */

import { hostNameBy } from '../policy/host-name.ts';
import type { Grant, Policy } from '../policy/policy.ts';
import { succeeded } from '../process/pipeline.ts';
import { isHolder } from '../replication/holder.ts';
import { masterProperties, refuseUnlessMaster } from '../replication/master.ts';
import { listArgv, readStateArgv } from '../zfs/argv.ts';
import type { Tag } from '../zfs/names.ts';
import type { Zfs } from '../zfs/run.ts';
import { anyValue, type Listing, localValue, parseListing } from '../zfs/state.ts';
import { type Finding, finding } from './findings.ts';
import { grantsOf } from './grants.ts';
import { similarTo } from './similar.ts';
import { zfsOf } from './zfs.ts';

/** Every grant of the clients in `names`, by the policy's own zfs; of pairs in `told`, why they are not sent is said elsewhere. */
export async function lookAtGrants(
  policy: Policy,
  path: string,
  names: ReadonlySet<string>,
  told: ReadonlySet<string>,
): Promise<Finding[]> {
  const zfs = zfsOf(policy);
  const host = hostNameBy(policy);
  const findings: Finding[] = [];
  for (const { grant, where } of grantsOf(policy, path, names))
    findings.push(...(await (grant.subtree ? lookBelow : lookAt)(zfs, grant, host, where, told)));
  return findings;
}

async function lookAt(
  zfs: Zfs,
  grant: Grant,
  host: string,
  where: string,
  told: ReadonlySet<string>,
): Promise<Finding[]> {
  const { dataset, tags } = grant;
  const properties = tags.flatMap((tag) => [...masterProperties(tag), ...lockProperties(tag)]);
  const { output, ...ended } = await zfs.ask(readStateArgv(dataset, properties, 0));
  if (!succeeded(ended)) return [await failed(zfs, dataset, ended.message, where)];
  const listing = parseListing(output);
  return tags.flatMap((tag) => [
    ...(isPulled(grant) && !told.has(dataset) ? judgeMaster(listing, dataset, tag, host, where) : []),
    ...judgeLock(listing, dataset, tag),
  ]);
}

/** Of a tree only one dataset has to be a pair's: the grant may well be there for what is made later. */
async function lookBelow(
  zfs: Zfs,
  grant: Grant,
  host: string,
  where: string,
  told: ReadonlySet<string>,
): Promise<Finding[]> {
  const { dataset, tags } = grant;
  const request = {
    dataset,
    snapshot: undefined,
    scripted: true,
    parsable: false,
    depth: Number.POSITIVE_INFINITY,
  };
  const columns = tags.flatMap(masterProperties);
  const types = ['filesystem', 'volume'] as const;
  const { output, ...ended } = await zfs.ask(
    listArgv({ ...request, types, columns: ['name', ...columns], sort: [] }),
  );
  if (!succeeded(ended)) return [await failed(zfs, dataset, ended.message, where)];
  const rows = output.split('\n').map((line) => line.split('\t'));
  return tags.flatMap((tag, index) => {
    const isMaster = (row: readonly string[]) => row[1 + 2 * index] === host && row[2 + 2 * index] === 'yes';
    if (!isPulled(grant) || rows.some((row) => isMaster(row) || told.has(row[0] ?? ''))) return [];
    return [
      notMaster(where, `${dataset} and what is below it have no pair with the tag ${tag}`, dataset, tag),
    ];
  });
}

/** Where the client may make the pair by itself, there need not be one yet. */
function isPulled({ operations }: Grant): boolean {
  return (operations.includes('pull') || operations.includes('expire')) && !operations.includes('init');
}

function lockProperties(tag: Tag): string[] {
  return [`${tag}:lock-pid`, `${tag}:lock-time`];
}

/** `names` are those of all datasets on this host. */
function missing(dataset: string, names: readonly string[], where: string): Finding {
  const [pool = ''] = dataset.split('/');
  const tell = (problem: string, what: string, line: string) =>
    finding('dataset-missing', where, problem, what, line);
  const meant = similarTo(dataset, names);
  if (meant !== undefined)
    return tell(
      `${dataset} does not exist`,
      `Did you mean ${meant}? Write in the grant:`,
      `dataset = "${meant}"`,
    );
  if (!names.includes(pool))
    return tell(
      `${dataset} does not exist: the pool ${pool} is not imported`,
      'Import it (zpool import alone lists what there is), or fix the name in the grant:',
      `zpool import ${pool}`,
    );
  const what = 'Fix the name in the grant, or remove the grant, or make the dataset:';
  return tell(`${dataset} does not exist`, what, `zfs create ${dataset}`);
}

function judgeMaster(listing: Listing, dataset: string, tag: Tag, host: string, where: string): Finding[] {
  const refusal = refuseUnlessMaster(listing.get(dataset), tag, host);
  return refusal === undefined ? [] : [notMaster(where, `${dataset}: ${refusal.reason}`, dataset, tag)];
}

function notMaster(where: string, problem: string, dataset: string, tag: Tag): Finding {
  const option = tag === 'zrep' ? '' : `-t ${tag} `;
  return finding(
    'dataset-not-master',
    where,
    problem,
    'Where there is no pair yet, make it on this host; BACKUPHOST and its dataset are those of the backup server:',
    `zrep ${option}init ${dataset} BACKUPHOST POOL/DATASET`,
  );
}

/** A lock that was inherited is the parent's. */
function judgeLock(listing: Listing, dataset: string, tag: Tag): Finding[] {
  const own = listing.get(dataset);
  const [pidProperty = '', timeProperty = ''] = lockProperties(tag);
  const pid = localValue(own, pidProperty);
  if (
    pid === undefined ||
    !/^[1-9][0-9]{0,9}$/.test(pid) ||
    isHolder(Number(pid), anyValue(own, timeProperty))
  )
    return [];
  return [
    finding(
      'dataset-lock-stale',
      `${dataset}: ${pidProperty}`,
      `is locked by pid ${pid}, which is dead`,
      'Nothing has to be done.',
    ),
  ];
}

async function failed(zfs: Zfs, dataset: string, message: string, where: string): Promise<Finding> {
  const [first = ''] = message.trim().split('\n');
  if (message.includes('dataset does not exist')) {
    const { output } = await zfs.ask(['list', '-H', '-o', 'name', '-t', 'filesystem,volume']);
    return missing(dataset, output.split('\n'), where);
  }
  const { binary } = zfs;
  // Others than root cannot ask every zfs; the gate is root.
  return finding(
    process.getuid?.() === 0 ? 'zfs-fails' : 'not-looked',
    where,
    `${binary} says of ${dataset}: ${first}`,
    'See what it says:',
    `${binary} list ${dataset}`,
  );
}
