/** Three years of hourly snapshots and runs, across every clock change: what is there at each moment. */

import t from 'tap';
import { decide } from '../../src/expire/decide.ts';
import type { Snapshot } from '../../src/expire/snapshot.ts';
import { readSchedule, sentSnapshot } from '../fixtures/expire/schedules.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const FROM = Date.UTC(2024, 0, 5, 6, 55) / 1000;
const HOURS = 3 * 365 * 24;

/** A run an hour, a snapshot before each; `look` is shown what is left, oldest first, and what was destroyed. */
function live(
  text: string,
  look: (left: readonly Snapshot[], gone: readonly Snapshot[], now: number) => void,
): void {
  const schedule = readSchedule(text);
  let there: Snapshot[] = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    const now = FROM + hour * HOUR;
    there.push({ ...sentSnapshot(`zrep_${hour.toString(16).padStart(6, '0')}`, now - 60), createtxg: hour });
    const verdicts = decide(schedule, there, { now, keep: 5, tags: ['zrep'] });
    const of = (wanted: string) =>
      verdicts.filter(({ action }) => action === wanted).map(({ snapshot }) => snapshot);
    there = of('keep');
    look(there, of('destroy'), now);
  }
}

const RULES = '48 hours : 0 seconds\n15 days : 1 day\n4 weeks : 1 week\n6 months : 1 month\n2 years : 1 year';

t.test('rules: nothing younger than 48 hours goes, and no gap is wider than two tiers make it', async (t) => {
  /** Up to this age in days, the widest gap: the interval, one of the finer tier, an hour, and a month's or year's length. */
  const widest = [
    [2, HOUR],
    [15, DAY + HOUR],
    [28, 8 * DAY + HOUR],
    [180, 31 * DAY + 8 * DAY],
    [730, 365 * DAY + 40 * DAY],
  ] as const;
  let [least, most, wrong] = [Number.POSITIVE_INFINITY, 0, 0];
  live(RULES, (left, gone, now) => {
    if (gone.some(({ creation }) => creation > now - 48 * HOUR)) wrong += 1;
    for (let index = 1; index < left.length; index += 1) {
      const [older, newer] = [left[index - 1] as Snapshot, left[index] as Snapshot];
      const age = (now - older.creation) / DAY;
      const allowed = widest.find(([days]) => age <= days)?.[1] ?? Number.POSITIVE_INFINITY;
      if (newer.creation - older.creation > allowed) wrong += 1;
    }
    if (now < FROM + 400 * DAY) return;
    [least, most] = [Math.min(least, left.length), Math.max(most, left.length)];
  });
  t.equal(wrong, 0);
  t.ok(least >= 65 && most <= 72, `${least} to ${most} snapshots`);
});

for (const zone of ['Europe/Berlin', 'Australia/Lord_Howe'])
  t.test(
    `the calendar in ${zone}: each day, week, month and year has its snapshot, all the time`,
    async (t) => {
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
      // By another way than the program's: the date as Intl writes it, once a snapshot.
      const dates = new Map<number, string>();
      const dateOf = (epoch: number): string => {
        const known = dates.get(epoch) ?? format.format(epoch * 1000);
        dates.set(epoch, known);
        return known;
      };
      const text = `every snapshot for 48 hours\ndaily for 15 days\nweekly for 4 weeks\nmonthly for 6 months\nyearly for 3 years\ntime zone ${zone}`;
      let [wrong, least, most] = [0, Number.POSITIVE_INFINITY, 0];
      const first = FROM - 60;
      live(text, (left, gone, now) => {
        if (gone.some(({ creation }) => creation > now - 48 * HOUR)) wrong += 1;
        // Once a day is enough to look at the rest.
        if ((now - FROM) % DAY !== 0) return;
        const has = new Set(left.map(({ creation }) => dateOf(creation)));
        for (let back = 0; back < 15; back += 1) {
          const time = now - back * DAY - 60;
          if (time >= first && !has.has(dateOf(time))) wrong += 1;
        }
        const months = new Set([...has].map((date) => date.slice(0, 7)));
        for (let back = 0; back < 5; back += 1) {
          const date = new Date(`${dateOf(now).slice(0, 7)}-15T00:00:00Z`);
          date.setUTCMonth(date.getUTCMonth() - back);
          const month = date.toISOString().slice(0, 7);
          if (month >= '2024-01' && !months.has(month)) wrong += 1;
        }
        const years = new Set([...has].map((date) => date.slice(0, 4)));
        for (let year = 2024; year <= Number(dateOf(now - 60).slice(0, 4)); year += 1)
          if (!years.has(String(year))) wrong += 1;
        if (now < FROM + 200 * DAY) return;
        [least, most] = [Math.min(least, left.length), Math.max(most, left.length)];
      });
      t.equal(wrong, 0);
      t.ok(least >= 48 + 13 && most <= 49 + 15 + 4 + 7 + 3, `${least} to ${most} snapshots`);
    },
  );
