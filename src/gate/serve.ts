/**
 * The forced command, start to end: read, judge, record, run, record.
 *
 * Nothing runs before its decision is on record (where the policy requires records), and whatever happens ends
 * in one outcome, one record of it, and one exit code.
 */

import { parse } from '../command/parse.ts';
import { buildPolicy } from '../policy/build.ts';
import { type Allowed, decide } from '../policy/decide.ts';
import { readTrustedPolicy, UnusablePolicy } from '../policy/load.ts';
import { describeMistake } from '../policy/mistakes.ts';
import { type AuditSettings, DEFAULT_AUDIT, type Policy } from '../policy/policy.ts';
import { listenForInterruption } from '../process/interruption.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { writeAudit } from './audit/audit.ts';
import { decisionRecord, resultRecord } from './audit/record.ts';
import { exitCodeOf, type Outcome } from './outcome.ts';
import { type GateRequest, readRequest } from './request.ts';
import { run } from './run.ts';
import { tell } from './tell.ts';

/** Serves the one command in SSH_ORIGINAL_COMMAND for `client`; the answer is the exit code. */
export async function serve(client: string, policyPath: string): Promise<number> {
  const interruption = listenForInterruption();
  const request = readRequest(client, process.env, Date.now(), process.pid);
  let audit: AuditSettings = DEFAULT_AUDIT;
  let outcome: Outcome;
  try {
    const loaded = await loadPolicy(policyPath);
    audit = loaded.audit;
    const verdict = isRefusal(loaded.policy) ? loaded.policy : judge(loaded.policy, request);
    const recorded = await writeAudit(audit, decisionRecord(request, verdict));
    if (isRefusal(loaded.policy) || isRefusal(verdict))
      return close({ kind: 'refused', refusal: verdict as Refusal }, request);
    if (!recorded && audit.required)
      return close({ kind: 'refused', refusal: refuse('audit-unavailable') }, request);
    outcome = await run(loaded.policy, verdict, interruption);
  } catch (error) {
    outcome = { kind: 'error', error };
  }
  await writeAudit(audit, resultRecord(request, outcome, Date.now()));
  return close(outcome, request);
}

function judge(policy: Policy, { command, client, address, time }: GateRequest): Allowed | Refusal {
  const pipeline = parse(command);
  if (isRefusal(pipeline)) return pipeline;
  return decide(policy, { client, address, now: Math.floor(time / 1000) }, pipeline);
}

interface Loaded {
  /** The refusal is of everything. */
  readonly policy: Policy | Refusal;
  /** Where to record it, either way. */
  readonly audit: AuditSettings;
}

async function loadPolicy(path: string): Promise<Loaded> {
  let text: string;
  try {
    text = readTrustedPolicy(path);
  } catch (error) {
    if (!(error instanceof UnusablePolicy)) throw error;
    // What somebody else may have written does not get to say where records go.
    return { policy: brokenPolicy(error.message), audit: DEFAULT_AUDIT };
  }
  const built = await buildPolicy(text);
  if ('policy' in built) return { policy: built.policy, audit: built.policy.audit };
  const mistakes = built.mistakes.map(describeMistake).join('; ');
  return { policy: brokenPolicy(`${path}: ${mistakes}`), audit: built.audit ?? DEFAULT_AUDIT };
}

/** The client learns that the policy is broken; what is wrong with it is for the fileserver's log. */
function brokenPolicy(detail: string): Refusal {
  return { ...refuse('policy-broken'), detail };
}

function close(outcome: Outcome, { id }: GateRequest): number {
  tell(outcome, id);
  return exitCodeOf(outcome);
}
