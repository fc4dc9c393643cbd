/**
 * Keeping by the calendar: of each day, week, month or year of a time zone one snapshot, up to an age. Pure.
 *
 * Each tier looks at all snapshots, whatever the others keep, and its choice of a period does not depend on the age: when
 * the oldest of a day gets too old, the next one of that day does not take its place. A repeated hour is two hours. What is
 * exactly as old as an age is over it: of 15 days there are 15.
 */

import { civilOf, DAY, formatDate, formatMinute, two } from './civil.ts';
import type { CalendarSchedule, Period, Tier } from './schedule.ts';
import type { Snapshot } from './snapshot.ts';
import { before } from './span.ts';
import { epochOf, type Zone } from './zone.ts';

export type CalendarWhy =
  /** `tiers` are all that keep it, as places in the schedule, the finest first. */
  | { readonly code: 'kept'; readonly tiers: readonly number[] }
  /** The finest tier that still reaches so far back keeps another of its period. */
  | { readonly code: 'other'; readonly tier: number; readonly by: Snapshot }
  | { readonly code: 'outlived' }
  | { readonly code: 'unsent' };

/** Of `candidates`, oldest first, why each stays or goes; those that `counts` says no to stay, and stand for no period. */
export function judgeByCalendar(
  { zone, pick, tiers }: Pick<CalendarSchedule, 'zone' | 'pick' | 'tiers'>,
  candidates: readonly Snapshot[],
  counts: (snapshot: Snapshot) => boolean,
  now: number,
): CalendarWhy[] {
  const counted = candidates.map(counts);
  const cutoffs = tiers.map(({ age }) => cutoffOf(zone, now, age));
  const choices = tiers.map(({ period }) => choose(period, candidates, counted, zone, pick));
  return candidates.map((snapshot, place): CalendarWhy => {
    if (counted[place] !== true) return { code: 'unsent' };
    const keeping: number[] = [];
    let other: CalendarWhy | undefined;
    for (const [tier, choice] of choices.entries()) {
      if (snapshot.creation <= (cutoffs[tier] as number)) continue;
      const by = choice?.[place] ?? snapshot;
      if (by === snapshot) keeping.push(tier);
      else other ??= { code: 'other', tier, by };
    }
    if (keeping.length > 0) return { code: 'kept', tiers: keeping };
    return other ?? { code: 'outlived' };
  });
}

/** For each place the one that stands for its period; undefined for every snapshot, where there is no choice to be made. */
function choose(
  period: Tier['period'],
  candidates: readonly Snapshot[],
  counted: readonly boolean[],
  zone: Zone,
  pick: CalendarSchedule['pick'],
): Snapshot[] | undefined {
  if (period === 'every') return undefined;
  const chosen = new Map<number, Snapshot>();
  const buckets = candidates.map((snapshot) => bucketOf(period, snapshot, zone));
  for (const [place, bucket] of buckets.entries()) {
    if (counted[place] !== true || (pick === 'oldest' && chosen.has(bucket))) continue;
    chosen.set(bucket, candidates[place] as Snapshot);
  }
  return buckets.map((bucket, place) => chosen.get(bucket) ?? (candidates[place] as Snapshot));
}

/** Days and longer are the zone's, so that 15 days are 15 days there, of 23 hours or 25. */
function cutoffOf(zone: Zone, now: number, age: Tier['age']): number {
  if (age === undefined) return Number.NEGATIVE_INFINITY;
  if (age.months === 0 && age.days === 0) return now - age.seconds;
  return epochOf(zone, before(now + zone.offset(now), { ...age, seconds: 0 })) - age.seconds;
}

/** A number that all snapshots of one period have, and no others. */
function bucketOf(period: Period, { creation }: Snapshot, zone: Zone): number {
  const offset = zone.offset(creation);
  if (period === 'hour') return Math.floor((creation + offset) / 3600) * 3600 - offset;
  const day = Math.floor((creation + offset) / DAY);
  if (period === 'day') return day;
  if (period === 'week') return weekOf(day);
  const { year, month } = civilOf(day);
  return period === 'month' ? year * 12 + month - 1 : year;
}

/** Weeks begin on Monday; day 0 was a Thursday. */
function weekOf(day: number): number {
  return Math.floor((day + 3) / 7);
}

/** How a person calls the period: `2026-11-20`, `the week of 2026-11-16`, `2026-11`. */
export function labelOf(period: Period, snapshot: Snapshot, zone: Zone): string {
  const local = snapshot.creation + zone.offset(snapshot.creation);
  const day = Math.floor(local / DAY);
  const { year, month } = civilOf(day);
  const labels: Readonly<Record<Period, () => string>> = {
    hour: () => `the hour of ${formatMinute(local - (((local % 3600) + 3600) % 3600))}`,
    day: () => formatDate(day),
    week: () => `the week of ${formatDate(weekOf(day) * 7 - 3)}`,
    month: () => `${year}-${two(month)}`,
    year: () => String(year),
  };
  return labels[period]();
}
