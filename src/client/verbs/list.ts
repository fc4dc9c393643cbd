/** `zrep list`: the file systems here that belong to pairs, in stock's own form. */

import { inOneLine, printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { fullName } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { listSnapshotsArgv, setPropertiesArgv } from '../../zfs/argv.ts';
import type { Properties } from '../../zfs/state.ts';
import { retiredIn, retiredProperties } from '../copies/retirement.ts';
import { readOwn, readPairs } from '../look/read-pairs.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { ListCommand } from '../words/look-words.ts';
import type { Settings } from '../words/settings.ts';
import { isMasterHere, isOfPair, mastersHere } from './pairs-here.ts';

/** Carries `command` out; the answer is the exit code. */
export function list(settings: Settings, command: ListCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    if (command.snapshots) return listSnapshots(run, command);
    const { found, missing } = await chosen(run, command);
    if (command.verbose) await tellAll(run, command, found);
    else for (const name of found) run.report.line(name);
    if (missing !== undefined) throw new Failure(`Expecting filesystem, but got ${missing}`);
    return 0;
  });
}

/** Which are to be told of; of those that were named, only up to the first that is not there, as stock. */
async function chosen(
  run: Run,
  { datasets, masters, verbose, retired }: ListCommand,
): Promise<{ found: readonly string[]; missing: string | undefined }> {
  const { tag, hostName } = run.settings;
  const wanted = (own: Properties | undefined) =>
    own !== undefined && (masters ? isMasterHere(own, tag, hostName) : isOfPair(own, tag));
  const names = ['dest-fs', 'master', 'src-host'].map((name) => `${tag}:${name}`);
  const properties = [...names, ...retiredProperties(tag)];
  const own = await readOwn(run, datasets.length > 0 ? datasets : 'all', properties);
  if (retired) return { found: retiredIn(own, tag).map(({ dataset }) => dataset), missing: undefined };
  if (datasets.length === 0)
    return { found: [...own.keys()].filter((name) => wanted(own.get(name))), missing: undefined };
  const missing = datasets.find((name) => !own.has(name));
  const there = missing === undefined ? datasets : datasets.slice(0, datasets.indexOf(missing));
  // Asked for by name, stock tells what is set on any.
  return { found: there.filter((name) => (verbose && !masters) || wanted(own.get(name))), missing };
}

/** By a call of zfs for each: in one for several zfs would order the properties of all by the first. */
async function tellAll(run: Run, { datasets }: ListCommand, names: readonly string[]): Promise<void> {
  const { report, step } = run;
  const last = new Map((await readPairs(run, names, () => true)).map((pair) => [pair.dataset, pair.last]));
  for (const name of names) {
    const { output } = mustSucceed(await step.zfs.ask(setPropertiesArgv(name)), name);
    report.line(`${name}:`);
    report.print(withoutControls(output));
    const sent = last.get(name);
    report.line(`last snapshot synced: ${sent === undefined ? '' : fullName(sent)}`);
    if (datasets.length === 0) report.line('');
  }
}

/** A property can have come with a stream: nothing in it is to steer the terminal. */
function withoutControls(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]/gu, printable);
}

async function listSnapshots(run: Run, { datasets }: ListCommand): Promise<number> {
  const { report, step } = run;
  const names = datasets.length > 0 ? datasets : await mastersHere(run);
  if (names.length === 0) report.warn('No zrep master filesystems found');
  let code = 0;
  for (const name of names) {
    const ended = await step.zfs.ask(listSnapshotsArgv(name));
    report.print(ended.output);
    if (succeeded(ended)) continue;
    report.warn(`Error: zfs failed for ${name}: ${inOneLine(ended.message)}`);
    code = 1;
  }
  return code;
}
