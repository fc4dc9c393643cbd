/** One command, alone on its channel or in a session. */

import { parse } from '../command/parse.ts';
import { type Allowed, decide } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interruption } from '../process/interruption.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { installedCapabilities } from '../zfs/capabilities.ts';
import { decisionRecord } from './audit/record.ts';
import { onRecord } from './on-record.ts';
import type { Outcome } from './outcome.ts';
import type { GateRequest } from './request.ts';
import { fitsSession, type InSession, run } from './run.ts';

/** How what `request` asks for ended. */
export async function answer(
  request: GateRequest,
  policyPath: string,
  interruption: Interruption,
  session?: InSession,
): Promise<Outcome> {
  return onRecord<Allowed>(request, policyPath, {
    decide: (policy) => judge(policy, request, session),
    record: (verdict) => decisionRecord(request, verdict),
    carryOut: (policy, allowed) => run(policy, allowed, interruption, installedCapabilities(), session),
  });
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
