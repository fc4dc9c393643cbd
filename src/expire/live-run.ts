/** What a run over this machine's file systems stands on. */

import type { Report } from '../client/run/report.ts';
import type { Step } from '../replication/step.ts';
import type { Question, Verdict } from './decide.ts';
import type { Reading } from './from-zfs.ts';
import type { Configuration, Schedule } from './schedule.ts';
import type { Snapshot } from './snapshot.ts';

export interface LiveRun {
  readonly step: Step;
  readonly report: Report;
  readonly configuration: Configuration;
  readonly question: Omit<Question, 'now'>;
  /** Epoch seconds; undefined for the clock's, whenever it is asked. */
  readonly now: number | undefined;
  /** What goes is told. */
  readonly verbose: boolean;
  /** And what stays. */
  readonly debug: boolean;
}

/** A dataset with what is to be decided over it. */
export interface Facts {
  readonly reading: Reading;
  readonly schedule: Schedule | undefined;
  /** The section of the file that is for it; undefined for none. */
  readonly pattern: string | undefined;
  readonly snapshots: readonly Snapshot[];
}

export interface Plan extends Facts {
  readonly verdicts: readonly Verdict[];
}

export function clock({ now }: Pick<LiveRun, 'now'>): number {
  return now ?? Math.floor(Date.now() / 1000);
}
