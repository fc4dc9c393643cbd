/** Lengths of time: how they are written, where they lead, and how long they are as a distance. */

import t from 'tap';
import { before, fixedSeconds, isProblem, parseSpan, type Span } from '../../src/expire/span.ts';

const DAY = 86_400;

function read(text: string): Span {
  const span = parseSpan(text);
  if (isProblem(span)) throw new Error(span.problem);
  return span;
}

t.test('all the usual ways of writing one are understood', async (t) => {
  for (const [text, said] of Object.entries({
    '48 hours': '48 hours',
    '48hours': '48 hours',
    '2h': '2 hours',
    ' 1  Hour ': '1 hour',
    '2 hours 30 minutes': '2 hours 30 minutes',
    '2h30min': '2 hours 30 minutes',
    '1 year, 6 months': '1 year 6 months',
    '1 year and 2 days': '1 year 2 days',
    '4w': '4 weeks',
    '6mo': '6 months',
    '0 seconds': '0 seconds',
    '3 YRS': '3 years',
  }))
    t.equal(read(text).text, said, text);
});

t.test('what has no meaning, or two, is a problem', async (t) => {
  for (const text of [
    '',
    '15',
    'day',
    '7am',
    '-1 day',
    '1.5 days',
    '2 fortnights',
    '1 day x',
    '5m',
    'constructor',
    '1 day 2',
    '9999999999 s',
  ])
    t.ok(isProblem(parseSpan(text)), text);
  t.match(parseSpan('15'), { problem: /"15" has no unit/ });
  t.match(parseSpan('5m'), { problem: /minutes or months/ });
});

t.test('an age is a calendar one, clamped to the end of a shorter month', async (t) => {
  const at = (text: string) => Date.parse(text) / 1000;
  const cases: [string, string, string][] = [
    ['2026-03-31T06:55:00Z', '1 month', '2026-02-28T06:55:00Z'],
    ['2024-03-31T06:55:00Z', '1 month', '2024-02-29T06:55:00Z'],
    ['2024-02-29T00:00:00Z', '1 year', '2023-02-28T00:00:00Z'],
    ['2026-01-15T12:00:00Z', '13 months', '2024-12-15T12:00:00Z'],
    ['2026-03-29T12:00:00Z', '1 day', '2026-03-28T12:00:00Z'],
    ['2026-11-25T00:00:30Z', '1 minute', '2026-11-24T23:59:30Z'],
    ['2026-03-31T00:00:00Z', '1 month 1 day', '2026-02-27T00:00:00Z'],
  ];
  for (const [now, text, then] of cases)
    t.equal(before(at(now), read(text)), at(then), `${text} before ${now}`);
  t.ok(before(at('2026-01-01T00:00:00Z'), read('999999999 years')) < -1e15);
});

t.test('a distance is what it is from the first day of a common year', async (t) => {
  const days = (text: string) => fixedSeconds(read(text)) / DAY;
  t.same(
    ['1 week', '1 month', '2 months', '6 months', '1 year', '4 years'].map(days),
    [7, 31, 59, 181, 365, 1461],
  );
  t.equal(fixedSeconds(read('0 seconds')), 0);
});

t.test('days count as the calendar of javascript has them', async (t) => {
  for (let day = -800_000; day < 800_000; day += 997) {
    const time = day * DAY;
    const date = new Date(time * 1000);
    date.setUTCFullYear(date.getUTCFullYear() - 1, date.getUTCMonth(), 1);
    const first = time - (new Date(time * 1000).getUTCDate() - 1) * DAY;
    if (before(first, read('1 year')) * 1000 !== date.getTime()) t.fail(String(day));
  }
});
