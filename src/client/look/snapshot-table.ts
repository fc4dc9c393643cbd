/** The snapshots of a file system, a line each. Pure. */

import { sayBytes } from '../../expire/amounts.ts';
import type { Verdict } from '../../expire/decide.ts';
import type { Schedule } from '../../expire/schedule.ts';
import { sayKeeper, sayReason } from '../../expire/wording.ts';
import { sayAge } from './ages.ts';

export interface SnapshotRow {
  /** Behind the @. */
  readonly name: string;
  readonly guid: string | null;
  /** Epoch seconds; null where it was never sent under the tag. */
  readonly sent: number | null;
  readonly creation: number;
  readonly ageSeconds: number;
  /** Since the one before it; null for the first. */
  readonly gapSeconds: number | null;
  /** Bytes. */
  readonly used: number | null;
  readonly referenced: number | null;
  /** What zrep-expire would do, and why. */
  readonly action: Verdict['action'];
  readonly reason: string;
  /** What of the schedule, or beside it, keeps it; null for one that goes. */
  readonly keptBy: string | null;
}

/** What zfs says of a snapshot beside what is decided by. */
export interface Sizes {
  readonly guid: string | null;
  readonly sent: number | null;
  readonly used: number | null;
  readonly referenced: number | null;
}

/** Rows of the verdicts on one file system, oldest first. */
export function rowsOf(
  verdicts: readonly Verdict[],
  schedule: Schedule | undefined,
  sizesOf: (name: string) => Sizes,
  now: number,
): SnapshotRow[] {
  const sorted = [...verdicts].sort((a, b) => a.snapshot.createtxg - b.snapshot.createtxg);
  return sorted.map((verdict, index) => {
    const { name, creation } = verdict.snapshot;
    const before = sorted[index - 1]?.snapshot.creation;
    return {
      name,
      creation,
      ...sizesOf(name),
      ageSeconds: Math.max(0, now - creation),
      gapSeconds: before === undefined ? null : Math.max(0, creation - before),
      action: verdict.action,
      reason: sayReason(verdict, schedule),
      keptBy: sayKeeper(verdict, schedule) ?? null,
    };
  });
}

const HEADINGS = ['SNAPSHOT', 'SENT', 'MADE', 'AGE', 'GAP', 'USED', 'REFER', 'KEPT BY'];
const TO_THE_RIGHT = new Set(['AGE', 'GAP', 'USED', 'REFER']);

/** Lines with a heading; `dates` has the times as they are to be shown. */
export function snapshotTable(rows: readonly SnapshotRow[], dates: ReadonlyMap<number, string>): string[] {
  const cells = rows.map((row) => [
    row.name,
    row.sent === null ? '-' : (dates.get(row.sent) ?? ''),
    dates.get(row.creation) ?? '',
    sayAge(row.ageSeconds),
    row.gapSeconds === null ? '-' : sayAge(row.gapSeconds),
    row.used === null ? '-' : sayBytes(row.used),
    row.referenced === null ? '-' : sayBytes(row.referenced),
    row.keptBy === null ? `nothing: ${row.reason}` : describeKeeper(row),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  return [HEADINGS, ...cells].map((row) => {
    const padded = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return TO_THE_RIGHT.has(HEADINGS[column] ?? '') ? cell.padStart(width) : cell.padEnd(width);
    });
    return `  ${padded.join('  ')}`.trimEnd();
  });
}

/** What is protected, is so for a reason that the schedule does not tell. */
function describeKeeper({ keptBy, reason }: SnapshotRow): string {
  return keptBy === 'protected' ? reason : (keptBy ?? '');
}
