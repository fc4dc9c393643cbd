/**
 * `zrep retire`: takes a copy out of service, with all its snapshots and marks; `--undo` takes it back. A copy that is missing
 * is forgotten: nobody misses it any more.
 */

import { mustSucceed } from '../../replication/step.ts';
import type { Dataset } from '../../zfs/names.ts';
import { localValue, ownValue, type Properties } from '../../zfs/state.ts';
import { type MissingCopy, surveyedProperties } from '../copies/find-missing.ts';
import { isRetiredWhole, retireArgvs, retiredHost, retiredSince, reviveArgvs } from '../copies/retirement.ts';
import { saySince, sayWhy } from '../copies/say-missing.ts';
import { forget, missingAmong, surveySome } from '../copies/survey.ts';
import { sayAge } from '../look/ages.ts';
import { withRoleLock } from '../roles/role-lock.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { RetireCommand } from '../words/retire-words.ts';
import type { Settings } from '../words/settings.ts';

/** Carries `command` out; the answer is the exit code. */
export function retire(settings: Settings, command: RetireCommand): Promise<number> {
  return inRun(settings, false, (run) => retireOne(run, command));
}

/** The same in a run that is there. @throws Failure, too. */
export async function retireOne(run: Run, { dataset, undo }: RetireCommand): Promise<number> {
  const listing = await surveySome(run, [dataset]);
  const [missing] = await missingAmong(run, [dataset], listing);
  // One that was renamed is here, and is retired by the name that it has.
  if (missing !== undefined && missing.why !== 'renamed' && !undo) await forgetMissing(run, missing);
  else if (undo) await takeBack(run, dataset);
  else await takeOut(run, dataset, missing);
  return 0;
}

async function forgetMissing(run: Run, missing: MissingCopy): Promise<void> {
  const { settings, report } = run;
  const { dataset, why } = missing;
  const pool =
    why === 'no-pool' ? '; when its pool is imported again, zrep refresh all takes it up again' : '';
  await confirm(run, {
    heading: `${dataset} is missing: ${sayWhy(missing)}. zrep would forget it, and nothing else changes:`,
    losses: [`nobody is told any more that it is missing (${saySince(missing, now())})${pool}`],
    command: `${zrepFor(settings.tag)} retire -f ${dataset}`,
  });
  await forget(run, dataset);
  report.line(`${dataset} is forgotten: nobody misses it any more${pool}`);
}

async function takeOut(run: Run, dataset: Dataset, missing: MissingCopy | undefined): Promise<void> {
  const { settings, step, report } = run;
  const { tag } = settings;
  if (missing !== undefined && 'now' in missing)
    throw new Failure(`${dataset} is called ${missing.now} now: ${zrepFor(tag)} retire ${missing.now}`);
  await withRoleLock(run, dataset, { properties: surveyedProperties(tag), depth: 0 }, async (listing) => {
    const own = listing.get(dataset);
    const since = retiredSince(own, tag);
    if (since !== undefined && isRetiredWhole(own, tag))
      return report.line(`${dataset} is retired already, since ${sayAge(now() - since)}`);
    const from = copyOf(run, dataset, own);
    // One that was cut off was asked for.
    if (since === undefined)
      await confirm(run, {
        heading: `${dataset} would be taken out of service. Its snapshots and their marks stay; these end:`,
        losses: [
          `refreshes from ${from.host}:${from.source}`,
          'expiring: zrep expire and zrep-expire destroy nothing on it any more',
          'watching: zrep status with thresholds, and zrep doctor, do not judge it any more',
        ],
        command: `${zrepFor(tag)} retire -f ${dataset}`,
      });
    for (const argv of retireArgvs(step.capabilities, dataset, tag, { ...from, now: since ?? now() }))
      mustSucceed(await step.zfs.ask(argv), dataset);
    await forget(run, dataset);
    report.line(`${dataset} is retired. Its snapshots and their marks stay.`);
    report.line(`To take it into service again: ${zrepFor(tag)} retire --undo ${dataset}`);
  });
}

/** Where it comes from. @throws Failure where it is no copy. */
function copyOf(
  { settings: { tag } }: Run,
  dataset: Dataset,
  own: Properties | undefined,
): { host: string; source: string } {
  if (localValue(own, `${tag}:master`) === 'yes')
    throw new Failure(`${dataset} is the master of its pair: only a copy can be retired`);
  const [host = retiredHost(own, tag), source] = ['src-host', 'src-fs'].map((name) =>
    ownValue(own, `${tag}:${name}`),
  );
  if (host === undefined || source === undefined || source === dataset)
    throw new Failure(`${dataset} is no copy under the tag ${tag}; what there is: ${zrepFor(tag)} list`);
  return { host, source };
}

async function takeBack(run: Run, dataset: Dataset): Promise<void> {
  const { settings, step, report } = run;
  const { tag, hostName } = settings;
  await withRoleLock(run, dataset, { properties: surveyedProperties(tag), depth: 0 }, async (listing) => {
    const own = listing.get(dataset);
    if (retiredSince(own, tag) === undefined)
      throw new Failure(`${dataset} is not retired; what is: ${zrepFor(tag)} list --retired`);
    const host = retiredHost(own, tag) ?? ownValue(own, `${tag}:src-host`);
    if (host === undefined)
      throw new Failure(
        `${dataset} does not say from which host it came (${tag}:retired-src-host). Say so: zfs set ${tag}:retired-src-host=HOST ${dataset}`,
      );
    for (const argv of reviveArgvs(step.capabilities, dataset, tag, { host, hostName }))
      mustSucceed(await step.zfs.ask(argv), dataset);
    report.line(`${dataset} is in service again. To bring it up to date: ${zrepFor(tag)} refresh ${dataset}`);
  });
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
