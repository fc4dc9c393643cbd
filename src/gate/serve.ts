/**
 * The forced command, start to end: read, judge, record, run, record.
 *
 * Nothing runs before its decision is on record (where the policy requires records), and whatever happens ends
 * in one outcome, one record of it, and one exit code.
 */

import { parse } from '../command/parse.ts';
import { isShort } from '../command/request.ts';
import { SESSION } from '../command/session.ts';
import { buildPolicy } from '../policy/build.ts';
import { type Allowed, decide, findClient } from '../policy/decide.ts';
import { readTrustedPolicy, UnusablePolicy } from '../policy/load.ts';
import { describeMistake } from '../policy/mistakes.ts';
import { type AuditSettings, DEFAULT_AUDIT, type Policy } from '../policy/policy.ts';
import { type Interruption, listenForInterruption } from '../process/interruption.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { installedCapabilities } from '../zfs/capabilities.ts';
import { admitSession } from './admission.ts';
import { writeAudit } from './audit/audit.ts';
import { decisionRecord, resultRecord, sessionRecord } from './audit/record.ts';
import { exitCodeOf, type Outcome } from './outcome.ts';
import { type GateRequest, readRequest, requestInSession } from './request.ts';
import { type OutputTo, run } from './run.ts';
import { tell, wordsFor } from './tell.ts';

/** Serves what SSH_ORIGINAL_COMMAND asks for, for `client`: one command, or a session of them; the answer is the exit code. */
export async function serve(client: string, policyPath: string): Promise<number> {
  const interruption = listenForInterruption();
  const request = readRequest(client, process.env, Date.now(), process.pid);
  const outcome =
    request.command === SESSION
      ? await serveSession(request, policyPath, interruption)
      : await answer(request, policyPath, interruption);
  tell(outcome, request.id);
  return exitCodeOf(outcome);
}

/** One command: judged by the policy as it is now, put on record, run, and put on record. */
async function answer(
  request: GateRequest,
  policyPath: string,
  interruption: Interruption,
  to: OutputTo = 'channel',
): Promise<Outcome> {
  let audit: AuditSettings = DEFAULT_AUDIT;
  let outcome: Outcome;
  try {
    const loaded = await loadPolicy(policyPath);
    audit = loaded.audit;
    const verdict = isRefusal(loaded.policy) ? loaded.policy : judge(loaded.policy, request, to);
    const recorded = await writeAudit(audit, decisionRecord(request, verdict));
    if (isRefusal(loaded.policy) || isRefusal(verdict))
      return { kind: 'refused', refusal: verdict as Refusal };
    if (!recorded && audit.required) return { kind: 'refused', refusal: refuse('audit-unavailable') };
    outcome = await run(loaded.policy, verdict, interruption, installedCapabilities(), to);
  } catch (error) {
    outcome = { kind: 'error', error };
  }
  await writeAudit(audit, resultRecord(request, outcome, Date.now()));
  return outcome;
}

/** A session allows nothing by itself: who may ask at all may open one, and each command in it is judged as if it came alone. */
async function serveSession(
  request: GateRequest,
  policyPath: string,
  interruption: Interruption,
): Promise<Outcome> {
  let audit: AuditSettings = DEFAULT_AUDIT;
  let outcome: Outcome;
  try {
    const loaded = await loadPolicy(policyPath);
    audit = loaded.audit;
    const { policy } = loaded;
    const client = isRefusal(policy) ? policy : findClient(policy, request);
    const recorded = await writeAudit(audit, sessionRecord(request, isRefusal(client) ? client : undefined));
    if (isRefusal(policy) || isRefusal(client)) return { kind: 'refused', refusal: client as Refusal };
    if (!recorded && audit.required) return { kind: 'refused', refusal: refuse('audit-unavailable') };
    const who = { name: request.client, limits: client.limits };
    const { converse, sshChannel } = await import('./session.ts');
    const facts = await admitSession(policy.zrep.rundir, who, () =>
      converse(sshChannel(), interruption, async (command, number) => {
        const own = requestInSession(request, command, number, Date.now());
        const ended = await answer(own, policyPath, interruption, 'answer');
        return { code: exitCodeOf(ended), ...wordsFor(ended, own.id) };
      }),
    );
    if (isRefusal(facts)) outcome = { kind: 'refused', refusal: facts };
    else if (interruption.signal !== undefined)
      outcome = { kind: 'interrupted', signal: interruption.signal };
    else outcome = { kind: 'done', done: { facts: { ...facts } } };
  } catch (error) {
    outcome = { kind: 'error', error };
  }
  await writeAudit(audit, resultRecord(request, outcome, Date.now()));
  return outcome;
}

function judge(
  policy: Policy,
  { command, client, address, time }: GateRequest,
  to: OutputTo,
): Allowed | Refusal {
  const pipeline = parse(command);
  if (isRefusal(pipeline)) return pipeline;
  const verdict = decide(policy, { client, address, now: Math.floor(time / 1000) }, pipeline);
  if (isRefusal(verdict) || to === 'channel' || isShort(verdict.operation)) return verdict;
  return refuse('not-in-session', verdict.operation.kind);
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
