/**
 * What is asked, start to end, and on record: decided by the policy as it is now, recorded, done, recorded.
 *
 * Nothing is done before its decision is on record (where the policy requires records), and whatever happens ends in one
 * outcome, and one record of it.
 */

import { type AuditSettings, DEFAULT_AUDIT, type Policy } from '../policy/policy.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { writeAudit } from './audit/audit.ts';
import { type AuditRecord, resultRecord } from './audit/record.ts';
import { loadPolicy } from './load-policy.ts';
import type { Outcome } from './outcome.ts';
import type { GateRequest } from './request.ts';

export interface Steps<Verdict> {
  /** What is allowed, or why not. Pure. */
  decide(policy: Policy): Verdict | Refusal;
  /** The record of that. */
  record(verdict: Verdict | Refusal): AuditRecord;
  /** Does what was allowed. */
  carryOut(policy: Policy, verdict: Verdict): Promise<Outcome>;
}

/** How `request` ended. A policy that is broken refuses everything. */
export async function onRecord<Verdict extends object>(
  request: GateRequest,
  policyPath: string,
  { decide, record, carryOut }: Steps<Verdict>,
): Promise<Outcome> {
  let audit: AuditSettings = DEFAULT_AUDIT;
  let outcome: Outcome;
  try {
    const loaded = await loadPolicy(policyPath);
    audit = loaded.audit;
    const { policy } = loaded;
    const verdict = isRefusal(policy) ? policy : decide(policy);
    const recorded = await writeAudit(audit, record(verdict));
    if (isRefusal(policy) || isRefusal(verdict)) return { kind: 'refused', refusal: verdict as Refusal };
    if (!recorded && audit.required) return { kind: 'refused', refusal: refuse('audit-unavailable') };
    outcome = await carryOut(policy, verdict);
  } catch (error) {
    outcome = { kind: 'error', error };
  }
  await writeAudit(audit, resultRecord(request, outcome, Date.now()));
  return outcome;
}
