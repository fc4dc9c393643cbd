/**
 * What goes through the tree below a dataset: a recursive snapshot or stream, an expiry that takes children along, a
 * listing. The grant of each dataset in the tree must allow the same of it, and its limits hold for it. Pure.
 */

import type { Expire, Get, List, Operation, State } from '../command/request.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { Dataset } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import { carvings, findGrantBelow } from './grants.ts';
import type { DatasetLimits } from './limits.ts';
import { isGranted } from './operations.ts';
import type { Client, Grant } from './policy.ts';
import type { Reach } from './reach.ts';

/** What is asked of each dataset in the tree. */
export interface Asked {
  readonly operation: Exclude<Operation, List | Get | State>;
  /** Of `zfs send`. */
  readonly sendFlags: readonly SendFlag[];
  /** The names of the filters behind the stream. */
  readonly filters: readonly string[];
}

/** True for an act that changes or carries all that is below its dataset. */
export function isRecursive(operation: Operation): boolean {
  return operation.kind === 'send'
    ? operation.flags.includes('R')
    : 'recursive' in operation && operation.recursive;
}

/** The refusal of what is recursive, unless every grant in the tree, and every exception there, agrees with it. */
export function judgeRecursion(client: Client, grant: Grant, asked: Asked): Refusal | undefined {
  if (!isRecursive(asked.operation)) return undefined;
  if (!grant.recursive) return refuse('recursive-not-granted');
  const agreed = agreesBelow(client, grant, asked) && disagreeing(client, grant, asked).length === 0;
  return agreed ? undefined : refuse('recursive-crosses-grant');
}

/** How far what is recursive goes: everywhere, since it was judged; each dataset's own limits hold. */
export function wholeTree(client: Client, grant: Grant, dataset: Dataset): Reach {
  return { spared: [], grants: grantsThrough(client, grant, dataset) };
}

/** How far expiring goes: round what disagrees, since what it leaves alone loses nothing. */
export function expiryReach(client: Client, grant: Grant, operation: Expire): Reach {
  const asked = { operation, sendFlags: [], filters: [] };
  if (!grant.recursive || !agreesBelow(client, grant, asked)) return 'alone';
  const grants = grantsThrough(client, grant, operation.dataset);
  return { spared: disagreeing(client, grant, asked), grants };
}

/** `grant`'s limits for what writes to the client from the whole tree: no reader may be slower than each grant there says. */
export function limitsThrough(client: Client, grant: Grant, dataset: Dataset): DatasetLimits {
  const seconds = grantsThrough(client, grant, dataset).map(({ limits }) => limits.stallSeconds);
  return { ...grant.limits, stallSeconds: Math.min(...seconds) };
}

/** Every grant that speaks for `dataset`, as `grant` does, or for a part of the tree below it. */
export function grantsThrough(client: Client, grant: Grant, dataset: Dataset): Grant[] {
  const below = findGrantBelow(client, grant, dataset);
  const parts = carvings(client, grant, dataset).map((part) => part.grant);
  return [...new Set([grant, below, ...parts].filter((one) => one !== undefined))];
}

/** Where a wider grant speaks for the children, it must allow the same of each; what it excepts is allowed nothing. */
function agreesBelow(client: Client, grant: Grant, asked: Asked): boolean {
  const below = findGrantBelow(client, grant, asked.operation.dataset);
  return below === grant || (below !== undefined && agrees(below, grant, asked));
}

function agrees(other: Grant, grant: Grant, { operation, sendFlags, filters }: Asked): boolean {
  const tags = [
    operation.tag,
    ...(operation.kind === 'send' && operation.base ? [operation.base.snapshot.tag] : []),
  ];
  const properties = sendFlags.includes('p') || sendFlags.includes('b');
  return (
    isGranted(other, operation) &&
    tags.every((tag) => other.tags.includes(tag)) &&
    other.raw === grant.raw &&
    (other.properties || !properties) &&
    filters.every((filter) => other.filters.includes(filter))
  );
}

/** The parts of the tree below for which the policy does not allow the same recursively. */
function disagreeing(client: Client, grant: Grant, asked: Asked): Dataset[] {
  return carvings(client, grant, asked.operation.dataset)
    .filter((part) => !part.grant?.recursive || !agrees(part.grant, grant, asked))
    .map(({ root }) => root);
}
