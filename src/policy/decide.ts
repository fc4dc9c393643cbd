/**
 * May this client do this? Pure: a policy, a client's name, where it calls from, and the parsed command give a
 * verdict. What only ZFS knows stands as conditions, which replication/ checks when it runs.
 */

import { type Get, isPull, type List, type Operation, type Pipeline, type Pull } from '../command/request.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import type { Dataset } from '../zfs/names.ts';
import { SEND_FLAGS, type SendFlag } from '../zfs/send-flags.ts';
import { isAllowedAddress } from './addresses.ts';
import { resolveFilter } from './filters.ts';
import { carvings, findGrant, findGrantBelow } from './grants.ts';
import type { ClientLimits } from './limits.ts';
import type { Client, Grant, GrantedOperation, Policy } from './policy.ts';
import { judgeRead } from './readable.ts';

/** Who asks, as sshd and the clock have it. */
export interface Asker {
  readonly client: string;
  /** The address from SSH_CONNECTION; undefined when sshd gave none. */
  readonly address: string | undefined;
  /** Epoch seconds. */
  readonly now: number;
}

/** What may run: the operation, narrowed or widened by what the policy adds. */
export interface Allowed {
  readonly client: { readonly name: string; readonly limits: ClientLimits };
  readonly operation: Operation;
  readonly grant: Grant;
  /** Every flag of `zfs send`, in printing order: the client's, the policy's, and the grant's. */
  readonly sendFlags: readonly SendFlag[];
  /** The argv of each filter behind the stream. */
  readonly filters: readonly (readonly string[])[];
  /** How far expiring goes below the dataset. */
  readonly reach: Reach;
}

/** Which children's snapshots expire along with a dataset's: none, or all but those at and below `spared`. */
export type Reach = 'alone' | { readonly spared: readonly string[] };

/** A sent mark is taken by the client before its transfer starts, which may last; clocks differ. Days. */
const OLDEST_MARK = 31;
const DAY = 86_400;

/** What a grant must have for it: one of these. */
const GRANTED_AS: Record<Operation['kind'], readonly [GrantedOperation, ...GrantedOperation[]]> = {
  snaponly: ['pull'],
  init: ['init'],
  initpull: ['init'],
  refreshpull: ['pull'],
  refreshcomplete: ['pull', 'init'],
  expire: ['expire'],
  list: ['read'],
  get: ['read'],
  send: ['send'],
};

/** Who asks, if they may ask anything at all. */
export function findClient(policy: Policy, { client: name, address }: Omit<Asker, 'now'>): Client | Refusal {
  const client = policy.clients.get(name);
  if (client === undefined) return refuse('unknown-client', name);
  return isAllowedAddress(client.from, address) ? client : refuse('wrong-address');
}

/** The verdict on a parsed command. */
export function decide(policy: Policy, asker: Asker, { operation, filters }: Pipeline): Allowed | Refusal {
  const client = findClient(policy, asker);
  if (isRefusal(client)) return client;
  const grant = findGrant(client, operation.dataset);
  if (grant === undefined) return refuse('not-granted', operation.dataset);
  const who = { name: asker.client, limits: client.limits };
  if (!isGranted(grant, operation)) return refuse('operation-not-granted', GRANTED_AS[operation.kind][0]);
  if (operation.kind === 'list' || operation.kind === 'get') {
    return (
      judgeRead(client, grant, operation) ?? {
        client: who,
        operation,
        grant,
        sendFlags: [],
        filters: [],
        reach: 'alone',
      }
    );
  }
  if (!grant.tags.includes(operation.tag)) return refuse('tag-not-granted', operation.tag);

  const sendFlags = sendFlagsFor(policy, grant, operation);
  const argvs = filters.map((filter) => resolveFilter(filter, grant.filters, policy.filters));
  const refusal =
    judgeRecursion(client, grant, operation) ??
    judgeStream(grant, operation, sendFlags) ??
    judgeMark(operation, asker.now) ??
    judgeDryRun(operation, filters) ??
    argvs.find(isRefusal);
  return (
    refusal ?? {
      client: who,
      operation,
      grant,
      sendFlags,
      filters: argvs as (readonly string[])[],
      reach: reachOf(client, grant, operation),
    }
  );
}

function isGranted({ operations }: Grant, { kind }: Operation): boolean {
  return GRANTED_AS[kind].some((one) => operations.includes(one));
}

