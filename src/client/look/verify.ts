/**
 * Would the next pull of a copy succeed? The far side is asked by commands that only read: through a gate those that its
 * operation `read` has, without one zfs's own. Nothing is changed on either side.
 */

import { succeeded } from '../../process/pipeline.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { readPropertiesArgv, writtenArgv } from '../../zfs/argv.ts';
import { parseDataset } from '../../zfs/names.ts';
import { anyValue, parseListing } from '../../zfs/state.ts';
import { MOST_OF_LISTING } from '../far/answer.ts';
import { guidCommand, keyCommand, marksCommand, masterCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { parseSourceHost } from '../words/source.ts';
import type { PairView } from './pair-view.ts';
import {
  type FarSource,
  judgeBase,
  judgeChanges,
  judgeKey,
  judgeMarks,
  judgeMaster,
  judgeRole,
  type Said,
  type Verification,
  WOULD_SUCCEED,
  wouldFail,
} from './verification.ts';

/** Asks the far side of `pair`, unless it is certain here what comes of it. */
export async function verify(run: Run, pair: PairView): Promise<Verification> {
  const { tag, hostName } = run.settings;
  const { last } = pair;
  const role = judgeRole(pair);
  if (role !== undefined) return role;
  if (last === undefined)
    return wouldFail('nothing was received yet: zrep init --pull goes on where it was cut off');
  const host = parseSourceHost(pair.source.host ?? '', hostName);
  const dataset = parseDataset(pair.source.dataset ?? '');
  if (host === undefined || dataset === undefined)
    return wouldFail(`${tag}:src-host or ${tag}:src-fs of ${pair.dataset} is not usable`);
  const written = await writtenSince(run, last);
  const far = { host: host.name, dataset };
  try {
    const ask = (command: string) => askFor(run.far(host), command);
    return (
      judgeChanges(written, pair.dataset, last) ??
      judgeBase(await ask(guidCommand(`${dataset}@${last.name}`)), last, far) ??
      judgeMarks(await ask(marksCommand(tag, dataset)), pair, far, written === 0) ??
      judgeMaster(await ask(masterCommand(tag, dataset)), tag, far) ??
      (await judgeKeyThere(run, pair, far, ask)) ??
      WOULD_SUCCEED
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return wouldFail(error.message);
  }
}

/** Only where zfs here knows of encryption is it asked there. */
async function judgeKeyThere(
  { step }: Run,
  pair: PairView,
  far: FarSource,
  ask: (command: string) => Promise<Said>,
): Promise<Verification | undefined> {
  if (!step.capabilities.has('excludes')) return undefined;
  const said = await ask(keyCommand(far.dataset));
  const own = await step.zfs.ask(readPropertiesArgv([pair.dataset], ['encryption']));
  const encryption = anyValue(parseListing(own.output).get(pair.dataset), 'encryption') ?? 'off';
  return judgeKey(said, encryption !== 'off', far);
}

/** Bytes; undefined where the installed zfs does not say. */
async function writtenSince({ step }: Run, { dataset, name }: TaggedSnapshot): Promise<number | undefined> {
  const { output } = await step.zfs.ask(writtenArgv(dataset, name));
  return /^\d{1,15}\n$/.test(output) ? Number(output) : undefined;
}

async function askFor(far: FarSide, command: string): Promise<Said> {
  const answer = await far.ask(command, MOST_OF_LISTING);
  return { done: succeeded(answer), output: answer.output, message: farLines(answer.message).join('; ') };
}
