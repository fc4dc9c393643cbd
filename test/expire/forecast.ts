/** What a schedule settles at, and the picture of it. */

import t from 'tap';
import { forecast } from '../../src/expire/forecast.ts';
import { drawForecast } from '../../src/expire/picture.ts';
import type { Schedule } from '../../src/expire/schedule.ts';
import { readSchedule } from '../fixtures/expire/schedules.ts';

const FROM = 1_795_389_060;
const outlook = (days: number) => ({ from: FROM, until: FROM + days * 86_400, every: 3600, keep: 5 });
const of = (text: string, days: number) =>
  forecast(readSchedule(text) as Exclude<Schedule, { kind: 'all' }>, outlook(days));

t.test('the calendar settles at as many as are written', async (t) => {
  const { tiers, total, settled, totals } = of(
    'every snapshot for 48 hours\ndaily for 15 days\nweekly for 4 weeks\nmonthly for 3 months',
    200,
  );
  t.same(
    tiers.map(({ name, count, settled }) => [name, count.least, count.most, settled]),
    [
      ['every snapshot for 48 hours', 48, 48, true],
      ['daily for 15 days', 15, 15, true],
      // The first of a month stays for that, and is the oldest of its week when Monday's is gone.
      ['weekly for 4 weeks', 4, 5, true],
      ['monthly for 3 months', 3, 3, true],
    ],
  );
  t.ok(settled && total.least > 60 && total.most < 70, `${total.least} to ${total.most}`);
  t.equal(totals.length, 200 * 24);
});

t.test('the rules of the classical schedule settle where a simulation of the original did', async (t) => {
  const { tiers, total } = of(
    '48 hours : 0 seconds\n15 days : 1 day\n4 weeks : 1 week\n6 months : 1 month',
    400,
  );
  const within = [
    [47, 49],
    [12, 14],
    [1, 3],
    [4, 6],
  ];
  for (const [index, { name, count }] of tiers.entries()) {
    const [least = 0, most = 0] = within[index] ?? [];
    t.ok(count.least >= least && count.most <= most, `${name}: ${count.least} to ${count.most}`);
  }
  t.ok(total.most < 72);
});

t.test('what has no time to fill up is not called settled', async (t) => {
  const { tiers, settled } = of('all for 1 day\nyearly for 3 years\nmonthly forever', 60);
  t.same(
    tiers.map(({ settled }) => settled),
    [true, false, false],
  );
  t.equal(settled, false);
});

t.test('the picture has a bar a tier and the total over time, and fits the terminal', async (t) => {
  const text = drawForecast(of('every snapshot for 24 hours\ndaily for 10 days\nyearly for 3 years', 40), {
    width: 60,
    title: 'TITLE',
    span: '40 days',
  });
  const lines = text.split('\n');
  t.equal(lines[0], 'TITLE');
  t.match(text, /^ {2}every snapshot for 24 hours {2}24 {2}#+$/m);
  t.match(text, /^ {2}daily for 10 days {12}10 {2}#+$/m);
  t.match(text, /^ {2}yearly for 3 years +\d(?:\.\.\d)?\+ #$/m);
  t.match(text, /^ {2}\+ still filling up/m);
  t.match(text, /^ {6}now +in 40 days$/m);
  t.ok(
    lines.every((line) => line.length <= 60),
    'width',
  );
  t.match(text, /^[\x20-\x7e\n]*$/);
});
