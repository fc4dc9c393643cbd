/** `zrep status`: when each file system was last sent, in stock's own lines or for monitoring. */

import type { Tag } from '../../zfs/names.ts';
import { anyValue, type Properties } from '../../zfs/state.ts';
import { surveyedProperties } from '../copies/find-missing.ts';
import { readRecordFile } from '../copies/record-file.ts';
import { type RetiredCopy, retiredIn } from '../copies/retirement.ts';
import { missingLines } from '../copies/say-missing.ts';
import { failingCopies, missingAmong, missingCopies } from '../copies/survey.ts';
import { formatTimes } from '../look/dates.ts';
import { sayFailing } from '../look/judge.ts';
import { type PairView, viewedProperties } from '../look/pair-view.ts';
import { readOwn, viewsOf } from '../look/read-pairs.ts';
import { directionLine, retiredLine, statusLine, unsentLine } from '../look/status-lines.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { Settings } from '../words/settings.ts';
import type { StatusCommand } from '../words/status-words.ts';
import { isMasterHere, isOfPair } from './pairs-here.ts';
import { leftOutProperties, type SourceLeftOut, sourcesLeftOut } from './sources-left-out.ts';
import { type Chosen, monitor } from './status-monitoring.ts';

/** Carries `command` out; the answer is the exit code. */
export function status(settings: Settings, command: StatusCommand): Promise<number> {
  return inRun(settings, false, (run) => {
    const { monitoring } = command;
    if (monitoring === undefined) return tellPeople(run, command);
    const all = command.datasets.length === 0;
    return monitor(run, monitoring, command.datasets, async () =>
      onceEach(await choose(run, { ...command, all })),
    );
  });
}

async function tellPeople(run: Run, command: StatusCommand): Promise<number> {
  const { report, settings } = run;
  const { pairs, retired, missing, strangers, problem, failures, others } = await choose(run, command);
  // As stock: those in front of the first that is of no pair are told of, and none behind it.
  const [first] = strangers;
  const names: readonly string[] = command.datasets;
  const before = first === undefined ? undefined : names.slice(0, names.indexOf(first));
  const isTold = ({ dataset }: { readonly dataset: string }) =>
    before === undefined || before.includes(dataset);
  const lines = linesOf(settings, command, pairs.filter(isTold), retired.filter(isTold));
  for (const line of lines) report.line(line);
  const now = Math.floor(Date.now() / 1000);
  for (const { dataset } of pairs.filter(isTold)) {
    const failing = failures.get(dataset);
    if (failing !== undefined) report.warn(`WARNING: ${dataset} ${sayFailing(failing, now)}`);
  }
  for (const line of missingLines('WARNING', missing, settings.tag, now)) report.warn(line);
  for (const { dataset, why } of others)
    report.warn(`WARNING: ${dataset} is left out, also by ${zrepFor(settings.tag)} sync all: ${why}`);
  if (problem !== undefined) report.warn(`WARNING: ${problem}`);
  // Stock says nothing, which scripts may count on; a person on a backup server would wonder.
  const isNothing = pairs.length + retired.length + missing.length + strangers.length === 0;
  if (isNothing && process.stderr.isTTY) report.warn(nothingHere(settings.tag, command.all));
  if (first !== undefined)
    throw new Failure(`${first} is not a zrep registered filesystem`, { unknown: first });
  return command.unsent && lines.length > 0 ? 1 : 0;
}

/** What has come of a first stream is here, and missed as a set-up that was not completed: monitoring counts that once. */
function onceEach(chosen: Chosen): Chosen {
  const missing = new Set<string>(chosen.missing.map(({ dataset }) => dataset));
  return { ...chosen, pairs: chosen.pairs.filter(({ dataset }) => !missing.has(dataset)) };
}

function nothingHere(tag: Tag, all: boolean): string {
  return all
    ? `no file system here belongs to a pair under the tag ${tag}; to begin one: ${zrepFor(tag)} init --pull HOST:SOURCE COPY`
    : `this host is the master of no file system under the tag ${tag}; for the copies on it: ${zrepFor(tag)} status -a`;
}

interface ChosenHere extends Chosen {
  /** Sources that this host is not the master of by stock's rule; told of where only those are wanted of which it is. */
  readonly others: readonly SourceLeftOut[];
}

async function choose(run: Run, { datasets, all }: StatusCommand): Promise<ChosenHere> {
  const { settings, step } = run;
  const { tag, hostName } = settings;
  const properties = [
    ...new Set([
      ...viewedProperties(step.capabilities, tag),
      ...[surveyedProperties, leftOutProperties].flatMap((of) => of(tag)),
    ]),
  ];
  const own = await readOwn(run, datasets.length === 0 ? 'all' : datasets, properties);
  const records = readRecordFile(settings);
  if (datasets.length === 0) {
    const wanted = (one: Properties) => (all ? isOfPair(one, tag) : isMasterHere(one, tag, hostName));
    const names = [...own].flatMap(([name, one]) => (wanted(one) ? [name] : []));
    const pairs = await viewsOf(run, own, names);
    const failures = failingCopies(run, own, records);
    const none = { pairs, retired: [], missing: [], strangers: [], problem: undefined, failures, others: [] };
    if (!all) return { ...none, others: sourcesLeftOut(own, tag, hostName) };
    return { ...none, retired: retiredIn(own, tag), ...missingCopies(run, own, records) };
  }
  const retired = retiredIn(own, tag);
  const others = datasets.filter((name) => !retired.some(({ dataset }) => dataset === name));
  const isPair = (name: string) => anyValue(own.get(name), `${tag}:dest-fs`) !== undefined;
  const strangers = others.filter((name) => !isPair(name));
  return {
    ...{ pairs: await viewsOf(run, own, others.filter(isPair)), retired, strangers },
    missing: await missingAmong(run, strangers, own, records),
    failures: failingCopies(run, own, records),
    problem: undefined,
    others: [],
  };
}

function linesOf(
  { dateFormat }: Settings,
  command: StatusCommand,
  pairs: readonly PairView[],
  retired: readonly RetiredCopy[],
): string[] {
  if (command.unsent) return pairs.flatMap((pair) => unsentLine(pair) ?? []);
  const times = [...pairs.flatMap(({ sent }) => sent ?? []), ...retired.map(({ since }) => since)];
  const dates = formatTimes(dateFormat, times);
  const all = command.all && command.datasets.length === 0;
  const told = pairs.map((pair) => {
    const date = pair.sent === undefined ? undefined : dates.get(pair.sent);
    return command.verbose ? directionLine(pair, date, all) : statusLine(pair, date);
  });
  return [...told, ...retired.map(({ dataset, since }) => retiredLine(dataset, dates.get(since) ?? ''))];
}
