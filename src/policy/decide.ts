/**
 * May this client do this? Pure: a policy, a client's name, where it calls from, and the parsed command give a
 * verdict. What only ZFS knows stands as conditions, which replication/ checks when it runs.
 */

import {
  type Get,
  isPull,
  type List,
  type Operation,
  type Pipeline,
  type Pull,
  type State,
} from '../command/request.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { SEND_FLAGS, type SendFlag } from '../zfs/send-flags.ts';
import { isAllowedAddress } from './addresses.ts';
import { resolveFilter } from './filters.ts';
import { findGrant } from './grants.ts';
import type { ClientLimits, DatasetLimits } from './limits.ts';
import { GRANTED_AS, isGranted } from './operations.ts';
import type { Client, Grant, Policy } from './policy.ts';
import type { Reach } from './reach.ts';
import { judgeRead, namesChildren } from './readable.ts';
import { expiryReach, isRecursive, judgeRecursion, limitsThrough, wholeTree } from './recursion.ts';

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
  /** What limits the act: the grant's, and for what goes through a tree to the client what is strictest there. */
  readonly limits: DatasetLimits;
  /** How far the act goes below the dataset, and whose limits hold there. */
  readonly reach: Reach;
  /**
   * How far expiring would go that makes room for one more snapshot, or goes with a mark; undefined where the client may not expire, or it
   * is not asked for.
   */
  readonly alsoExpiring: Reach | undefined;
  /**
   * Where the state is asked for: the refusal of a refresh by the same client, whose flags and reach these are. For a full stream: that of
   * an increment in its place.
   */
  readonly barred?: Refusal;
}

/** A sent mark is taken by the client before its transfer starts, which may last; clocks differ. Days. */
const OLDEST_MARK = 31;
const DAY = 86_400;

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
    const limits = namesChildren(operation) ? limitsThrough(client, grant, operation.dataset) : grant.limits;
    const nothing = { sendFlags: [], filters: [], reach: 'alone', alsoExpiring: undefined } as const;
    return judgeRead(client, grant, operation) ?? { client: who, operation, grant, limits, ...nothing };
  }
  if (!grant.tags.includes(operation.tag)) return refuse('tag-not-granted', operation.tag);
  if (operation.kind === 'state') {
    const refusal = judgeTree(client, grant, operation);
    if (refusal) return refusal;
    const limits = operation.recursive ? limitsThrough(client, grant, operation.dataset) : grant.limits;
    const refresh = decideRefresh(policy, asker, operation);
    return { client: who, operation, grant, limits, filters: [], reach: 'alone', ...refresh };
  }

  const sendFlags = sendFlagsFor(policy, grant, operation);
  const argvs = filters.map((filter) => resolveFilter(filter, grant.filters, policy.filters));
  const asked = { operation, sendFlags, filters: filters.map(({ name }) => name) };
  const refusal =
    judgeRecursion(client, grant, asked) ??
    judgeStream(grant, operation, sendFlags) ??
    judgeMark(operation, asker.now) ??
    judgeDryRun(operation, filters) ??
    argvs.find(isRefusal);
  const recursive = isRecursive(operation);
  const barred =
    operation.kind === 'initpull' ? barredFrom(policy, asker, { operation, filters }) : undefined;
  return (
    refusal ?? {
      ...(barred && { barred }),
      client: who,
      operation,
      grant,
      limits: recursive ? limitsThrough(client, grant, operation.dataset) : grant.limits,
      sendFlags,
      filters: argvs as (readonly string[])[],
      reach:
        operation.kind === 'expire'
          ? expiryReach(client, grant, operation)
          : recursive
            ? wholeTree(client, grant, operation.dataset)
            : 'alone',
      alsoExpiring: alsoExpiring(client, grant, operation),
    }
  );
}

/** The refusal of an increment in the place of a full stream: of a pair that has begun, it wants the same grant. */
function barredFrom(
  policy: Policy,
  asker: Asker,
  { operation, filters }: { operation: Pull; filters: Pipeline['filters'] },
): Refusal | undefined {
  const increment = decide(policy, asker, { operation: { ...operation, kind: 'refreshpull' }, filters });
  return isRefusal(increment) ? increment : undefined;
}

type Replication = Exclude<Operation, List | Get | State>;

/** The refusal to tell of all that is below, unless the client may pull all of it. */
function judgeTree(client: Client, grant: Grant, state: State): Refusal | undefined {
  if (!state.recursive) return undefined;
  const { dataset, tag } = state;
  const snapshot = { dataset, tag, sequence: 0 };
  const operation: Pull = { kind: 'refreshpull', dataset, tag, snapshot, recursive: true, token: undefined };
  if (!isGranted(grant, operation)) return refuse('operation-not-granted', GRANTED_AS.refreshpull[0]);
  return judgeRecursion(client, grant, { operation, sendFlags: [], filters: [] });
}

/** What the policy says to a refresh of the dataset that `operation` asks about, without filters. */
function decideRefresh(
  policy: Policy,
  asker: Asker,
  { dataset, tag, recursive }: State,
): Pick<Allowed, 'sendFlags' | 'alsoExpiring' | 'barred'> {
  const snapshot = { dataset, tag, sequence: 0 };
  const ask = (operation: Operation) => decide(policy, asker, { operation, filters: [] });
  const made = ask({ kind: 'snaponly', dataset, tag, recursive });
  const sent = ask({ kind: 'refreshpull', dataset, tag, snapshot, recursive, token: undefined });
  const barred = [made, sent].find(isRefusal);
  if (isRefusal(made) || isRefusal(sent))
    return { sendFlags: [], alsoExpiring: undefined, ...(barred && { barred }) };
  return { sendFlags: sent.sendFlags, alsoExpiring: made.alsoExpiring };
}

/** What `zrep expire` of the same client may destroy of the same dataset. */
function alsoExpiring(client: Client, grant: Grant, operation: Replication): Reach | undefined {
  const { kind, dataset, tag } = operation;
  const expire = { kind: 'expire', dataset, tag } as const;
  const wanted = kind === 'snaponly' || (kind === 'refreshcomplete' && operation.expire === true);
  if (!wanted || !isGranted(grant, expire)) return undefined;
  return expiryReach(client, grant, expire);
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
