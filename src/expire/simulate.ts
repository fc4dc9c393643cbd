/** `--simulate`: decides over a listing in a file, and touches no ZFS. */

import type { Report } from '../client/run/report.ts';
import { printable } from '../printable.ts';
import { decideAll, fromTheFuture, type Question, type Verdict } from './decide.ts';
import { sayWrongClock } from './expire-live.ts';
import { explainVerdict } from './explain.ts';
import { readListing } from './listing.ts';
import type { Mistake } from './read-config.ts';
import type { Configuration } from './schedule.ts';
import { scheduleFor } from './sections.ts';
import { fullName, type Snapshot } from './snapshot.ts';
import { previewTitle, verdictAsJson, verdictTable } from './verdict-lines.ts';

export interface Simulation {
  readonly configuration: Configuration;
  readonly question: Question;
  /** DATASET@NAME, where only this is wanted, in words. */
  readonly explain: string | undefined;
  /** A JSON line a snapshot; otherwise a table. */
  readonly json: boolean;
}

/** Says what becomes of each snapshot in `text`, in its order; the answer is what is wrong with it, or the exit code. */
export function simulate(report: Report, text: string, simulation: Simulation): number | readonly Mistake[] {
  const { configuration, question, explain, json } = simulation;
  const listing = readListing(text, question.tags);
  if (isMistakes(listing)) return listing;
  const groups = byDataset(listing).map(([dataset, snapshots]) => {
    const found = scheduleFor(configuration, dataset);
    return { dataset, snapshots, schedule: found?.schedule, pattern: found?.pattern };
  });
  const decided = decideAll(groups, question);
  const wrong = fromTheFuture(listing, question.now);
  if (wrong !== undefined) report.warn(sayWrongClock(wrong));
  if (explain !== undefined) {
    const group = groups.findIndex(({ snapshots }) => snapshots.some((one) => fullName(one) === explain));
    const verdicts = decided[group] ?? [];
    const verdict = verdicts.find(({ snapshot }) => fullName(snapshot) === explain);
    if (verdict === undefined) {
      report.warn(`Error: the listing has no ${printable(explain)}`);
      return 1;
    }
    const { schedule, pattern } = groups[group] as (typeof groups)[number];
    report.print(explainVerdict(verdicts, verdict, schedule, { now: question.now, pattern, question }));
    return 0;
  }
  if (json) printInOrder(report, listing, decided, groups);
  else
    for (const [index, { dataset, schedule }] of groups.entries()) {
      const verdicts = decided[index] ?? [];
      report.line(printable(previewTitle(dataset, verdicts, undefined)));
      for (const line of verdictTable(verdicts, schedule, question.now)) report.line(line);
    }
  return 0;
}

function printInOrder(
  report: Report,
  listing: readonly Snapshot[],
  decided: readonly (readonly Verdict[])[],
  groups: readonly { readonly schedule: Parameters<typeof verdictAsJson>[1] }[],
): void {
  const lines = new Map<Snapshot, string>();
  for (const [index, verdicts] of decided.entries())
    for (const verdict of verdicts)
      lines.set(verdict.snapshot, verdictAsJson(verdict, groups[index]?.schedule));
  report.print(listing.map((snapshot) => `${lines.get(snapshot)}\n`).join(''));
}

function byDataset(listing: readonly Snapshot[]): [string, Snapshot[]][] {
  const groups = new Map<string, Snapshot[]>();
  for (const snapshot of listing) {
    const group = groups.get(snapshot.dataset) ?? [];
    group.push(snapshot);
    groups.set(snapshot.dataset, group);
  }
  return [...groups];
}

function isMistakes(value: readonly Snapshot[] | readonly Mistake[]): value is readonly Mistake[] {
  const [first] = value;
  return first !== undefined && 'problem' in first;
}
