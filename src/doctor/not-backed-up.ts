/** Datasets that a grant speaks for and of which no backup is made: a new file system beside pairs, a new child of a pair. */

import { covers, findGrant } from '../policy/grants.ts';
import { hostNameBy } from '../policy/host-name.ts';
import type { Client, Grant, Policy } from '../policy/policy.ts';
import { succeeded } from '../process/pipeline.ts';
import { readStateArgv } from '../zfs/argv.ts';
import { isBelow, type Tag } from '../zfs/names.ts';
import { anyValue, type Listing, localValue, ownValue, parseListing } from '../zfs/state.ts';
import { type Finding, finding } from './findings.ts';
import { grantsOf } from './grants.ts';
import { zfsOf } from './zfs.ts';

/** What has so little in it only holds others together. Bytes. */
const HARDLY_ANYTHING = 1024 * 1024;

/** So many are named. */
const MOST_NAMES = 5;

/** Every grant of the clients in `names` that reaches below its dataset, without pairs in `told`. What zfs does not answer is reported elsewhere. */
export async function lookAtUncovered(
  policy: Policy,
  path: string,
  names: ReadonlySet<string>,
  told: ReadonlySet<string>,
): Promise<Finding[]> {
  const zfs = zfsOf(policy);
  const host = hostNameBy(policy);
  const findings: Finding[] = [];
  for (const { client, grant, where } of grantsOf(policy, path, names)) {
    if (!(grant.subtree || grant.recursive) || !grant.operations.includes('pull')) continue;
    const { output, ...ended } = await zfs.ask(readStateArgv(grant.dataset, propertiesFor(grant), Infinity));
    if (!succeeded(ended)) continue;
    const all = notBackedUp(parseListing(output), client, grant, host);
    const found = all.filter((dataset) => !told.has(dataset));
    if (found.length > 0) findings.push(tellNotBackedUp(found, grant, where, host));
  }
  return findings;
}

function propertiesFor({ tags }: Grant): string[] {
  const own = ['master', 'src-host', 'dest-fs', 'sent'];
  return ['createtxg', 'referenced', ...tags.flatMap((tag) => own.map((name) => `${tag}:${name}`))];
}

/**
 * Of the datasets in `listing` that `grant` speaks for those without a backup under any of its tags: neither a pair, nor sent along
 * with the pair above. One that was made after the pair's last sent snapshot may come with the next.
 */
export function notBackedUp(listing: Listing, client: Client, grant: Grant, host: string): string[] {
  const datasets = [...listing.keys()].filter((name) => !/[@#]/.test(name));
  const isPair = (name: string, tag: Tag) =>
    localValue(listing.get(name), `${tag}:master`) === 'yes' &&
    anyValue(listing.get(name), `${tag}:src-host`) === host;
  const hasPair = datasets.some((name) => grant.tags.some((tag) => isPair(name, tag)));
  // Reported as dataset-not-master.
  if (!hasPair && !grant.operations.includes('init')) return [];
  const lastSent = new Map(grant.tags.map((tag) => [tag, lastSentOf(listing, tag)]));
  const isSafe = (name: string, tag: Tag): boolean => {
    const own = listing.get(name);
    if (isPair(name, tag) || ownValue(own, `${tag}:dest-fs`) === name) return true;
    const pair = datasets.filter((one) => isBelow(name, one) && isPair(one, tag)).at(-1);
    if (pair === undefined) {
      // One above the grant's dataset can be a pair, too.
      return [...listing.keys()].some((one) => one.startsWith(`${name}@${tag}_`));
    }
    const last = lastSent.get(tag)?.get(pair);
    if (last === undefined || listing.has(`${name}@${last.name}`)) return true;
    return !(txgOf(listing, name) < last.createtxg);
  };
  const holdsOthers = (name: string) =>
    Number(anyValue(listing.get(name), 'referenced') ?? 0) < HARDLY_ANYTHING &&
    datasets.some((one) => isBelow(one, name) && grant.tags.some((tag) => isPair(one, tag)));
  return datasets.filter(
    (name) =>
      speaksFor(client, grant, name) && !grant.tags.some((tag) => isSafe(name, tag)) && !holdsOthers(name),
  );
}

function speaksFor(client: Client, grant: Grant, name: string): boolean {
  const found = findGrant(client, name);
  if (found !== undefined) return found === grant;
  const isExcepted = client.grants.some(({ except }) => except.some((one) => covers(one, name)));
  return grant.recursive && !isExcepted && isBelow(name, grant.dataset);
}

function txgOf(listing: Listing, name: string): number {
  return Number(anyValue(listing.get(name), 'createtxg'));
}

/** Of each dataset its newest snapshot that is marked as sent itself: its name behind the @. */
function lastSentOf(listing: Listing, tag: Tag): Map<string, { name: string; createtxg: number }> {
  const newest = new Map<string, { name: string; createtxg: number }>();
  for (const [full, own] of listing) {
    const [dataset = '', name] = full.split('@');
    if (name === undefined || ownValue(own, `${tag}:sent`) === undefined) continue;
    const createtxg = txgOf(listing, full);
    if (createtxg > (newest.get(dataset)?.createtxg ?? -1)) newest.set(dataset, { name, createtxg });
  }
  return newest;
}

/** `host` is what the policy calls this one. Pure. */
export function tellNotBackedUp(
  found: readonly string[],
  grant: Pick<Grant, 'tags' | 'except'>,
  where: string,
  host: string,
): Finding {
  const [first = ''] = found;
  const more = found.length > MOST_NAMES ? ` and ${found.length - MOST_NAMES} more` : '';
  const [tag] = grant.tags;
  const zrep = tag === undefined || tag === 'zrep' ? 'zrep' : `zrep -t ${tag}`;
  return finding(
    'not-backed-up',
    where,
    `${found.slice(0, MOST_NAMES).join(', ')}${more}: granted, and not backed up`,
    'On the backup server, begin a pair (the grant needs "init"; POOL/DATASET is the copy), or except it in the grant:',
    `${zrep} init --pull ${host}:${first} POOL/DATASET`,
    `except = [${[...grant.except, first].map((one) => `"${one}"`).join(', ')}]`,
  );
}
