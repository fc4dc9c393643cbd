/** What every step of a run of the client stands on. */

import type { Step } from '../../replication/step.ts';
import type { FarSide } from '../far/far-side.ts';
import type { Settings } from '../words/settings.ts';
import type { SourceHost } from '../words/source.ts';
import type { Patience } from './patience.ts';
import type { Progress } from './progress.ts';
import type { Report } from './report.ts';
import type { Tally } from './tally.ts';
import type { Trace } from './trace.ts';

export interface Run {
  readonly settings: Settings;
  /** For zfs and locks on this host. */
  readonly step: Step;
  readonly report: Report;
  /** Where somebody looks on. */
  readonly progress: Progress | undefined;
  /** For what is busy. */
  readonly patience: Patience;
  /** For who wants to know what is done. */
  readonly trace: Trace;
  /** `2 of 20`, where there are several; for who looks on. */
  readonly place?: string;
  /** What is moved of the file system that this is about, where somebody wants to know. */
  readonly tally?: Tally;
  far(host: SourceHost): FarSide;
}
