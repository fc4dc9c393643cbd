/** `zrep status`: when each file system was last sent, in stock's own lines. Nothing is asked of the other side. */

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

/** Carries `command` out; the answer is the exit code. */
export function status(settings: Settings, command: StatusCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    const pairs = await chosen(run, command);
    const missing = command.datasets.find((name) => !pairs.some(({ dataset }) => dataset === name));
    // As stock: those in front of the first that is none are told of, and nothing behind it.
    const told = missing === undefined ? pairs : inFrontOf(pairs, command.datasets, missing);
    const lines = linesOf(settings, command, told);
    for (const line of lines) run.report.line(line);
    if (missing !== undefined) throw new Failure(`${missing} is not a zrep registered filesystem`);
    return command.unsent && lines.length > 0 ? 1 : 0;
  });
}

function chosen(run: Run, { datasets, all }: StatusCommand): Promise<PairView[]> {
  const { tag } = run.settings;
  if (datasets.length > 0)
    return readPairs(run, datasets, (own) => (own.get(`${tag}:dest-fs`)?.value ?? '-') !== '-');
  return readPairs(run, 'all', (own) =>
    all ? isOfPair(own, tag) : isMasterHere(own, tag, run.settings.hostName),
  );
}

function inFrontOf(pairs: readonly PairView[], names: readonly string[], missing: string): PairView[] {
  const before = names.slice(0, names.indexOf(missing));
  return pairs.filter(({ dataset }) => before.includes(dataset));
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
