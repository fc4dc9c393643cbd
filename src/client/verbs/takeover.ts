/**
 * `zrep takeover`, on the copy: has the master fail over to this side; with -L it becomes the master without asking anybody,
 * for a fileserver that is dead.
 *
 * Given twice, or cut off and given again, it goes on. (With stock a second -L makes the pair a copy of itself.)
 */

import { succeeded } from '../../process/pipeline.ts';
import type { Reading } from '../../replication/lock.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readPropertiesArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { type Listing, localValue, parseListing } from '../../zfs/state.ts';
import { forget } from '../copies/survey.ts';
import { follow } from '../far/follow.ts';
import { failoverBackCommand, failoverCommand } from '../far/role-commands.ts';
import { newerThere } from '../push/newer-there.ts';
import { becomeUsable } from '../roles/become-usable.ts';
import { type Ends, endsProperties, readEnds } from '../roles/ends.ts';
import { masterArgvs } from '../roles/plan.ts';
import { readAgain, withRoleLock } from '../roles/role-lock.ts';
import { planRollback, type Rollback, rollbackProperties } from '../roles/rollback.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { TakeoverCommand } from '../words/role-words.ts';
import type { Settings } from '../words/settings.ts';
import { markBase, rollBack } from './go-back.ts';

/** Carries `command` out; the answer is the exit code. */
export function takeover(settings: Settings, command: TakeoverCommand): Promise<number> {
  return inRun(settings, false, (run) => takeOver(run, command), settings.waitSeconds);
}

/** The same in a run that is there. @throws Failure, too. */
export async function takeOver(run: Run, command: TakeoverCommand): Promise<number> {
  if (command.local) await takeOverHere(run, command);
  else await haveFailedOver(run, command);
  return 0;
}

async function takeOverHere(run: Run, command: TakeoverCommand): Promise<void> {
  const { settings, step, report } = run;
  const { dataset } = command;
  await withRoleLock(run, dataset, readingFor(run, command), async (listing) => {
    const ends = readEnds(listing.get(dataset), dataset, settings.tag, settings.hostName, command.host);
    if (ends.master) {
      report.warn(`WARNING: ${dataset} is already master on this host.`);
      report.warn('Presuming split-brain recovery mode ...');
    }
    if (command.snapshot !== undefined) {
      const back = planBack(run, command, await readAgain(run, dataset, readingFor(run, command)));
      await confirmLosses(run, command, back.losses);
      await rollBack(run, back);
      await markBase(run, back);
    }
    report.line(`Setting master properties for ${settings.hostName}:${dataset}`);
    // Before the mark: who is marked has done all of it, and an interrupted failover on the other side can rely on that.
    const unmounted = await becomeUsable(run, dataset);
    for (const argv of masterArgvs(step.capabilities, settings.tag, ends))
      mustSucceed(await step.zfs.ask(argv), dataset);
    await forget(run, dataset);
    if (unmounted.length > 0)
      throw new Failure(`${dataset} is the master, but not all of it is mounted (${unmounted.join('; ')})`);
  });
}

/** The far side does it all, and comes back here by ssh. */
async function haveFailedOver(run: Run, command: TakeoverCommand): Promise<void> {
  const { settings, report } = run;
  const { dataset, snapshot } = command;
  const listing = await readAgain(run, dataset, readingFor(run, command));
  const ends = readEnds(listing.get(dataset), dataset, settings.tag, settings.hostName, command.host);
  const { there } = ends;
  const other = `${there.host.name}:${there.dataset}`;
  if (ends.master)
    throw new Failure(
      `${dataset} is already master on this host. If ${other} believes the same (split brain), the one that is to give up what it has does it by: ${zrepAgain(settings)} failover -L FS`,
    );
  const far = run.far(there.host);
  if (snapshot !== undefined) {
    const { losses, clones, datasets, snapshot: base } = planBack(run, command, listing);
    const course = { dataset, host: there.host, destination: there.dataset };
    // Who fails over rolls this side back, too, and clones go along with what they were made of.
    const theirs = await newerThere(run, far, course, base, datasets.length > 1);
    await confirmLosses(run, command, [
      ...losses,
      ...clones,
      ...theirs.map((loss) => `on ${there.host.name}: ${loss}`),
    ]);
  }
  report.line(`Starting failover from remote side ${there.host.name}`);
  const wire =
    snapshot === undefined
      ? failoverCommand(settings, there.dataset)
      : failoverBackCommand(settings, `${there.dataset}@${snapshot}`);
  try {
    const ended = await follow(run, far, wire);
    if (succeeded(ended) && (await isMaster(run, dataset))) return;
    throw new Failure(`${there.host.name} ended with ${ended.signal ?? ended.code}`);
  } catch (error) {
    if (await isMaster(run, dataset)) report.warn(`${dataset} is the master all the same`);
    else report.warn(otherWays(settings, ends));
    throw error;
  }
}

function otherWays(settings: Settings, { here, there }: Ends): string {
  const [zrep, { name }] = [zrepAgain(settings), there.host];
  return [
    `${here.dataset} is not the master.`,
    `Is ${name} dead, or its ${there.dataset} not the master any more: ${zrep} takeover -L ${here.dataset}.`,
    `Does a gate there let this host only pull: on ${name} zfs set readonly=on ${there.dataset}; here ${zrep} refresh ${here.dataset}; on ${name} ${zrep} failover -L ${there.dataset}; here ${zrep} takeover -L ${here.dataset}.`,
  ].join(' ');
}

function readingFor({ settings, step }: Run, { snapshot }: TakeoverCommand): Reading {
  const back = snapshot === undefined ? [] : rollbackProperties(step.capabilities, settings.tag);
  const depth = settings.recursive && snapshot !== undefined ? Number.POSITIVE_INFINITY : 1;
  return { properties: [...endsProperties(settings.tag), ...back], depth };
}

function planBack({ settings }: Run, command: TakeoverCommand, listing: Listing): Rollback {
  const wanted = { name: command.snapshot, below: settings.recursive };
  return planRollback(listing, command.dataset, settings.tag, wanted);
}

async function confirmLosses(
  run: Run,
  { dataset, snapshot, local, host }: TakeoverCommand,
  losses: readonly string[],
): Promise<void> {
  const words = [
    ...(local ? ['-L'] : []),
    '-f',
    `${dataset}@${snapshot}`,
    ...(host === undefined ? [] : [host]),
  ];
  await confirm(run, {
    heading: `Before takeover, ${dataset} would go back to ${snapshot}, and lose:`,
    losses,
    toldAnyway: true,
    command: `${zrepAgain(run.settings)} takeover ${words.join(' ')}`,
  });
}

async function isMaster({ settings, step }: Run, dataset: Dataset): Promise<boolean> {
  const { output } = await step.zfs.ask(readPropertiesArgv([dataset], [`${settings.tag}:master`]));
  return localValue(parseListing(output).get(dataset), `${settings.tag}:master`) === 'yes';
}
