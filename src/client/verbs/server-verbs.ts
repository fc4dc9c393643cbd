/**
 * What other zreps ask of this one, and what cron does on a source: `snaponly`, `expire`, `_refreshpull` and
 * `_refreshcomplete`, and of our own `_state`, by the steps that the gate takes, with stock's standard output and exit codes (0 and 1).
 *
 * There is no policy here: whoever runs zrep may do what zfs lets them. So no limit limits, as with stock.
 */

import type { Operation, Pull } from '../../command/request.ts';
import { parseZrep } from '../../command/zrep-verbs.ts';
import { quote } from '../../printable.ts';
import { isRefusal, type Refusal } from '../../refusal.ts';
import type { Done } from '../../replication/done.ts';
import { refreshcomplete } from '../../replication/refreshcomplete.ts';
import { refreshpull } from '../../replication/refreshpull.ts';
import { snaponly } from '../../replication/snaponly.ts';
import { state } from '../../replication/state.ts';
import { formatZrepSnapshot } from '../../zfs/names.ts';
import { readSendFlag, SEND_FLAGS, type SendFlag } from '../../zfs/send-flags.ts';
import { Failure, failureOf } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { ExpireCommand, SnaponlyCommand, WireCommand } from '../words/server-words.ts';
import type { Settings } from '../words/settings.ts';
import { UsageError } from '../words/usage-error.ts';
import { expireAll } from './expire-verb.ts';
import { NO_LIMITS } from './no-limits.ts';
import { mastersHere } from './pairs-here.ts';

export type ServerCommand = SnaponlyCommand | ExpireCommand | WireCommand;

/** Carries `command` out; the answer is the exit code. @throws UsageError when it cannot be understood. */
export function serverVerb(settings: Settings, command: ServerCommand): Promise<number> {
  return inRun(settings, false, (run) => carryOut(run, command));
}

/** The same in a run that is there. @throws Failure, too. */
export async function carryOut(run: Run, command: ServerCommand): Promise<number> {
  if (command.kind === 'snaponly') await snapshotAll(run, command);
  else if (command.kind === 'expire') return expireAll(run, command);
  else await answer(run, readWire(run.settings, command));
  return 0;
}

/** One after the other until one fails; with stock, their names have nothing between them. */
async function snapshotAll(run: Run, { datasets, all }: SnaponlyCommand): Promise<void> {
  const { tag, recursive } = run.settings;
  for (const dataset of all ? await mastersHere(run) : datasets)
    await answer(run, { kind: 'snaponly', dataset, tag, recursive });
}

/** What stands behind zrep on the wire, read as the gate reads it. */
function readWire({ tag, recursive }: Settings, { words }: WireCommand): Operation {
  const operation = parseZrep('zrep', ['-t', tag, ...(recursive ? ['-R'] : []), ...words]);
  if (isRefusal(operation)) throw new UsageError(operation.reason);
  return operation;
}

async function answer({ settings, step, report }: Run, operation: Operation): Promise<void> {
  const done = await perform();
  if (isRefusal(done)) throw inStocksWords(done, operation);
  report.print(done.print ?? '');

  function perform(): Promise<Done | Refusal> {
    if (operation.kind === 'snaponly') return snaponly(step, operation, NO_LIMITS);
    if (operation.kind === 'refreshcomplete') return refreshcomplete(step, operation);
    if (operation.kind === 'state') {
      const sending = sendFlags(settings, { recursive: false });
      return state(step, operation, NO_LIMITS, {
        barred: undefined,
        sendFlags: sending,
        makingRoom: undefined,
      });
    }
    if (operation.kind !== 'refreshpull')
      throw new UsageError(`${operation.kind} is none of zrep's verbs here`);
    const flags = sendFlags(settings, operation);
    return refreshpull(step, operation, flags, [], NO_LIMITS, settings.incrementFlag);
  }
}

/** ZREP_SEND_FLAGS, those of the source, as stock has it. */
function sendFlags(settings: Settings, { recursive }: Pick<Pull, 'recursive'>): SendFlag[] {
  const given = new Set<SendFlag>(recursive ? ['R'] : []);
  const words = settings.sendFlags.flatMap((word) =>
    word.startsWith('--') ? [word] : [...word.slice(1)].map((letter) => `-${letter}`),
  );
  for (const word of words.filter((word) => !TALK.includes(word))) {
    const flag = readSendFlag(word);
    if (flag === undefined)
      throw new UsageError(
        `ZREP_SEND_FLAGS: ${quote(word)} is not usable here; these are: ${SEND_FLAGS.map((one) => `-${one}`).join(' ')}`,
      );
    given.add(flag);
  }
  return SEND_FLAGS.filter((flag) => given.has(flag));
}

/** For somebody who watches zfs itself. */
const TALK = ['-v', '-P', '-V', '--verbose', '--parsable', '--proctitle'];

function inStocksWords(refusal: Refusal, operation: Operation): Failure {
  const { dataset, kind } = operation;
  if (refusal.refused === 'lock-busy' || refusal.refused === 'global-lock-busy') {
    const words =
      kind === 'snaponly'
        ? `zrep snaponly failed for ${dataset}: cannot get lock`
        : `Could not lock ${dataset}`;
    return new Failure(`${words} (${refusal.reason})`);
  }
  if (refusal.refused === 'not-latest' && kind === 'refreshpull')
    return new Failure(
      `Sync error: ${formatZrepSnapshot(operation.snapshot)} is not latest snap for ${dataset}`,
    );
  return failureOf(refusal);
}
