/** `zrep changeconfig`: says on one side of a pair where the other is now. Nothing is sent, and no role changes. */

import { taggedSnapshots } from '../../replication/snapshots.ts';
import { anyValue, type Listing, localValue, type Properties } from '../../zfs/state.ts';
import { refuseRetired } from '../copies/refuse-retired.ts';
import { forget } from '../copies/survey.ts';
import { PAIR_PROPERTIES } from '../copy/receive.ts';
import { setProperties } from '../copy/set-properties.ts';
import { withRoleLock } from '../roles/role-lock.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { ChangeconfigCommand } from '../words/config-words.ts';
import type { Settings } from '../words/settings.ts';

/** Carries `command` out; the answer is the exit code. */
export function changeconfig(settings: Settings, command: ChangeconfigCommand): Promise<number> {
  return inRun(settings, false, (run) => changeOne(run, command));
}

/** The same in a run that is there. @throws Failure, too. */
export async function changeOne(run: Run, command: ChangeconfigCommand): Promise<number> {
  const { settings, report } = run;
  const { tag } = settings;
  const { dataset } = command;
  const properties = ['createtxg', ...['master', 'savecount', 'retired'].map((name) => `${tag}:${name}`)];
  return withRoleLock(run, dataset, { properties, depth: 1 }, async (listing) => {
    refuseRetired(listing.get(dataset), dataset, tag);
    if (!settings.force) refuseStranger(run, listing, command);
    const values = configValues(command, settings, listing.get(dataset));
    const destination = values[`${tag}:dest-fs`] ?? '';
    if (!destination.includes('/')) {
      const host = values[`${tag}:dest-host`];
      report.line(`WARNING: forcing override sync to top level pool ${host}:${destination}`);
      report.line('Not using a usual sub-filesystem');
    }
    await setProperties(run, dataset, values);
    if (command.side === 'source') await forget(run, dataset);
    return 0;
  });
}

/** Stock's check, and one of ours. */
function refuseStranger(
  { settings: { tag }, report }: Run,
  listing: Listing,
  { dataset, side, host, other }: ChangeconfigCommand,
): void {
  if (taggedSnapshots(listing, dataset, tag).length === 0) {
    report.warn(`No pre-existing zrep snapshots found on ${dataset}`);
    report.warn(`${dataset} is not initialized for zrep. cannot change config.`);
    throw new Failure(`Use ${zrepFor(tag)} init on ${dataset} instead`);
  }
  // It would go on being streamed from, as the source of what its own properties call its source.
  if (side === 'copy' && localValue(listing.get(dataset), `${tag}:master`) === 'yes')
    throw new Failure(
      `${dataset} is the master of its pair, and -d would call it the copy. To make it the copy: ${zrepFor(tag)} failover -L ${dataset}; to write that all the same: ${zrepFor(tag)} changeconfig -f -d ${dataset} ${host} ${other}`,
    );
}

/** The properties, in stock's order. Pure. */
function configValues(
  { dataset, side, host, other }: ChangeconfigCommand,
  {
    tag,
    hostName,
    saveCount,
    saveCountGiven,
  }: Pick<Settings, 'tag' | 'hostName' | 'saveCount' | 'saveCountGiven'>,
  own: Properties | undefined,
): Record<string, string> {
  const ends = side === 'source' ? [dataset, hostName, other, host] : [other, host, dataset, hostName];
  // Stock writes 5 over it, and the next expire destroys what was to stay.
  const before = saveCountGiven ? undefined : anyValue(own, `${tag}:savecount`);
  const values = [...ends, before ?? String(saveCount)];
  return Object.fromEntries(PAIR_PROPERTIES.map((name, index) => [`${tag}:${name}`, values[index] ?? '']));
}
