/**
 * One command, start to end: judged by the policy as it is now, recorded, run, recorded.
 *
 * Nothing runs before its decision is on record (where the policy requires records), and whatever happens ends in one
 * outcome, and one record of it.
 */

import { parse } from '../command/parse.ts';
import { type Allowed, decide } from '../policy/decide.ts';
import { type AuditSettings, DEFAULT_AUDIT, type Policy } from '../policy/policy.ts';
import type { Interruption } from '../process/interruption.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { installedCapabilities } from '../zfs/capabilities.ts';
import { writeAudit } from './audit/audit.ts';
import { decisionRecord, resultRecord } from './audit/record.ts';
import { loadPolicy } from './load-policy.ts';
import type { Outcome } from './outcome.ts';
import type { GateRequest } from './request.ts';
import { fitsSession, type InSession, run } from './run.ts';

/** How `request` ended: alone on its channel, or in a session. */
export async function answer(
  request: GateRequest,
  policyPath: string,
  interruption: Interruption,
  session?: InSession,
): Promise<Outcome> {
  let audit: AuditSettings = DEFAULT_AUDIT;
  let outcome: Outcome;
  try {
    const loaded = await loadPolicy(policyPath);
    audit = loaded.audit;
    const verdict = isRefusal(loaded.policy) ? loaded.policy : judge(loaded.policy, request, session);
    const recorded = await writeAudit(audit, decisionRecord(request, verdict));
    if (isRefusal(loaded.policy) || isRefusal(verdict))
      return { kind: 'refused', refusal: verdict as Refusal };
    if (!recorded && audit.required) return { kind: 'refused', refusal: refuse('audit-unavailable') };
    outcome = await run(loaded.policy, verdict, interruption, installedCapabilities(), session);
  } catch (error) {
    outcome = { kind: 'error', error };
  }
  await writeAudit(audit, resultRecord(request, outcome, Date.now()));
  return outcome;
}

function judge(
  policy: Policy,
  { command, client, address, time }: GateRequest,
  session: InSession | undefined,
): Allowed | Refusal {
  const pipeline = parse(command);
  if (isRefusal(pipeline)) return pipeline;
  const verdict = decide(policy, { client, address, now: Math.floor(time / 1000) }, pipeline);
  if (isRefusal(verdict) || session === undefined || fitsSession(verdict)) return verdict;
  return refuse('not-in-session', verdict.operation.kind);
}
