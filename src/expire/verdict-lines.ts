/** Verdicts as lines: JSON for programs, a table for people. Pure. */

import { printable } from '../printable.ts';
import { count, sayAge, sayBytes, sayTime } from './amounts.ts';
import type { Verdict } from './decide.ts';
import type { Schedule } from './schedule.ts';
import { fullName } from './snapshot.ts';
import { sayReason } from './wording.ts';

/** What comes free; `atLeast` where the installed zfs tells only what each would bring alone. */
export interface Reclaim {
  readonly bytes: number;
  readonly atLeast: boolean;
}

export function verdictAsJson(verdict: Verdict, schedule: Schedule | undefined): string {
  return JSON.stringify({
    snapshot: fullName(verdict.snapshot),
    action: verdict.action,
    reason: sayReason(verdict, schedule),
  });
}

/** `destroy  zrep_00000a  2026-11-20 06:00 UTC  5 days old  why`, a line each. */
export function verdictTable(
  verdicts: readonly Verdict[],
  schedule: Schedule | undefined,
  now: number,
): string[] {
  const width = verdicts.reduce((most, { snapshot }) => Math.max(most, snapshot.name.length), 0);
  return verdicts.map((verdict) => {
    const { snapshot, action } = verdict;
    const age = sayAge(now - snapshot.creation);
    const cells = [
      action.padEnd(7),
      snapshot.name.padEnd(width),
      sayTime(snapshot.creation),
      age.padStart(14),
    ];
    return printable(`  ${cells.join('  ')}  ${sayReason(verdict, schedule)}`);
  });
}

/** What a run would do with a dataset. */
export function previewTitle(
  dataset: string,
  verdicts: readonly Verdict[],
  reclaim: Reclaim | undefined,
): string {
  const going = verdicts.filter(({ action }) => action === 'destroy').length;
  const all = count(verdicts.length, 'snapshot');
  if (going === 0) return `${dataset}: ${all}, none would be destroyed`;
  const free = reclaim && `${reclaim.atLeast ? 'at least ' : ''}${sayBytes(reclaim.bytes)} would come free`;
  return `${dataset}: ${all}, ${going} would be destroyed${free === undefined ? '' : `; ${free}`}`;
}
