/** What is to be kept: the original's rules, or a calendar's periods, or all; and for which file systems. */

import type { Span } from './span.ts';
import type { Zone } from './zone.ts';

/** `MAX_AGE : MIN_INTERVAL`: up to this age, two that stay are at least so far apart. */
export interface Rule {
  readonly age: Span;
  readonly interval: Span;
}

interface RuleSchedule {
  readonly kind: 'rules';
  readonly rules: readonly Rule[];
}

/** The finest first: the order in which they are told. */
export const PERIODS = ['hour', 'day', 'week', 'month', 'year'] as const;
export type Period = (typeof PERIODS)[number];

/** One snapshot of each period, or every snapshot, up to an age. */
export interface Tier {
  readonly period: Period | 'every';
  /** Undefined is for ever. */
  readonly age: Span | undefined;
}

export type Pick = 'oldest' | 'newest';

export interface CalendarSchedule {
  readonly kind: 'calendar';
  readonly zone: Zone;
  /** Which one of each period. */
  readonly pick: Pick;
  /** The finest first, no period twice. */
  readonly tiers: readonly Tier[];
}

interface KeepAll {
  readonly kind: 'all';
}

export type Schedule = RuleSchedule | CalendarSchedule | KeepAll;

export interface Section {
  /** Names of file systems, or patterns with `*` (within one level) and `**` (any levels). */
  readonly patterns: readonly string[];
  readonly schedule: Schedule;
  /** Its line in the file. */
  readonly line: number;
}

export interface Configuration {
  readonly sections: readonly Section[];
  /** For file systems without a section: what stands in front of the first. */
  readonly otherwise: Schedule | undefined;
}