type Replication = Exclude<Operation, List | Get>;

function isRecursive(operation: Replication): boolean {
  return operation.kind === 'send'
    ? operation.flags.includes('R')
    : 'recursive' in operation && operation.recursive;
}

/** A recursive stream carries everything below: every other grant and exception there must agree with it. */
function judgeRecursion(client: Client, grant: Grant, operation: Replication): Refusal | undefined {
  if (!isRecursive(operation)) return undefined;
  if (!grant.recursive) return refuse('recursive-not-granted');
  const agreed = agreesBelow(client, grant, operation) && disagreeing(client, grant, operation).length === 0;
  return agreed ? undefined : refuse('recursive-crosses-grant');
}

/** Where a wider grant speaks for the children, it must allow the same of each. */
function agreesBelow(client: Client, grant: Grant, operation: Replication): boolean {
  const below = findGrantBelow(client, operation.dataset);
  return below === undefined || below === grant || agrees(below, grant, operation);
}

function agrees(other: Grant, grant: Grant, operation: Replication): boolean {
  return isGranted(other, operation) && other.tags.includes(operation.tag) && other.raw === grant.raw;
}

/** The parts of the tree below for which the policy does not allow the same recursively. */
function disagreeing(client: Client, grant: Grant, operation: Replication): Dataset[] {
  return carvings(client, grant, operation.dataset)
    .filter(
      (part) => part.grant === undefined || !part.grant.recursive || !agrees(part.grant, grant, operation),
    )
    .map(({ root }) => root);
}

/** Expiring goes round what disagrees, since what it leaves alone loses nothing. */
function reachOf(client: Client, grant: Grant, operation: Replication): Reach {
  if (operation.kind !== 'expire' || !grant.recursive || !agreesBelow(client, grant, operation))
    return 'alone';
  return { spared: disagreeing(client, grant, operation) };
}

/** What goes on zfs send's command line: a client's own words for `send`; the policy's for a pull. */
function sendFlagsFor(policy: Policy, grant: Grant, operation: Replication): SendFlag[] {
  if (operation.kind === 'send') return [...operation.flags];
  if (!isPull(operation)) return [];
  const flags = new Set<SendFlag>(policy.zrep.sendFlags);
  if (operation.recursive) flags.add('R');
  if (grant.raw === 'required') flags.add('w');
  return SEND_FLAGS.filter((flag) => flags.has(flag));
}

function judgeStream(grant: Grant, operation: Replication, flags: readonly SendFlag[]): Refusal | undefined {
  const raw = flags.includes('w');
  if (raw && grant.raw === 'forbidden') return refuse('raw-forbidden');
  if (operation.kind === 'send') {
    if (!raw && grant.raw === 'required') return refuse('raw-required');
    if (!grant.properties && (flags.includes('p') || flags.includes('b')))
      return refuse('properties-not-granted');
    if (operation.base && !grant.tags.includes(operation.base.snapshot.tag)) {
      return refuse('tag-not-granted', operation.base.snapshot.tag);
    }
  }
  return isPull(operation) && operation.token ? judgeToken(grant, operation) : undefined;
}

function judgeToken(grant: Grant, { token, dataset, tag }: Pull): Refusal | undefined {
  if (!grant.resume) return refuse('resume-not-granted');
  if (token === undefined) return undefined;
  if (token.snapshot.dataset !== dataset || token.snapshot.tag !== tag) {
    return refuse('token-mismatch', 'it names another dataset or tag than the command');
  }
  const raw = token.features.includes('rawok');
  if (!raw && grant.raw === 'required') return refuse('raw-required');
  return raw && grant.raw === 'forbidden' ? refuse('raw-forbidden') : undefined;
}

/** What a dry run prints is for the client to read. */
function judgeDryRun(operation: Replication, filters: Pipeline['filters']): Refusal | undefined {
  if (operation.kind !== 'send' || operation.dryRun === undefined || filters.length === 0) return undefined;
  return refuse('bad-usage', 'zfs send -nP ...', 'a dry run goes through no filter');
}

function judgeMark(operation: Replication, now: number): Refusal | undefined {
  if (operation.kind !== 'refreshcomplete') return undefined;
  const believed = operation.sent >= now - OLDEST_MARK * DAY && operation.sent <= now + DAY;
  return believed ? undefined : refuse('mark-out-of-range', OLDEST_MARK);
}
