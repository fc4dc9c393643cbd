/**
 * One audit record: flat fields, in one order, all of them printable ASCII. Every sink writes the same ones.
 *
 * A request leaves two, tied by `id`: the decision before anything runs, and the result.
 */

import type { Allowed } from '../../policy/decide.ts';
import { printableWithin } from '../../printable.ts';
import { isRefusal, type Refusal } from '../../refusal.ts';
import type { Outcome } from '../outcome.ts';
import { exitCodeOf } from '../outcome.ts';
import type { GateRequest } from '../request.ts';

export interface AuditRecord {
  readonly severity: 'notice' | 'warning' | 'err';
  /** Epoch milliseconds. */
  readonly time: number;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** Characters of a value, as it stands in the record; what is longer is cut: a line must fit a syslog datagram. */
const LIMITS: Readonly<Record<string, number>> = { command: 1024 };
const LIMIT = 512;

/** What was decided about `request`. */
export function decisionRecord(request: GateRequest, verdict: Allowed | Refusal): AuditRecord {
  const what = isRefusal(verdict)
    ? { verdict: 'deny', ...refusalFacts(verdict) }
    : {
        verdict: 'allow',
        operation: verdict.operation.kind,
        dataset: verdict.operation.dataset,
        grant: verdict.grant.dataset,
      };
  return record(isRefusal(verdict) ? 'warning' : 'notice', request.time, {
    event: 'decision',
    ...asker(request),
    ...what,
    command: request.command,
  });
}

/** Whether `request` gets a session, `refusal` telling why not. */
export function sessionRecord(request: GateRequest, refusal: Refusal | undefined): AuditRecord {
  const what =
    refusal === undefined
      ? { verdict: 'allow', operation: 'session' }
      : { verdict: 'deny', ...refusalFacts(refusal) };
  return record(refusal === undefined ? 'notice' : 'warning', request.time, {
    event: 'decision',
    ...asker(request),
    ...what,
    command: request.command,
  });
}

/** How it ended, `time` being the end (epoch milliseconds). */
export function resultRecord(request: GateRequest, outcome: Outcome, time: number): AuditRecord {
  return record(outcome.kind === 'done' ? 'notice' : outcome.kind === 'refused' ? 'warning' : 'err', time, {
    event: 'result',
    ...asker(request),
    outcome: outcome.kind,
    ...factsOf(outcome),
    exit: exitCodeOf(outcome),
    ms: time - request.time,
  });
}

function asker({ id, client, address }: GateRequest): Record<string, string> {
  return { id, client, from: address ?? 'unknown' };
}

function factsOf(outcome: Outcome): Record<string, string | number> {
  switch (outcome.kind) {
    case 'done':
      return outcome.done.facts;
    case 'refused':
      return refusalFacts(outcome.refusal);
    case 'failed': {
      const { code, signal, message } = outcome.ended;
      const how = { ...(code === null ? {} : { status: code }), ...(signal === null ? {} : { signal }) };
      return { ...how, message: message.trim() };
    }
    case 'interrupted':
      return { signal: outcome.signal };
    case 'error': {
      const { error } = outcome;
      return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  }
}

function refusalFacts({ refused, reason, detail, destroyed }: Refusal): Record<string, string | number> {
  return {
    code: refused,
    reason,
    ...(detail === undefined ? {} : { detail }),
    ...(destroyed === undefined ? {} : { destroyed }),
  };
}

function record(
  severity: AuditRecord['severity'],
  time: number,
  fields: Record<string, string | number>,
): AuditRecord {
  const clean = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'number' ? value : printableWithin(value, LIMITS[name] ?? LIMIT),
  ]);
  return { severity, time, fields: Object.fromEntries(clean) };
}
