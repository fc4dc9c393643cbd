/** The calendar's choice: days of 23 and 25 hours, weeks over New Year, oldest and newest. */

import t from 'tap';
import { judgeByCalendar } from '../../src/expire/by-calendar.ts';
import { decide } from '../../src/expire/decide.ts';
import type { Snapshot } from '../../src/expire/snapshot.ts';
import { sayKeeper, sayReason } from '../../src/expire/wording.ts';
import { epochOf, findZone, type Zone } from '../../src/expire/zone.ts';
import { readSchedule, sentSnapshot } from '../fixtures/expire/schedules.ts';

const at = (time: string) => Date.parse(time) / 1000;
const zone = (name: string) => findZone(name) as Zone;

/** Which of the snapshots made at `times`, oldest first, stay by the schedule alone. */
function keptOf(text: string, now: string, times: readonly string[]): string[] {
  const schedule = readSchedule(text);
  if (schedule.kind !== 'calendar') throw new Error('no calendar');
  const candidates = times.map((time, index) =>
    sentSnapshot(`zrep_${index.toString(16).padStart(6, '0')}`, at(time)),
  );
  const whys = judgeByCalendar(schedule, candidates, () => true, at(now));
  return times.filter((_, index) => whys[index]?.code === 'kept');
}

t.test('of each day one stays, the oldest or the newest, as the zone has days', async (t) => {
  const times = [
    '2026-11-20T22:30:00Z',
    '2026-11-20T23:30:00Z',
    '2026-11-21T10:00:00Z',
    '2026-11-21T23:30:00Z',
  ];
  const now = '2026-11-22T12:00:00Z';
  t.same(keptOf('daily for 15 days', now, times), [times[0], times[2]]);
  t.same(keptOf('daily for 15 days\nkeep newest', now, times), [times[1], times[3]]);
  const berlin = 'daily for 15 days\ntime zone Europe/Berlin';
  t.same(keptOf(berlin, now, times), [times[0], times[1], times[3]], 'there 23:30 is the next day');
  t.same(keptOf(`${berlin}\nkeep newest`, now, times), [times[0], times[2], times[3]]);
});

t.test(
  'a day on which the clock changes is one day, and the hour that is there twice is two hours',
  async (t) => {
    const autumn = [
      '2026-10-24T22:10:00Z',
      '2026-10-25T00:10:00Z',
      '2026-10-25T01:10:00Z',
      '2026-10-25T22:50:00Z',
      '2026-10-25T23:10:00Z',
    ];
    const now = '2026-10-26T12:00:00Z';
    t.same(
      keptOf('daily for 15 days\ntime zone Europe/Berlin', now, autumn),
      [autumn[0], autumn[4]],
      '25 hours',
    );
    t.same(
      keptOf('hourly for 15 days\ntime zone Europe/Berlin', now, autumn),
      autumn,
      '02:10 summer time, 02:10 winter time',
    );
    const spring = ['2026-03-28T23:00:00Z', '2026-03-29T21:59:00Z', '2026-03-29T22:00:00Z'];
    t.same(
      keptOf('daily for 15 days\ntime zone Europe/Berlin', '2026-03-30T12:00:00Z', spring),
      [spring[0], spring[2]],
      '23 hours',
    );
  },
);

t.test(
  'weeks begin on Monday, also over New Year, and months and years are as the zone has them',
  async (t) => {
    const times = [
      '2025-12-28T12:00:00Z',
      '2025-12-29T12:00:00Z',
      '2025-12-31T23:30:00Z',
      '2026-01-04T12:00:00Z',
      '2026-01-05T12:00:00Z',
    ];
    const now = '2026-01-06T00:00:00Z';
    t.same(keptOf('weekly for 4 weeks', now, times), [times[0], times[1], times[4]]);
    t.same(keptOf('monthly for 6 months', now, times), [times[0], times[3]]);
    t.same(keptOf('yearly for 3 years\ntime zone Europe/Berlin', now, times), [times[0], times[2]]);
  },
);

