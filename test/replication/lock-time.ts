/** zrep's lock-time is local time, whichever that is, also where clocks change. */

import fc from 'fast-check';
import t from 'tap';
import { formatLockTime, latestLockTime, parseLockTime } from '../../src/replication/lock-time.ts';

const before = process.env['TZ'];
t.teardown(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});

function inZone<Result>(zone: string, work: () => Result): Result {
  process.env['TZ'] = zone;
  return work();
}

/** [zone, lock-time, the instant in UTC], from the zone's rules by hand. */
const MOMENTS: [string, string, string][] = [
  ['UTC', '20261123020305', '2026-11-23T02:03:05Z'],
  ['UTC', '20240229235959', '2024-02-29T23:59:59Z'],
  ['UTC', '19700101000000', '1970-01-01T00:00:00Z'],
  ['Europe/Berlin', '20261123020305', '2026-11-23T01:03:05Z'],
  ['Europe/Berlin', '20260701000000', '2026-06-30T22:00:00Z'],
  ['America/New_York', '20261231235959', '2027-01-01T04:59:59Z'],
  ['Asia/Kathmandu', '20260102030405', '2026-01-01T21:19:05Z'],
  // The last second before Berlin's clocks go forward from 2 to 3, and the first after it.
  ['Europe/Berlin', '20260329015959', '2026-03-29T00:59:59Z'],
  ['Europe/Berlin', '20260329030000', '2026-03-29T01:00:00Z'],
  // Berlin's clocks go back from 3 to 2: the hour from 2 comes twice, and the second one counts.
  ['Europe/Berlin', '20261025015959', '2026-10-24T23:59:59Z'],
  ['Europe/Berlin', '20261025020000', '2026-10-25T01:00:00Z'],
  ['Europe/Berlin', '20261025023000', '2026-10-25T01:30:00Z'],
  ['Europe/Berlin', '20261025025959', '2026-10-25T01:59:59Z'],
  ['Europe/Berlin', '20261025030000', '2026-10-25T02:00:00Z'],
  ['America/New_York', '20261101013000', '2026-11-01T06:30:00Z'],
];

t.test('a lock-time is read as the local time that it is, and written back the same', async (t) => {
  for (const [zone, text, instant] of MOMENTS) {
    inZone(zone, () => {
      t.equal(parseLockTime(text), Date.parse(instant) / 1000, `${text} in ${zone}`);
      t.equal(formatLockTime(new Date(instant)), text, `${instant} in ${zone}`);
    });
  }
});

t.test('the first of two equal hours is written as the second', async (t) => {
  inZone('Europe/Berlin', () => t.equal(formatLockTime(new Date('2026-10-25T00:30:00Z')), '20261025023000'));
});

t.test('what is no lock-time has no value', async (t) => {
  const wrong = [
    undefined, '', '-', '2026112302030', '202611230203055', ' 20261123020305', '20261123020305\n',
    '20260230120000', '20261301000000', '20260001000000', '20261123240000', '20261123006000',
    '00000000000000', '2026-11-23 02:03:05', '2026112302030x', '0x261123020305', '١٢٣٤٥٦٧٨٩٠١٢٣٤',
  ]; // biome-ignore format: one table
  for (const text of wrong) t.equal(parseLockTime(text), undefined, JSON.stringify(text) ?? 'undefined');
});

t.test(
  'what is written is read again as the same second, or an hour later where clocks go back',
  async () => {
    const zone = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kathmandu',
      'Pacific/Auckland',
    );
    const second = fc.integer({ min: 946_684_800, max: 2_524_608_000 });
    const all = fc.property(zone, second, (zone, second) =>
      inZone(zone, () => {
        const read = parseLockTime(formatLockTime(new Date(second * 1000))) ?? 0;
        return read === second || read === second + 3600;
      }),
    );
    fc.assert(all, { numRuns: 2000 });
  },
);

t.test(
  'the latest moment that a lock-time can mean is not before the one that it does mean, in any zone',
  async () => {
    const here = fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Kiritimati', 'Etc/GMT+12');
    const quarters = fc.integer({ min: -12 * 4, max: 14 * 4 });
    const second = fc.integer({ min: 946_684_800, max: 2_524_608_000 });
    const age = fc.integer({ min: 0, max: 3 * 86_400 });
    const all = fc.property(here, quarters, second, age, (here, quarters, taken, age) =>
      inZone(here, () => {
        const text = new Date((taken + quarters * 900) * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
        const latest = latestLockTime(text, taken + age) ?? 0;
        return latest >= taken && latest >= (parseLockTime(text) ?? 0);
      }),
    );
    fc.assert(all, { numRuns: 5000 });
  },
);

t.test('a moment of another zone counts only if it has come', async (t) => {
  inZone('UTC', () => {
    const noon = Date.parse('2026-11-23T12:00:00Z') / 1000;
    const latest = (now: number) => ((latestLockTime('20261123120000', now) ?? 0) - noon) / 3600;
    t.equal(latest(noon), 0, 'what was taken just now was taken in this zone, or east of it');
    t.equal(latest(noon + 3600), 1);
    t.equal(latest(noon + 86_400), 12, 'no zone is farther west');
    t.equal(latest(noon - 3600), 0, 'a clock that was set back changes nothing in this zone');
    t.equal(latestLockTime('-', noon), undefined);
  });
});
