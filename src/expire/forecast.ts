/**
 * How many snapshots a schedule settles at: a pretended source makes one at each step, all are sent, and the very
 * decision of a real run is made, over and over. Pure.
 */

import { DAY } from './civil.ts';
import { decide } from './decide.ts';
import type { Schedule } from './schedule.ts';
import type { Snapshot } from './snapshot.ts';
import { before, fixedSeconds, type Span } from './span.ts';
import { sayTier } from './wording.ts';

export interface Range {
  readonly least: number;
  readonly most: number;
}

interface TierForecast {
  /** The line of the schedule. */
  readonly name: string;
  /** How many it keeps; by the calendar one may count for several tiers. */
  readonly count: Range;
  /** False where the time was too short to see it full. */
  readonly settled: boolean;
}

export interface Forecast {
  readonly tiers: readonly TierForecast[];
  readonly total: Range;
  readonly settled: boolean;
  /** The total after each run. */
  readonly totals: readonly number[];
  readonly runs: number;
}

export interface Outlook {
  readonly from: number;
  readonly until: number;
  /** Seconds between two snapshots. */
  readonly every: number;
  readonly keep: number;
}

/** More runs than these tell no more, and take long. */
const MOST_RUNS = 20_000;

export function forecast(schedule: Exclude<Schedule, { kind: 'all' }>, outlook: Outlook): Forecast {
  const { from, until, every, keep } = outlook;
  const steps = Math.floor((until - from) / every);
  const stride = Math.max(1, Math.ceil(steps / MOST_RUNS));
  const last = until - every * stride;
  const tiers = tiersOf(schedule);
  const full = tiers.map(({ age }) => fullAt(age, from));
  const all = Math.max(...full);
  // The first period is a part of one, so that one more passes by before the number is a steady one.
  const steady = tiers.map(({ grain }, index) => (full[index] as number) + grain);
  const begins = [
    ...steady.map((time, index) => begin(time, full[index] as number, last)),
    begin(Math.max(...steady), all, last),
  ];
  const ranges = begins.map(() => ({ least: Number.POSITIVE_INFINITY, most: 0 }));
  const totals: number[] = [];
  let there: Snapshot[] = [];
  for (let step = 1; step <= steps; step += 1) {
    const now = from + step * every;
    there.push(pretend(step, now));
    if (step % stride !== 0 && step !== steps) continue;
    const verdicts = decide(schedule, there, { now, keep, tags: ['zrep'] });
    const left = verdicts.filter(({ action }) => action === 'keep');
    there = left.map(({ snapshot }) => snapshot);
    totals.push(there.length);
    const counts = [...countTiers(schedule, left, now), there.length];
    for (const [index, count] of counts.entries()) {
      const range = ranges[index] as { least: number; most: number };
      if (now < (begins[index] as number)) continue;
      range.least = Math.min(range.least, count);
      range.most = Math.max(range.most, count);
    }
  }
  const total = ranges[tiers.length] as Range;
  return {
    tiers: tiers.map(({ name }, index) => ({
      name,
      count: ranges[index] as Range,
      settled: (full[index] as number) < last,
    })),
    total,
    settled: all < last,
    totals,
    runs: totals.length,
  };
}

function pretend(step: number, now: number): Snapshot {
  const name = `zrep_${step.toString(16).padStart(6, '0')}`;
  return { ...{ dataset: 'tank/x', name, creation: now, createtxg: step }, sentAs: SENT, guards: [] };
}

const SENT: ReadonlySet<string> = new Set(['zrep']);

interface Line {
  readonly name: string;
  readonly age: Span | undefined;
  /** Seconds: about how far apart those that stay are. */
  readonly grain: number;
}

const GRAINS = { every: 0, hour: 3600, day: DAY, week: 7 * DAY, month: 31 * DAY, year: 366 * DAY } as const;

/** The lines of a schedule, the youngest first. */
function tiersOf(schedule: Exclude<Schedule, { kind: 'all' }>): Line[] {
  if (schedule.kind === 'calendar')
    return schedule.tiers.map((tier) => ({ name: sayTier(tier), age: tier.age, grain: GRAINS[tier.period] }));
  return youngest(schedule).map(({ age, interval }) => ({
    ...{ name: `${age.text} : ${interval.text}`, age },
    grain: fixedSeconds(interval),
  }));
}

function youngest({ rules }: Extract<Schedule, { kind: 'rules' }>) {
  return [...rules].sort((a, b) => before(0, b.age) - before(0, a.age));
}

/** What has an age is full when that has gone by since the beginning. */
function fullAt(age: Span | undefined, from: number): number {
  return age === undefined ? Number.POSITIVE_INFINITY : from - before(0, age);
}

/** From when on to count: as late as it should be, or, where the time is too short for that, as late as it can be. */
function begin(steady: number, full: number, last: number): number {
  if (steady < last) return steady;
  return full < last ? full : last;
}

/** By rules, each counts where its age puts it; by the calendar, for each tier that keeps it. */
function countTiers(
  schedule: Exclude<Schedule, { kind: 'all' }>,
  left: readonly { readonly snapshot: Snapshot; readonly why: ReturnType<typeof decide>[number]['why'] }[],
  now: number,
): number[] {
  if (schedule.kind === 'calendar') {
    const counts = schedule.tiers.map(() => 0);
    for (const { why } of left)
      if (why.code === 'kept') for (const index of why.tiers) counts[index] = (counts[index] ?? 0) + 1;
    return counts;
  }
  const cutoffs = youngest(schedule).map(({ age }) => before(now, age));
  const counts = cutoffs.map(() => 0);
  for (const { snapshot } of left) {
    const place = cutoffs.findIndex((cutoff) => cutoff <= snapshot.creation);
    if (place >= 0) counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}
