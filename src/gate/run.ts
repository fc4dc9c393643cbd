/** From a verdict to its outcome: each operation to the step that carries it out. */

import { isPull, isShort, type Operation } from '../command/request.ts';
import { LONGEST_ANSWER } from '../command/session.ts';
import type { Allowed } from '../policy/decide.ts';
import { hostNameBy } from '../policy/host-name.ts';
import type { Policy } from '../policy/policy.ts';
import { Interrupted, type Interruption } from '../process/interruption.ts';
import { writeOrStall } from '../process/outlet.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import type { Done } from '../replication/done.ts';
import { expire } from '../replication/expire.ts';
import { init } from '../replication/init.ts';
import { initpull } from '../replication/initpull.ts';
import type { KeptLock } from '../replication/kept-lock.ts';
import { read } from '../replication/read.ts';
import { refreshcomplete } from '../replication/refreshcomplete.ts';
import { refreshpull } from '../replication/refreshpull.ts';
import { send } from '../replication/send.ts';
import { snaponly } from '../replication/snaponly.ts';
import { state } from '../replication/state.ts';
import { refusalFrom, type Step, ZfsFailed } from '../replication/step.ts';
import { uninit } from '../replication/uninit.ts';
import { type Capabilities, installedCapabilities } from '../zfs/capabilities.ts';
import { createZfs, type Streamed, withoutChannel, type Zfs } from '../zfs/run.ts';
import { admit } from './admission.ts';
import type { Outcome } from './outcome.ts';
import { say } from './tell.ts';

/** In a session an operation's output goes into an answer, and only a stream to the channel itself. */
export interface InSession {
  /** Has `work`, a stream, write to the channel. */
  lend(work: () => Promise<Streamed>): Promise<Streamed>;
  readonly kept: KeptLock;
}

/** Whether a session can answer it: what is short, and a stream that knows its own end, as behind a filter none does. */
export function fitsSession({ operation, filters }: Allowed): boolean {
  return isShort(operation) || (operation.kind === 'refreshpull' && filters.length === 0);
}

/** Carries out what was allowed. Never throws: whatever goes wrong is an outcome. */
export async function run(
  policy: Policy,
  allowed: Allowed,
  interruption: Interruption,
  capabilities: Capabilities = installedCapabilities(),
  session?: InSession,
): Promise<Outcome> {
  const zfs = createZfs(policy.zfs, interruption);
  let held = '';
  const step: Step = {
    zfs: session
      ? inSession(zfs, allowed, session, (output) => {
          held += output;
        })
      : zfs,
    capabilities,
    interruption,
    rundir: policy.zrep.rundir,
    hostName: hostNameBy(policy),
    client: allowed.client.name,
    // Who has a session has a zrep of ours, which needs no notes for old ones.
    ...(session ? { kept: session.kept } : { note: say }),
  };
  try {
    const result = await admit(policy.zrep.rundir, allowed, async () => {
      const done = await perform(step, allowed);
      return session || isRefusal(done) ? done : printed(allowed, done, interruption);
    });
    if (interruption.signal !== undefined) return { kind: 'interrupted', signal: interruption.signal };
    if (isRefusal(result)) return { kind: 'refused', refusal: result };
    return session ? answered(allowed.operation, result, held) : { kind: 'done', done: result };
  } catch (error) {
    if (interruption.signal !== undefined) return { kind: 'interrupted', signal: interruption.signal };
    return outcomeOfError(error);
  }
}

/**
 * `done`, with what can be longer than a pipe holds printed already. That is done while the command has its seat, and ends as
 * a listing does that nobody reads; what is short is left to print.
 */
async function printed(
  { operation: { kind }, limits: { stallSeconds } }: Allowed,
  done: Done,
  interruption: Interruption,
): Promise<Done | Refusal> {
  const { print, ...rest } = done;
  if (kind !== 'state' || print === undefined) return done;
  return (await writeOrStall(print, stallSeconds, interruption)) ? rest : refuse('stalled', stallSeconds);
}

function inSession(
  zfs: Zfs,
  { operation }: Allowed,
  { lend }: InSession,
  take: (output: string) => void,
): Zfs {
  if (!isPull(operation)) return withoutChannel(zfs, take);
  return { ...zfs, stream: (...words) => lend(() => zfs.stream(...words)) };
}

/** What was done, with all that it printed, where a session's answer can have so much. */
function answered({ kind }: Operation, done: Done, held: string): Outcome {
  const print = held + (done.print ?? '');
  if (Buffer.byteLength(print) > LONGEST_ANSWER)
    return { kind: 'refused', refusal: refuse('not-in-session', kind) };
  return { kind: 'done', done: { ...done, print } };
}

function perform(
  step: Step,
  { operation, limits, sendFlags, filters, reach, alsoExpiring, barred }: Allowed,
): Promise<Done | Refusal> {
  switch (operation.kind) {
    case 'snaponly':
      return snaponly(step, operation, limits, reach, alsoExpiring);
    case 'init':
      return init(step, operation, limits, reach);
    case 'uninit':
      return uninit(step, operation, reach);
    case 'initpull':
      return initpull(step, operation, sendFlags, filters, limits, barred);
    case 'refreshpull':
      return refreshpull(step, operation, sendFlags, filters, limits);
    case 'refreshcomplete':
      return refreshcomplete(step, operation, alsoExpiring === 'alone' ? limits : undefined);
    case 'expire':
      return expire(step, operation, reach, limits);
    case 'state':
      return state(step, operation, limits, { barred, sendFlags, makingRoom: alsoExpiring });
    case 'send':
      return send(step, operation, sendFlags, filters, limits);
    case 'list':
    case 'get':
      return read(step, operation, limits);
  }
}

function outcomeOfError(error: unknown): Outcome {
  if (error instanceof Interrupted) return { kind: 'interrupted', signal: error.signal };
  if (!(error instanceof ZfsFailed)) return { kind: 'error', error };
  const refusal = refusalFrom(error);
  if (refusal) return { kind: 'refused', refusal };
  return { kind: 'failed', ended: error.ended, dataset: error.dataset };
}
