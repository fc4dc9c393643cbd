/**
 * `zrep refresh`: pulls one file system, or several, a few at a time, or all whose copies are here. A failure of one holds
 * up no other.
 */

import { readPropertiesArgv } from '../../zfs/argv.ts';
import { type Dataset, isBelow } from '../../zfs/names.ts';
import { anyValue, parseListing } from '../../zfs/state.ts';
import { eachAtOnce } from '../run/at-once.ts';
import { Failure } from '../run/failure.ts';
import { inRun, tellFailed } from '../run/in-run.ts';
import { holdReport, type Report } from '../run/report.ts';
import type { Run } from '../run/run.ts';
import type { RefreshCommand } from '../words/refresh-words.ts';
import type { Settings } from '../words/settings.ts';
import { parseSourceHost } from '../words/source.ts';
import { copiesHere } from './pairs-here.ts';
import { refreshPair } from './refresh-pair.ts';

/** Carries `command` out; the answer is the exit code: 0 when all went well, 1 when one did not. */
export async function refresh(settings: Settings, command: RefreshCommand): Promise<number> {
  return inRun(settings, command.json, async (run) => {
    const datasets = command.all ? await copiesHere(run) : [...new Set(command.datasets)];
    if (datasets.length === 0)
      throw new Failure(
        `there is no file system here that is the copy of another under the tag ${settings.tag}`,
      );
    await prepare(run, datasets);
    const several = datasets.length > 1;
    const done = await eachAtOnce(datasets, atOnce(settings, command, datasets), (dataset, index) =>
      several
        ? refreshBeside({ ...run, place: `${index + 1} of ${datasets.length}` }, dataset, command.yes)
        : refreshOne(run, dataset, command.yes),
    );
    const failed = done.filter((well) => !well).length;
    if (several) summarize(run.report, datasets.length, failed);
    return failed === 0 ? 0 : 1;
  });
}

/** A gate allows a client four streams, of which one is left to whoever else comes. */
const AT_ONCE = 3;

function atOnce(
  { recursive, verbose, debug, force }: Settings,
  { jobs, yes }: RefreshCommand,
  datasets: readonly Dataset[],
): number {
  // What is streamed along with the one above it must not be at work by itself.
  if (recursive && datasets.some((one) => datasets.some((other) => isBelow(one, other)))) return 1;
  // Who is asked reads one question at a time.
  if (force && !yes && process.stderr.isTTY) return 1;
  return jobs ?? (verbose || debug ? 1 : AT_ONCE);
}

/** Begins to connect to the hosts that they come from, before the first lock is taken; what is wrong shows later. */
async function prepare(run: Run, datasets: readonly Dataset[]): Promise<void> {
  const { settings, step } = run;
  const property = `${settings.tag}:src-host`;
  const read = await step.zfs.ask(readPropertiesArgv(datasets, [property]));
  for (const own of parseListing(read.output).values()) {
    const host = parseSourceHost(anyValue(own, property) ?? '', settings.hostName);
    if (host !== undefined) run.far(host).prepare();
  }
}

/** While others are at work: what it has to say comes in one piece. */
async function refreshBeside(run: Run, dataset: Dataset, yes: boolean): Promise<boolean> {
  const { report, letGo } = holdReport(run.report);
  try {
    return await refreshOne({ ...run, report }, dataset, yes);
  } finally {
    if (run.progress) run.progress.aside(letGo);
    else letGo();
  }
}

async function refreshOne(run: Run, dataset: Dataset, yes: boolean): Promise<boolean> {
  const { report } = run;
  report.event('refresh', { dataset });
  try {
    await refreshPair(run, dataset, yes);
    report.event('refreshed', { dataset });
    return true;
  } catch (error) {
    return tellFailed(report, error, dataset);
  }
}

function summarize(report: Report, all: number, failed: number): void {
  const done = all - failed;
  report.line(`refresh: ${done} of ${all} file systems done${failed === 0 ? '' : `, ${failed} FAILED`}`);
  report.event('summary', { done, failed });
}
