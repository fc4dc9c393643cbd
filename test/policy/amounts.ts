/** Times and sizes as people write them, and what is left out of that on purpose. */

import fc from 'fast-check';
import t from 'tap';
import { leaves, parseSpace, parseSpan, type Space } from '../../src/policy/amounts.ts';

t.test('a time is a number and a unit, in seconds', async (t) => {
  const spans: Record<string, number> = {
    '0 seconds': 0, '1 second': 1, '90 seconds': 90, '1 minute': 60, '5 minutes': 300, '12 hours': 43_200,
    '7 days': 604_800, '1 day': 86_400, '2 weeks': 1_209_600, '999999 weeks': 999_999 * 604_800,
  }; // biome-ignore format: one table
  for (const [text, seconds] of Object.entries(spans)) t.equal(parseSpan(text), seconds, text);
});

t.test('no other spelling is one, and no unit that has no fixed length', async (t) => {
  for (const text of [
    '', '7', 'days', '7days', '7  days', ' 7 days', '7 days ', '7 days\n', '7 Days', '-1 days', '+1 days', '1.5 days',
    '07 days', '1e3 days', '1000000 days', '7 d', '7 dayss', 'a week', '1 month', '2 years', '7 days 1 hour', '١ day',
  ]) t.equal(parseSpan(text), undefined, JSON.stringify(text)); // biome-ignore format: one table
});

t.test('room is a part of the pool, or a size in powers of 1024', async (t) => {
  const spaces: Record<string, object> = {
    '0%': { part: 0 }, '2%': { part: 0.02 }, '0.5%': { part: 0.005 }, '12.125%': { part: 0.12125 }, '99.999%': { part: 0.99999 },
    '0G': { bytes: 0 }, '1M': { bytes: 1_048_576 }, '10G': { bytes: 10_737_418_240 }, '2T': { bytes: 2 ** 41 },
    '9999P': { bytes: 9999 * 2 ** 50 },
  }; // biome-ignore format: one table
  for (const [text, amount] of Object.entries(spaces)) {
    const parsed = parseSpace(text);
    t.same(Object.keys(parsed ?? {}), ['text', ...Object.keys(amount)], text);
    t.equal(parsed?.text, text);
    for (const [kind, value] of Object.entries(amount)) {
      const found = (parsed as unknown as Record<string, number>)[kind] ?? Number.NaN;
      t.ok(Math.abs(found - value) <= value * 1e-12, `${text}: ${found}`);
    }
  }
});

t.test('the whole pool is no room to leave, nor is anything else one', async (t) => {
  for (const text of [
    '', '%', '2', '100%', '02%', '2 %', '2.%', '.5%', '2.0001%', '-1%', '2%%', '10', 'G', '10g', '10GB', '10 G', '1.5G',
    '010G', '10000G', '10K', '10B', '1e3G', '10G\n', '2%\n',
  ]) t.equal(parseSpace(text), undefined, JSON.stringify(text)); // biome-ignore format: one table
});

t.test('what must be free may be just that, and not a byte less', async (t) => {
  const space = (text: string): Space => parseSpace(text) as Space;
  t.ok(leaves(20, 1000, space('2%')));
  t.notOk(leaves(19, 1000, space('2%')));
  t.ok(leaves(2 ** 20, 2 ** 30, space('1M')));
  t.notOk(leaves(2 ** 20 - 1, 2 ** 30, space('1M')));
  t.ok(leaves(0, 1000, space('0%')));
  t.ok(leaves(0, 1000, space('0G')));
  t.notOk(leaves(Number.NaN, Number.NaN, space('0G')), 'where zfs does not say, nothing is free');
  t.notOk(leaves(Number.NaN, Number.NaN, space('0%')));
});

t.test('what is written is what is meant, for every number and unit', async () => {
  const units = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };
  const unit = fc.constantFrom(...(Object.entries(units) as [string, number][]));
  fc.assert(
    fc.property(
      fc.nat({ max: 999_999 }),
      unit,
      fc.constantFrom('', 's'),
      (number, [name, seconds], ending) => {
        return parseSpan(`${number} ${name}${ending}`) === number * seconds;
      },
    ),
  );
});
