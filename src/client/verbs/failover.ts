/**
 * `zrep failover`, on the master: the copy is brought up to date once more, or both go back to a snapshot, and the roles are
 * swapped. With -L this side steps down alone: a person, or the zrep there, sees to the other.
 *
 * The order is stock's: this side steps down before the other is told, so that there is a moment without a master and none
 * with two. What fails before that leaves this side the master, and readonly as it was.
 */

import { mustSucceed } from '../../replication/step.ts';
import { setArgv } from '../../zfs/argv.ts';
import { anyValue, type Listing } from '../../zfs/state.ts';
import { refuseOther } from '../push/master.ts';
import { type Ends, endsProperties, readEnds } from '../roles/ends.ts';
import { copyArgvs, masterArgvs } from '../roles/plan.ts';
import { readAgain, withRoleLock } from '../roles/role-lock.ts';
import { rollbackProperties } from '../roles/rollback.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { FailoverCommand } from '../words/role-words.ts';
import type { Settings } from '../words/settings.ts';
import { goBack, type Return, readReturn } from './go-back.ts';
import { handOver, refuseUnlessUnfinished, type Stepped, stillMaster } from './hand-over.ts';
import { syncPair, syncReading } from './sync-pair.ts';

/** Carries `command` out; the answer is the exit code. */
export function failover(settings: Settings, command: FailoverCommand): Promise<number> {
  return inRun(settings, false, (run) => failOver(run, command), settings.waitSeconds);
}

/** The same in a run that is there. @throws Failure, too. */
export async function failOver(run: Run, command: FailoverCommand): Promise<number> {
  const { settings } = run;
  const { dataset } = command;
  const properties = wantedProperties(run);
  const depth = settings.recursive && goesBack(command) ? Number.POSITIVE_INFINITY : 1;
  const stepped = await withRoleLock(run, dataset, { properties, depth }, async (listing) => {
    const own = listing.get(dataset);
    if (endsProperties(settings.tag).every((name) => anyValue(own, name) === undefined))
      throw new Failure(
        `${dataset} not master. Cannot fail over (it is of no pair under the tag ${settings.tag})`,
      );
    const ends = readEnds(own, dataset, settings.tag, settings.hostName, command.host);
    if (!ends.master) {
      await refuseUnlessUnfinished(run, ends, command.local);
      return { ends, before: undefined };
    }
    // One reading of the names everywhere: with -L nothing is sent that would refuse it.
    if (ends.side === 'source') refuseOther(listing, dataset, settings.tag, settings.hostName);
    if (!goesBack(command)) return stepDown(run, command, listing, ends, undefined);
    const now = await readAgain(run, dataset, { properties, depth });
    return stepDown(run, command, now, ends, await readReturn(run, command, now, ends));
  });
  return command.local ? 0 : handOver(run, stepped);
}

function goesBack({ local, snapshot }: FailoverCommand): boolean {
  return local || snapshot !== undefined;
}

function wantedProperties(run: Run): string[] {
  const { settings, step } = run;
  const back = rollbackProperties(step.capabilities, settings.tag);
  return [...new Set([...endsProperties(settings.tag), ...back, ...syncReading(run).properties, 'readonly'])];
}

async function stepDown(
  run: Run,
  command: FailoverCommand,
  listing: Listing,
  ends: Ends,
  back: Return | undefined,
): Promise<Stepped> {
  const { settings, step, report } = run;
  const { dataset } = command;
  const before = listing.get(dataset);
  const current = ends.side === 'source' ? listing : await restoreSides(run, ends);
  report.line(`Setting readonly on local ${dataset}, then syncing`);
  try {
    mustSucceed(await step.zfs.ask(setArgv(dataset, { readonly: 'on' })), dataset);
    if (back) await goBack(run, command, ends, back);
    else
      await syncPair(run, current, dataset, {
        ...(command.host === undefined ? {} : { host: ends.there.host }),
        yes: settings.force,
      });
    step.interruption.check();
  } catch (error) {
    throw await stillMaster(run, ends, before, error);
  }
  report.line(`Reversing master properties for ${settings.hostName}:${dataset}`);
  for (const argv of copyArgvs(step.capabilities, settings.tag, ends))
    mustSucceed(await step.zfs.ask(argv), dataset);
  return { ends, before };
}

/** An earlier failover was cut off between the properties and the mark: they are those of a master again, who can sync. */
async function restoreSides(run: Run, ends: Ends): Promise<Listing> {
  const { settings, step, report } = run;
  const { dataset } = ends.here;
  report.warn(`${dataset}: an earlier failover was cut off here; going on with it`);
  for (const argv of masterArgvs(step.capabilities, settings.tag, ends))
    mustSucceed(await step.zfs.ask(argv), dataset);
  return readAgain(run, dataset, { properties: wantedProperties(run), depth: 1 });
}
