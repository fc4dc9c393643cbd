/**
 * `zrep refresh`: pulls one file system, or several, a few at a time, or all whose copies are here. A failure of one holds
 * up no other; a copy that is missing is told, and fails the run.
 */

import { type Dataset, isBelow, parseDataset } from '../../zfs/names.ts';
import { anyValue, type Listing } from '../../zfs/state.ts';
import type { MissingCopy } from '../copies/find-missing.ts';
import { type LeftOut, leftOut } from '../copies/left-out.ts';
import { missingLines, saySince, sayWhy } from '../copies/say-missing.ts';
import { missingAmong, missingCopies, remember, surveyAll, surveySome } from '../copies/survey.ts';
import { eachAtOnce } from '../run/at-once.ts';
import { Failure } from '../run/failure.ts';
import { type Failed, hint, inRun, listFailed, tellFailed } from '../run/in-run.ts';
import { holdReport, type Report } from '../run/report.ts';
import type { Run } from '../run/run.ts';
import { createTally } from '../run/tally.ts';
import { zrepFor } from '../words/again.ts';
import type { RefreshCommand } from '../words/refresh-words.ts';
import type { Settings } from '../words/settings.ts';
import { parseSourceHost } from '../words/source.ts';
import { copiesIn } from './pairs-here.ts';
import { refreshPair } from './refresh-pair.ts';

/** Carries `command` out; the answer is the exit code: 0 when all went well, 1 when one did not, or is missing. */
export async function refresh(settings: Settings, command: RefreshCommand): Promise<number> {
  return inRun(
    settings,
    command.json,
    async (run) => {
      const { listing, datasets, missing, others } = await choose(run, command);
      if (datasets.length + missing.length === 0)
        throw new Failure(
          `there is no file system here that is the copy of another under the tag ${settings.tag}`,
        );
      prepare(run, listing);
      const several = datasets.length + missing.length > 1;
      const refreshed = new Map<Dataset, number>();
      const failures: Failed[] = [];
      try {
        await eachAtOnce(datasets, atOnce(settings, command, datasets), async (dataset, index) => {
          const failed = await (several
            ? refreshBeside({ ...run, place: `${index + 1} of ${datasets.length}` }, dataset, command.yes)
            : refreshOne(run, dataset, command.yes));
          if (failed === undefined) refreshed.set(dataset, now());
          else failures.push(failed);
        });
      } finally {
        await remember(run, listing, refreshed, failures);
      }
      const failed = failures.length;
      if (several) listFailed(run.report, failures);
      tellMissing(run, missing);
      tellLeftOut(run, others);
      if (several) summarize(run.report, { done: refreshed.size, failed, missing: missing.length });
      return failed + missing.length === 0 ? 0 : 1;
    },
    settings.waitSeconds,
  );
}

interface Chosen {
  /** What zfs says of them, as far as they are here. */
  readonly listing: Listing;
  readonly datasets: readonly Dataset[];
  readonly missing: readonly MissingCopy[];
  /** Of all, what is no copy, and may have been meant as one. */
  readonly others: readonly LeftOut[];
}

async function choose(run: Run, command: RefreshCommand): Promise<Chosen> {
  const { tag } = run.settings;
  if (command.all) {
    const all = await surveyAll(run);
    const { missing, problem } = missingCopies(run, all);
    const begun = new Set<string>(missing.flatMap(({ why, dataset }) => (why === 'begun' ? [dataset] : [])));
    const datasets = copiesIn(all, tag).filter((name) => !begun.has(name));
    const listing = new Map(datasets.flatMap((name) => [[name, all.get(name) ?? new Map()]]));
    if (problem !== undefined) run.report.warn(`WARNING: ${problem}`);
    const told = new Set([
      ...datasets,
      ...missing.flatMap((one) => ('now' in one ? [one.dataset, one.now] : [one.dataset])),
    ]);
    return { listing, datasets, missing, others: leftOut(all, tag, run.settings.hostName, told) };
  }
  const named = [...new Set(command.datasets)];
  const listing = await surveySome(run, named);
  // One that is there is refreshed by its name, whatever it calls itself.
  const absent = named.filter((name) => !listing.has(name));
  const missing = await missingAmong(run, absent, listing);
  const names = new Set<string>(missing.map(({ dataset }) => dataset));
  return { listing, datasets: named.filter((name) => !names.has(name)), missing, others: [] };
}

function tellMissing({ settings, report }: Run, missing: readonly MissingCopy[]): void {
  for (const line of missingLines('Error', missing, settings.tag, now())) report.warn(line);
  for (const one of missing)
    report.event('missing', { dataset: one.dataset, reason: `${sayWhy(one)}; ${saySince(one, now())}` });
}

function tellLeftOut({ settings, report }: Run, others: readonly LeftOut[]): void {
  for (const { dataset, why } of others) {
    const line = `${zrepFor(settings.tag)} doctor ${dataset}`;
    report.warn(`LEFT OUT ${dataset}: ${why}${parseDataset(dataset) ? `. For what to do: ${line}` : ''}`);
    report.event('left-out', { dataset, reason: why });
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
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
function prepare(run: Run, listing: Listing): void {
  const { settings } = run;
  for (const own of listing.values()) {
    const host = parseSourceHost(anyValue(own, `${settings.tag}:src-host`) ?? '', settings.hostName);
    if (host !== undefined) run.far(host).prepare();
  }
}

/** While others are at work: what it has to say comes in one piece. */
async function refreshBeside(run: Run, dataset: Dataset, yes: boolean): Promise<Failed | undefined> {
  const { report, letGo } = holdReport(run.report);
  try {
    return await refreshOne({ ...run, report }, dataset, yes);
  } finally {
    if (run.progress) run.progress.aside(letGo);
    else letGo();
  }
}

/** The answer is how it failed, if it did. */
async function refreshOne(run: Run, dataset: Dataset, yes: boolean): Promise<Failed | undefined> {
  const { report } = run;
  const tally = createTally();
  report.event('refresh', { dataset });
  try {
    await refreshPair(run.progress ? { ...run, tally } : run, dataset, yes);
    report.event('refreshed', { dataset, ...tally.facts() });
    report.news(tally.line(dataset));
    return undefined;
  } catch (error) {
    const failed = tellFailed(report, error, dataset);
    await hint(run, error);
    return failed;
  }
}

function summarize(
  report: Report,
  { done, failed, missing }: Readonly<Record<'done' | 'failed' | 'missing', number>>,
): void {
  const bad = [
    ...(failed === 0 ? [] : [`${failed} FAILED`]),
    ...(missing === 0 ? [] : [`${missing} MISSING`]),
  ];
  report.line([`refresh: ${done} of ${done + failed + missing} file systems done`, ...bad].join(', '));
  report.event('summary', { done, failed, missing });
}