t.test('an age counts the days of the zone, and ends exactly there', async (t) => {
  // 15 days before 12:00 of the 30th, winter time, is 12:00 of the 15th, summer time.
  const times = ['2026-10-15T10:00:00Z', '2026-10-15T10:00:01Z'];
  t.same(keptOf('every snapshot for 15 days\ntime zone Europe/Berlin', '2026-10-30T11:00:00Z', times), [
    times[1],
  ]);
  const hours = ['2026-10-24T12:00:00Z', '2026-10-24T12:00:01Z'];
  t.same(
    keptOf('every snapshot for 48 hours\ntime zone Europe/Berlin', '2026-10-26T12:00:00Z', hours),
    [hours[1]],
    'an hour is an hour',
  );
  const daily = ['2026-10-15T00:00:00Z', '2026-10-15T18:00:00Z', '2026-10-16T00:00:00Z'];
  t.same(
    keptOf('daily for 15 days', '2026-10-30T12:00:00Z', daily),
    [daily[2]],
    'the next of a day does not take the place of one that got too old',
  );
});

t.test('a snapshot may count for several tiers, and says so by the finest', async (t) => {
  const schedule = readSchedule(
    'every snapshot for 2 days\ndaily for 15 days\nweekly for 4 weeks\ntime zone Europe/Berlin',
  );
  const times = [
    '2026-11-02T06:00:00Z',
    '2026-11-11T06:00:00Z',
    '2026-11-15T06:00:00Z',
    '2026-11-15T07:00:00Z',
    '2026-11-20T06:00:00Z',
    '2026-11-24T07:00:00Z',
    '2026-11-24T08:00:00Z',
  ];
  const listing = times.map((time, index): Snapshot => sentSnapshot(`zrep_00000${index}`, at(time)));
  const verdicts = decide(schedule, listing, { now: at('2026-11-25T06:00:00Z'), keep: 1, tags: ['zrep'] });
  t.same(
    verdicts.map((verdict) => `${verdict.action}: ${sayReason(verdict, schedule)}`),
    [
      'keep: the oldest of the week of 2026-11-02 (weekly for 4 weeks)',
      'keep: the oldest of 2026-11-11 (daily for 15 days)',
      'keep: the oldest of 2026-11-15 (daily for 15 days)',
      'destroy: zrep_000002 stands for 2026-11-15 (daily for 15 days)',
      'keep: the oldest of 2026-11-20 (daily for 15 days)',
      'keep: every snapshot for 2 days',
      'keep: every snapshot for 2 days',
    ],
  );
  t.match(verdicts[1]?.why, { tiers: [1, 2] });
  t.same(verdicts.map((verdict) => sayKeeper(verdict, schedule)).slice(0, 4), [
    'weekly for 4 weeks',
    'daily for 15 days',
    'daily for 15 days',
    undefined,
  ]);
});

t.test('zones are those of the IANA database, clock changes at odd minutes included', async (t) => {
  t.equal(findZone('Mars/Olympus'), undefined);
  t.equal(findZone(''), undefined);
  const johns = zone('America/St_Johns');
  // Until 2011 the clocks there were changed a minute after midnight.
  t.equal(johns.offset(at('2010-11-07T02:30:59Z')), -2.5 * 3600);
  t.equal(johns.offset(at('2010-11-07T02:31:00Z')), -3.5 * 3600);
  for (const name of [
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Asia/Kathmandu',
    'Africa/Casablanca',
  ]) {
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: name,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    for (let time = at('2009-01-01T00:00:00Z'); time < at('2029-01-01T00:00:00Z'); time += 41 * 3607) {
      const local = Date.parse(`${format.format(time * 1000).replace(' ', 'T')}Z`) / 1000;
      if (time + zone(name).offset(time) !== local) t.fail(`${name} at ${time}`);
    }
  }
  const berlin = zone('Europe/Berlin');
  t.equal(
    epochOf(berlin, at('2026-10-25T02:30:00Z')),
    at('2026-10-25T00:30:00Z'),
    'there twice: the earlier',
  );
  t.equal(epochOf(berlin, at('2026-03-29T02:30:00Z')), at('2026-03-29T00:30:00Z'), 'not there: the earlier');
  t.equal(epochOf(berlin, at('2026-10-25T12:00:00Z')), at('2026-10-25T11:00:00Z'), 'later that day');
});
