/** From a verdict to its outcome: each operation to the step that carries it out. */

import { hostname } from 'node:os';
import type { Operation } from '../command/request.ts';
import { LONGEST_ANSWER } from '../command/session.ts';
import type { Allowed } from '../policy/decide.ts';
import type { Policy } from '../policy/policy.ts';
import { Interrupted, type Interruption } from '../process/interruption.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import type { Done } from '../replication/done.ts';
import { expire } from '../replication/expire.ts';
import { init } from '../replication/init.ts';
import { initpull } from '../replication/initpull.ts';
import { read } from '../replication/read.ts';
import { refreshcomplete } from '../replication/refreshcomplete.ts';
import { refreshpull } from '../replication/refreshpull.ts';
import { send } from '../replication/send.ts';
import { snaponly } from '../replication/snaponly.ts';
import { refusalFrom, type Step, ZfsFailed } from '../replication/step.ts';
import { type Capabilities, installedCapabilities } from '../zfs/capabilities.ts';
import { createZfs, withoutChannel } from '../zfs/run.ts';
import { admit } from './admission.ts';
import type { Outcome } from './outcome.ts';

/** Where an operation's output goes: to the channel itself, or, in a session, into an answer. */
export type OutputTo = 'channel' | 'answer';

/** Carries out what was allowed. Never throws: whatever goes wrong is an outcome. */
export async function run(
  policy: Policy,
  allowed: Allowed,
  interruption: Interruption,
  capabilities: Capabilities = installedCapabilities(),
  to: OutputTo = 'channel',
): Promise<Outcome> {
  const zfs = createZfs(policy.zfs, interruption);
  let held = '';
  const step: Step = {
    zfs:
      to === 'channel'
        ? zfs
        : withoutChannel(zfs, (output) => {
            held += output;
          }),
    capabilities,
    interruption,
    rundir: policy.zrep.rundir,
    hostName: policy.zrep.srcHost ?? localHostName(),
    client: allowed.client.name,
  };
  try {
    const result = await admit(policy.zrep.rundir, allowed, () => perform(step, allowed));
    if (interruption.signal !== undefined) return { kind: 'interrupted', signal: interruption.signal };
    if (isRefusal(result)) return { kind: 'refused', refusal: result };
    return to === 'channel' ? { kind: 'done', done: result } : answered(allowed.operation, result, held);
  } catch (error) {
    if (interruption.signal !== undefined) return { kind: 'interrupted', signal: interruption.signal };
    return outcomeOfError(error);
  }
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
  { operation, grant, sendFlags, filters, reach }: Allowed,
): Promise<Done | Refusal> {
  const { limits } = grant;
  switch (operation.kind) {
    case 'snaponly':
      return snaponly(step, operation, limits);
    case 'init':
      return init(step, operation, limits);
    case 'initpull':
      return initpull(step, operation, sendFlags, filters, limits);
    case 'refreshpull':
      return refreshpull(step, operation, sendFlags, filters, limits);
    case 'refreshcomplete':
      return refreshcomplete(step, operation);
    case 'expire':
      return expire(step, operation, reach, limits);
    case 'send':
      return send(step, operation, sendFlags, filters, limits);
    case 'list':
    case 'get':
      return read(step, operation);
  }
}

function outcomeOfError(error: unknown): Outcome {
  if (error instanceof Interrupted) return { kind: 'interrupted', signal: error.signal };
  if (!(error instanceof ZfsFailed)) return { kind: 'error', error };
  const refusal = refusalFrom(error);
  if (refusal) return { kind: 'refused', refusal };
  return { kind: 'failed', ended: error.ended, dataset: error.dataset };
}

/** zrep's name of this host: `uname -n` up to the first dot. */
function localHostName(): string {
  return hostname().replace(/\..*/, '');
}
