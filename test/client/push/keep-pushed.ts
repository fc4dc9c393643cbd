/** What was pushed is kept as a bookmark, beside those that a gate keeps for pulls of the same pair. */

import { mock } from 'node:test';
import t from 'tap';
import { keepPushed } from '../../../src/client/push/keep-pushed.ts';
import type { Run } from '../../../src/client/run/run.ts';
import type { Dataset } from '../../../src/zfs/names.ts';
import { pretendZfs } from '../../fixtures/replication/pretend-zfs.ts';

const HOUR = 3600;

t.test('a bookmark whose snapshot is gone stays for a day after it was superseded', async (t) => {
  let now = 1_700_000_000;
  const clock = mock.method(Date, 'now', () => now * 1000);
  t.teardown(() => clock.mock.restore());
  const zfs = pretendZfs({ can: ['bookmarks'], now: () => now });
  const events: string[] = [];
  const run = {
    settings: { tag: 'zrep', recursive: false },
    step: zfs.step('/nowhere'),
    report: { event: (name: string) => events.push(name) },
  } as unknown as Run;
  const pushed = async (number: number) => {
    const name = `zrep_00000${number}`;
    zfs.snapshot(`tank/home@${name}`);
    zfs.set(`tank/home@${name}`, 'zrep:sent', String(now));
    await keepPushed(run, 'tank/home' as Dataset, name);
    now += HOUR;
  };
  const bookmarks = () =>
    [...zfs.objects.keys()].filter((name) => name.includes('#')).map((name) => name.slice(10, 21));
  for (const number of [0, 1, 2, 3]) {
    await pushed(number);
    if (number < 3) zfs.objects.delete(`tank/home@zrep_00000${number}`);
  }
  t.same(bookmarks(), ['zrep_000000', 'zrep_000001', 'zrep_000002', 'zrep_000003']);
  now += 24 * HOUR;
  await pushed(4);
  t.same(bookmarks(), ['zrep_000002', 'zrep_000003', 'zrep_000004']);
  t.same(events, []);
});
