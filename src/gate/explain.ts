/**
 * `zrep-gate explain`: the very verdict that serve would reach, and what would run. Touches no ZFS.
 *
 * What this machine's zfs can do in one process stands as one; so the plan is serve's on the
 * fileserver itself, for the account that asks: channel programs are root's alone. A draft that is tried on a machine without OpenZFS is shown the same work in more, smaller
 * steps: the verdict and what is done to ZFS depend on the policy alone.
 */

import { parse } from '../command/parse.ts';
import type { Pipeline } from '../command/request.ts';
import { SESSION } from '../command/session.ts';
import { isAllowedAddress } from '../policy/addresses.ts';
import { type Asker, decide, findClient } from '../policy/decide.ts';
import { findGrant } from '../policy/grants.ts';
import type { Grant, Policy } from '../policy/policy.ts';
import { quote } from '../printable.ts';
import { isRefusal } from '../refusal.ts';
import { type Capabilities, installedCapabilities } from '../zfs/capabilities.ts';
import { type PlannedProcess, planOf } from './plan.ts';

/** What explain answers, as one JSON object. */
export interface Explanation {
  readonly verdict: 'allow' | 'deny';
  /** A refusal's code, or "allowed". */
  readonly code: string;
  readonly reason: string;
  /** The dataset of the grant that decided; absent where none did. */
  readonly grant?: string;
  readonly plan: readonly PlannedProcess[];
  readonly conditions: readonly string[];
}

/** The verdict on `command`, and the plan for a zfs with `capabilities`, of which only a plan asks. */
export function explain(
  policy: Policy,
  asker: Asker,
  command: string,
  capabilities: Capabilities = installedCapabilities(),
): Explanation {
  if (command === SESSION) return explainSession(policy, asker);
  const pipeline = parse(command);
  const verdict = isRefusal(pipeline) ? pipeline : decide(policy, asker, pipeline);
  if (isRefusal(verdict)) {
    const grant = isRefusal(pipeline) ? undefined : decidingGrant(policy, asker, pipeline);
    const refusal = { verdict: 'deny', code: verdict.refused, reason: verdict.reason } as const;
    return { ...refusal, ...(grant ? { grant: grant.dataset } : {}), plan: [], conditions: [] };
  }
  const { processes, conditions } = planOf(policy, verdict, capabilities);
  const grant = verdict.grant.dataset;
  return {
    verdict: 'allow',
    code: 'allowed',
    reason: `the grant for ${quote(grant)} allows it`,
    grant,
    plan: processes,
    conditions,
  };
}

function explainSession(policy: Policy, asker: Asker): Explanation {
  const client = findClient(policy, asker);
  const nothing = { plan: [], conditions: [] };
  if (isRefusal(client)) return { verdict: 'deny', code: client.refused, reason: client.reason, ...nothing };
  return {
    verdict: 'allow',
    code: 'allowed',
    reason: 'a session allows nothing by itself; each command in it is judged as if it came alone',
    ...nothing,
  };
}

/** The grant by which the command was judged; undefined when it did not come to that. */
function decidingGrant(
  policy: Policy,
  { client, address }: Asker,
  { operation }: Pipeline,
): Grant | undefined {
  const known = policy.clients.get(client);
  return known && isAllowedAddress(known.from, address) ? findGrant(known, operation.dataset) : undefined;
}

/** An explanation as a person reads it; several lines, no newline at the end. */
export function formatExplanation({ verdict, code, reason, grant, plan, conditions }: Explanation): string {
  const lines = [verdict === 'allow' ? `allow: ${reason}` : `deny (${code}): ${reason}`];
  if (verdict === 'deny' && grant !== undefined) lines.push(`decided by the grant for ${quote(grant)}`);
  if (plan.length > 0) lines.push('', 'would run:');
  for (const { argv, reads } of plan)
    lines.push(`  ${reads === 'previous' ? '| ' : ''}${argv.map(shown).join(' ')}`);
  if (plan.some(({ input }) => input !== undefined))
    lines.push('', "what zfs program runs is zrep-gate's own script; see explain --json");
  if (conditions.length > 0) lines.push('', 'if, when it runs:');
  for (const condition of conditions) lines.push(`  - ${condition}`);
  return lines.join('\n');
}

/** A word in quotes where blanks would make it look like two. */
function shown(word: string): string {
  return /^[^\s']+$/.test(word) ? word : `'${word}'`;
}
