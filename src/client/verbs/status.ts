/** `zrep status`: when each file system was last sent, in stock's own lines or for monitoring. */

import { formatTimes } from '../look/dates.ts';
import type { PairView } from '../look/pair-view.ts';
import { readPairs } from '../look/read-pairs.ts';
import { directionLine, statusLine, unsentLine } from '../look/status-lines.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { Settings } from '../words/settings.ts';
import type { StatusCommand } from '../words/status-words.ts';
import { isMasterHere, isOfPair } from './pairs-here.ts';
import { monitor } from './status-monitoring.ts';

/** Carries `command` out; the answer is the exit code. */
export function status(settings: Settings, command: StatusCommand): Promise<number> {
  return inRun(settings, false, (run) => {
    const { monitoring } = command;
    if (monitoring === undefined) return tellPeople(run, command);
    const all = command.datasets.length === 0;
    return monitor(run, monitoring, command.datasets, () => chosen(run, { ...command, all }));
  });
}

async function tellPeople(run: Run, command: StatusCommand): Promise<number> {
  const { report, settings } = run;
  const { told, missing } = await chosen(run, command);
  const lines = linesOf(settings, command, told);
  for (const line of lines) report.line(line);
  // Stock says nothing, which scripts may count on; a person on a backup server would wonder.
  if (told.length === 0 && missing === undefined && process.stderr.isTTY)
    report.warn(nothingHere(settings.tag, command.all));
  if (missing !== undefined) throw missing;
  return command.unsent && lines.length > 0 ? 1 : 0;
}

function nothingHere(tag: string, all: boolean): string {
  return all
    ? `no file system here belongs to a pair under the tag ${tag}; to begin one: zrep init --pull HOST:SOURCE COPY`
    : `this host is the master of no file system under the tag ${tag}; for the copies on it: zrep status -a`;
}

interface Chosen {
  readonly told: readonly PairView[];
  /** Of the first that was named and is of no pair: as stock, those in front of it are told of, and none behind it. */
  readonly missing: Failure | undefined;
}

async function chosen(run: Run, { datasets, all }: StatusCommand): Promise<Chosen> {
  const { tag, hostName } = run.settings;
  if (datasets.length === 0) {
    const told = await readPairs(run, 'all', (own) =>
      all ? isOfPair(own, tag) : isMasterHere(own, tag, hostName),
    );
    return { told, missing: undefined };
  }
  const pairs = await readPairs(run, datasets, (own) => (own.get(`${tag}:dest-fs`)?.value ?? '-') !== '-');
  const first = datasets.find((name) => !pairs.some(({ dataset }) => dataset === name));
  if (first === undefined) return { told: pairs, missing: undefined };
  const before: readonly string[] = datasets.slice(0, datasets.indexOf(first));
  return {
    told: pairs.filter(({ dataset }) => before.includes(dataset)),
    missing: new Failure(`${first} is not a zrep registered filesystem`),
  };
}

function linesOf({ dateFormat }: Settings, command: StatusCommand, pairs: readonly PairView[]): string[] {
  if (command.unsent) return pairs.flatMap((pair) => unsentLine(pair) ?? []);
  const dates = formatTimes(
    dateFormat,
    pairs.flatMap(({ sent }) => sent ?? []),
  );
  const all = command.all && command.datasets.length === 0;
  return pairs.map((pair) => {
    const date = pair.sent === undefined ? undefined : dates.get(pair.sent);
    return command.verbose ? directionLine(pair, date, all) : statusLine(pair, date);
  });
}
