/**
 * A session, start to end: who may ask at all may open one, which allows nothing by itself. Each line in it is judged,
 * recorded and run as if it came alone.
 */

import { readLine, type SessionAnswer } from '../command/session.ts';
import { findClient } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import type { Interruption } from '../process/interruption.ts';
import { succeeded } from '../process/pipeline.ts';
import { isRefusal } from '../refusal.ts';
import { createKeptLock } from '../replication/kept-lock.ts';
import { admitSession } from './admission.ts';
import { answer } from './answer.ts';
import { sessionRecord } from './audit/record.ts';
import { onRecord } from './on-record.ts';
import { exitCodeOf, type Outcome } from './outcome.ts';
import { type GateRequest, requestInSession } from './request.ts';
import type { Lend } from './session.ts';
import { tell, wordsFor } from './tell.ts';

/** Serves the session that `request` asks for; the answer is the exit code. */
export async function serveSession(
  request: GateRequest,
  policyPath: string,
  interruption: Interruption,
): Promise<number> {
  const lines = createLines(request, policyPath, interruption);
  const outcome = await onRecord(request, policyPath, {
    decide: (policy) => findClient(policy, request),
    record: (client) => sessionRecord(request, isRefusal(client) ? client : undefined),
    carryOut: (policy, { limits }) => open(policy, { name: request.client, limits }, interruption, lines),
  });
  const cutOff = lines.cutOff();
  // How a stream was cut off has been told, and nothing is to come behind it.
  if (cutOff === undefined) tell(outcome, request.id);
  return exitCodeOf(cutOff ?? outcome);
}

/** Loaded here, since a command alone does without. */
async function open(
  { zrep }: Policy,
  client: Parameters<typeof admitSession>[1],
  interruption: Interruption,
  lines: Lines,
): Promise<Outcome> {
  const { converse, sshChannel } = await import('./session.ts');
  const facts = await admitSession(zrep.rundir, client, () =>
    converse(sshChannel(), interruption, lines.answer, lines.letGo).finally(lines.letGo),
  );
  if (isRefusal(facts)) return { kind: 'refused', refusal: facts };
  if (interruption.signal !== undefined) return { kind: 'interrupted', signal: interruption.signal };
  return { kind: 'done', done: { facts: { ...facts } } };
}

interface Lines {
  /** Undefined where a stream was cut off: how is then told, and nothing can follow. */
  answer(line: string, number: number, lend: Lend): Promise<SessionAnswer | undefined>;
  /** How the stream ended that was cut off. */
  cutOff(): Outcome | undefined;
  /** Lets go of the lock that is still kept. */
  letGo(): Promise<void>;
}

function createLines(request: GateRequest, policyPath: string, interruption: Interruption): Lines {
  const kept = createKeptLock();
  let broken: Outcome | undefined;
  return {
    async answer(text, number, lend) {
      const line = readLine(text);
      if (line === 'let go') {
        await kept.letGo();
        // Asked at the end of each refresh: so the client can tell whether the two clocks agree.
        return { code: 0, output: String(Math.floor(Date.now() / 1000)), message: '' };
      }
      kept.wanted = line.keep;
      const own = requestInSession(request, line.command, number, Date.now());
      let whole = true;
      const outcome = await answer(own, policyPath, interruption, {
        kept,
        async lend(work) {
          whole = false;
          const streamed = await lend(work);
          whole = succeeded(streamed) && !streamed.stalled;
          return streamed;
        },
      });
      if (whole) return { code: exitCodeOf(outcome), ...wordsFor(outcome, own.id) };
      broken = outcome;
      tell(outcome, own.id);
      return undefined;
    },
    cutOff: () => broken,
    letGo: kept.letGo,
  };
}
