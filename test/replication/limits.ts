/** What the limits say to one more snapshot, and when to try again. */

import fc from 'fast-check';
import t from 'tap';
import { parseSpace, type Space } from '../../src/policy/amounts.ts';
import { datasetLimits } from '../../src/policy/limits.ts';
import { askForRoom, refuseFull, refuseMore } from '../../src/replication/limits.ts';
import type { TaggedSnapshot } from '../../src/replication/snapshots.ts';
import { ZfsFailed } from '../../src/replication/step.ts';
import { pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const NOW = 1_700_000_000;
const limits = (snapshots: number, hourly: number) =>
  datasetLimits({ snapshots, 'snapshots-per-hour': hourly }, {});

/** Snapshots that were made so many seconds ago. */
function madeAgo(...ages: readonly number[]): TaggedSnapshot[] {
  return ages.map((age, place) => ({
    ...{ dataset: 'tank/home', name: `zrep_${place}`, sequence: place, guid: '', createtxg: place, holds: 0 },
    ...{ creation: NOW - age, sent: undefined, streamed: undefined },
  }));
}

t.test('there are at most so many in all', async (t) => {
  t.equal(refuseMore('tank/home', madeAgo(9000, 8000), limits(3, 99), NOW), undefined);
  t.match(refuseMore('tank/home', madeAgo(9000, 8000, 7000), limits(3, 99), NOW), {
    refused: 'too-many-snapshots',
    reason: 'tank/home has 3 snapshots of this tag, and its grant allows 3 (snapshots = 3)',
  });
  t.match(refuseMore('tank/home', madeAgo(9000, 8000, 7000, 6000), limits(3, 99), NOW), {
    reason: /^tank\/home has 4 snapshots/,
  });
});

/** [ages, an hour's worth, minutes to wait; 0 where one more is allowed]. */
const HOURLY: [number[], number, number][] = [
  [[], 1, 0],
  [[0], 1, 60],
  [[3539], 1, 2],
  [[3540], 1, 1],
  [[3599], 1, 1],
  [[3600], 1, 0],
  [[7000, 3000, 10], 2, 10],
  [[7000, 3000, 10], 3, 0],
  [[10, 3000, 7000], 2, 10],
  [[3601, 3600, 3599], 2, 0],
  [[-120], 1, 62],
];

t.test('in any hour there are at most so many, and the refusal says for how long', async (t) => {
  for (const [ages, hourly, minutes] of HOURLY) {
    const refusal = refuseMore('tank/home', madeAgo(...ages), limits(99, hourly), NOW);
    const name = `${hourly} an hour, made ${ages} s ago`;
    if (minutes === 0) t.equal(refusal, undefined, name);
    else
      t.match(
        refusal,
        {
          refused: 'snapshots-too-often',
          reason: `snapshots-per-hour = ${hourly}); try again in ${minutes} minute${minutes === 1 ? '' : 's'}`,
        },
        name,
      );
  }
});

t.test('whoever takes every snapshot that is allowed never has more of any hour', async () => {
  const all = fc.property(
    fc.integer({ min: 1, max: 5 }),
    fc.array(fc.nat({ max: 2000 }), { minLength: 1, maxLength: 60 }),
    (hourly, waits) => {
      const made: number[] = [];
      let now = NOW;
      for (const seconds of waits) {
        now += seconds;
        const refusal = refuseMore(
          'tank/home',
          madeAgo(...made.map((time) => NOW - time)),
          limits(999, hourly),
          now,
        );
        if (refusal === undefined) made.push(now);
        if (made.filter((time) => time > now - 3600).length > hourly) return false;
        // The time in the refusal is right: a moment before it, one more is still refused.
        const minutes = Number(/in (\d+) minute/.exec(refusal?.reason ?? '')?.[1] ?? 0);
        const then = (at: number) =>
          refuseMore('tank/home', madeAgo(...made.map((time) => NOW - time)), limits(999, hourly), at);
        if (refusal && (then(now + minutes * 60) || !then(now + (minutes - 1) * 60))) return false;
      }
      return true;
    },
  );
  fc.assert(all, { numRuns: 500 });
});

t.test('the room is that of the whole pool, and is asked for at once', async (t) => {
  const zfs = pretendZfs();
  const room = askForRoom(zfs.step('/nowhere'), 'tank/home/deep');
  t.strictSame(zfs.asked, ['get -Hp -o name,property,value,source available,used tank']);
  t.same(await room(), { pool: 'tank', free: 50 << 20, size: 100 << 20 });
  t.equal(zfs.asked.length, 1);
});

t.test(
  'a pool that does not say how full it is counts as full, and one that is not there has failed',
  async (t) => {
    const zfs = pretendZfs();
    zfs.set('tank', 'available', '-', '-');
    const found = await askForRoom(zfs.step('/nowhere'), 'tank/home')();
    t.match(refuseFull(found, parseSpace('0%') as Space), { refused: 'pool-full' });
    const missing = askForRoom(zfs.step('/nowhere'), 'tanker/home')().catch((error: unknown) => error);
    t.ok((await missing) instanceof ZfsFailed);
  },
);

t.test('the refusal of a full pool names what must be free', async (t) => {
  const room = { pool: 'tank', free: 10, size: 1000 };
  t.equal(refuseFull(room, parseSpace('1%') as Space), undefined);
  t.match(refuseFull(room, parseSpace('1.1%') as Space), {
    refused: 'pool-full',
    reason: 'the pool tank has less free than a new snapshot needs (free-space = "1.1%")',
  });
  t.match(refuseFull(room, parseSpace('1M') as Space), { refused: 'pool-full' });
});
