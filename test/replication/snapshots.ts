/** Which snapshots are a tag's, which was sent last, what comes next, and above all what never expires. */

import fc from 'fast-check';
import t from 'tap';
import * as snapshots from '../../src/replication/snapshots.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const { companions, expirable, fullName, lastSent, nextSequence, parseSavecount, taggedSnapshots } =
  snapshots;
type TaggedSnapshot = snapshots.TaggedSnapshot;

const ZREP = 'zrep' as Tag;
const HOME = 'tank/home' as Dataset;

/** Snapshots of one dataset, a second apart, oldest first; `sent` and `held` by their place. */
function rowOf(length: number, sent: readonly number[] = [], held: readonly number[] = []): TaggedSnapshot[] {
  return Array.from({ length }, (_, place) => ({
    dataset: HOME, name: `zrep_${place.toString(16).padStart(6, '0')}`, sequence: place, guid: String(place),
    createtxg: 100 + place, creation: place, holds: held.includes(place) ? 1 : 0,
    sent: sent.includes(place) ? '1795385385' : undefined, streamed: undefined,
  })); // biome-ignore format: one table
}
const placesOf = (snapshots: readonly TaggedSnapshot[]): number[] =>
  snapshots.map(({ sequence }) => sequence);

t.test("a tag's own snapshots are found, in the order in which the pool made them", async (t) => {
  const listing = listingOf(`
    tank/home zrep:src-fs=tank/home
    tank/home@zrep_000002 guid=12 createtxg=30 creation=700 userrefs=0 zrep-gate:streamed=b@720,a@710
    tank/home@zrep_ffffff guid=11 createtxg=9 creation=600 userrefs=2 zrep:sent=1795385385
    tank/home@zrep_00000a_unsent guid=13 createtxg=100 userrefs=0 zrep:sent=7<inherited zrep-gate:streamed=a@1<received
    tank/home@zrep_1000000 guid=14 createtxg=101
    tank/home@by-hand createtxg=1
    tank/home@zrep_00000g createtxg=2
    tank/home@zrep_00000A createtxg=2
    tank/home@zrep_00001 createtxg=2
    tank/home@zrep_00000001 createtxg=2
    tank/home@zrep_000001x createtxg=3
    tank/home@zrep_000001_sent createtxg=3
    tank/home@zrep-uk_000001 createtxg=4
    tank/home@xzrep_000001 createtxg=4
    tank/home@off_000001 createtxg=5
    tank/home2@zrep_000001 createtxg=6
    tank/home/child@zrep_000001 createtxg=7`);
  const found = taggedSnapshots(listing, HOME, ZREP);
  const plain = { dataset: HOME, creation: 0, holds: 0, sent: undefined, streamed: undefined };
  t.strictSame(found, [
    {
      ...{ ...plain, name: 'zrep_ffffff', sequence: 0xffffff, guid: '11', createtxg: 9 },
      ...{ creation: 600, holds: 2, sent: '1795385385' },
    },
    {
      ...{ ...plain, name: 'zrep_000002', sequence: 2, guid: '12', createtxg: 30 },
      ...{ creation: 700, streamed: 720 },
    },
    { ...plain, name: 'zrep_00000a_unsent', sequence: 10, guid: '13', createtxg: 100 },
    { ...plain, name: 'zrep_1000000', sequence: 0x1000000, guid: '14', createtxg: 101 },
  ]);
  t.same(taggedSnapshots(listing, HOME, 'zrep-uk' as Tag).map(fullName), ['tank/home@zrep-uk_000001']);
  t.same(taggedSnapshots(listing, 'tank' as Dataset, ZREP), []);
});

t.test('the next number is one more than the highest, in six digits', async (t) => {
  t.equal(nextSequence([]), 0);
  t.equal(nextSequence(rowOf(10)), 10);
  t.equal(nextSequence(rowOf(3).toReversed()), 3);
  const [one] = rowOf(1) as [TaggedSnapshot];
  t.equal(nextSequence([{ ...one, sequence: 0xfffffe }, one]), 0xffffff);
  t.equal(nextSequence([{ ...one, sequence: 0xffffff }, one]), undefined);
});

t.test('the newest with a mark was sent last, without any the one that the dataset names', async (t) => {
  const own = listingOf('tank/home zrep:lastsent=tank/home@zrep_000001 off:lastsent=x').get(HOME);
  const foreign = listingOf('tank/home zrep:lastsent=tank/home@zrep_000001<inherited').get(HOME);
  t.equal(lastSent(rowOf(6, [0, 3]), own, ZREP)?.sequence, 3);
  t.equal(lastSent(rowOf(6), own, ZREP)?.sequence, 1);
  t.equal(lastSent(rowOf(6), foreign, ZREP), undefined);
  t.equal(lastSent(rowOf(1), own, ZREP), undefined);
  t.equal(lastSent(rowOf(6), own, 'off' as Tag), undefined);
  t.equal(lastSent(rowOf(6), undefined, ZREP), undefined);
  t.equal(lastSent([], own, ZREP), undefined);
});

const NO_FLOOR = { keepAtLeast: 1, keepFor: 0 };

/** [snapshots, last sent, savecount, held, what expires]. */
const EXPIRIES: [number, number, number, number[], number[]][] = [
  [8, 5, 3, [], [0, 1, 2]],
  [8, 5, 1, [], [0, 1, 2, 3, 4]],
  [8, 5, 5, [], [0]],
  [8, 5, 6, [], []],
  [8, 5, 999_999_999, [], []],
  [8, 0, 1, [], []],
  [1, 0, 1, [], []],
  [8, 7, 3, [], [0, 1, 2, 3, 4]],
  [8, 5, 3, [1], [0, 2]],
  [8, 5, 3, [4, 5, 6], [0, 1, 2]],
];

t.test('beyond the save count the oldest before the last sent one expire', async (t) => {
  for (const [length, sent, savecount, held, expired] of EXPIRIES) {
    const row = rowOf(length, [sent], held);
    const name = `${length} snapshots, sent ${sent}, savecount ${savecount}, held ${held}`;
    t.strictSame(
      placesOf(expirable(row, row[sent] as TaggedSnapshot, savecount, NO_FLOOR, 100)),
      expired,
      name,
    );
  }
});

t.test('never the last sent one or what is newer, savecount - 1 before it, or a held one', async () => {
  const place = fc.nat({ max: 39 });
  const marks = fc.array(place, { maxLength: 5 });
  const all = fc.property(
    place,
    marks,
    marks,
    fc.integer({ min: 1, max: 45 }),
    (...[last, sent, held, savecount]) => {
      const length = Math.max(last, ...sent) + 1;
      const row = rowOf(length, [...sent, last], held);
      const newest = Math.max(last, ...sent);
      const marked = lastSent(row, undefined, ZREP) as TaggedSnapshot;
      const expired = placesOf(expirable([...row, ...later(row)], marked, savecount, NO_FLOOR, 100));
      const kept = row.filter(({ sequence }) => sequence < newest && !expired.includes(sequence));
      return (
        expired.every((one) => one <= newest - savecount && one >= 0 && !held.includes(one)) &&
        kept.every(({ sequence }) => sequence > newest - savecount || held.includes(sequence))
      );
    },
  );
  fc.assert(all, { numRuns: 3000 });
});

/** As many again, made after those of `row` and never sent. */
function later(row: readonly TaggedSnapshot[]): TaggedSnapshot[] {
  return row.map((one) => ({
    ...one,
    sequence: one.sequence + row.length,
    createtxg: one.createtxg + row.length,
    sent: undefined,
  }));
}

/** [what is sent, when it was streamed where that is on record, keep-at-least, keep-for, what expires of 8 at 100]. */
const FLOORS: Record<string, [number[], Record<number, number>, number, number, number[]]> = {
  'more than the save count stays at least': [[7], {}, 4, 0, [0, 1, 2, 3]],
  'what was never superseded stays': [[0], {}, 1, 0, []],
  'a snapshot stays until the next one was marked so long ago': [
    [2, 5, 7],
    { 5: 40, 7: 95 },
    1,
    60,
    [0, 1, 2, 3, 4],
  ],
  'and a second longer it does not': [[2, 5, 7], { 5: 41, 7: 95 }, 1, 60, [0, 1]],
  'what was sent past the gate counts from when it was made': [[2, 5, 7], { 7: 95 }, 1, 95, [0, 1, 2, 3, 4]],
  'where all was marked just now all stays': [[2, 5, 7], { 2: 99, 5: 99, 7: 99 }, 1, 10, []],
  'what was streamed but never marked supersedes nothing': [[2, 7], { 2: 50, 5: 10, 7: 99 }, 1, 60, []],
  'a record of tomorrow keeps what is before it': [
    [2, 5, 7],
    { 2: 50, 5: 50, 7: 900 },
    1,
    10,
    [0, 1, 2, 3, 4],
  ],
};

t.test('floors keep more than the save count would', async (t) => {
  for (const [name, [sent, streamed, keepAtLeast, keepFor, expired]] of Object.entries(FLOORS)) {
    const row = rowOf(8, sent).map((one) => ({ ...one, streamed: streamed[one.sequence] }));
    const last = lastSent(row, undefined, ZREP) as TaggedSnapshot;
    t.strictSame(placesOf(expirable(row, last, 1, { keepAtLeast, keepFor }, 100)), expired, name);
  }
});

t.test('nothing goes that was not superseded for keep-for, nor any of the last keep-at-least', async () => {
  const one = fc.record({
    sent: fc.boolean(),
    streamed: fc.option(fc.nat({ max: 200 }), { nil: undefined }),
    held: fc.boolean(),
  });
  const floor = fc.record({ keepAtLeast: fc.integer({ min: 1, max: 8 }), keepFor: fc.nat({ max: 120 }) });
  const rows = fc.array(one, { minLength: 1, maxLength: 14 });
  const all = fc.property(
    rows,
    floor,
    fc.integer({ min: 1, max: 6 }),
    (given, { keepAtLeast, keepFor }, savecount) => {
      const row = rowOf(given.length).map((snapshot, place) => ({
        ...snapshot,
        sent: given[place]?.sent ? '5' : undefined,
        streamed: given[place]?.streamed,
        holds: given[place]?.held ? 1 : 0,
      }));
      const last = lastSent(row, undefined, ZREP);
      if (last === undefined) return true;
      const expired = new Set(expirable(row, last, savecount, { keepAtLeast, keepFor }, 100));
      const superseded = (place: number): boolean =>
        row
          .slice(place + 1)
          .some(
            ({ sent, streamed, creation }) => sent !== undefined && 100 - (streamed ?? creation) >= keepFor,
          );
      return row.every((snapshot, place) => {
        const before = row.indexOf(last) - place;
        const may = before >= Math.max(savecount, keepAtLeast) && snapshot.holds === 0 && superseded(place);
        return expired.has(snapshot) === may;
      });
    },
  );
  fc.assert(all, { numRuns: 5000 });
});

t.test('a savecount is a whole number of at least one', async (t) => {
  for (const text of ['1', '5', '30', '999999999']) t.equal(parseSavecount(text), Number(text), text);
  const wrong = ['', '-', '0', '-1', '05', '1.5', '1e3', '0x10', ' 5', '5\n', 'five', '1000000000', '+5'];
  for (const text of wrong) t.equal(parseSavecount(text), undefined, JSON.stringify(text));
  t.equal(parseSavecount(undefined), undefined);
});

t.test("children's snapshots go along when they are of the same run, free, and not spared", async (t) => {
  const children = ['plain', 'plain/deep', 'own', 'own/below', 'ownother', 'spared', 'spared/below', 'heir'];
  const madeAtOnce = ['tank', HOME, ...children.map((child) => `${HOME}/${child}`), 'tank/home2'];
  const listing = listingOf(`
    tank/home zrep:src-fs=tank/home
    ${madeAtOnce.map((name) => `${name}@zrep_000001 createtxg=50 userrefs=0`).join('\n')}
    tank/home/plain used=1
    tank/home/plain/deep used=1
    tank/home/plain@zrep_000002 createtxg=60
    tank/home/plain@zrep_000003 createtxg=50 userrefs=0
    tank/home/own zrep:src-fs=tank/home/own
    tank/home/own/below zrep:src-fs=tank/home/own<inherited
    tank/home/ownother used=1
    tank/home/spared used=1
    tank/home/spared/below used=1
    tank/home/heir zrep:src-fs=tank/home<inherited
    tank/home/later used=1
    tank/home/later@zrep_000001 createtxg=51
    tank/home/held used=1
    tank/home/held@zrep_000001 createtxg=50 userrefs=1
    tank/home2 used=1
    tank used=1`);
  const expiring = [{ ...(rowOf(2)[1] as TaggedSnapshot), createtxg: 50 }];
  const along = companions(listing, HOME, ZREP, expiring, ['tank/home/spared']).map(fullName);
  const expected = ['heir', 'ownother', 'plain/deep', 'plain'].map((child) => `${HOME}/${child}@zrep_000001`);
  t.strictSame(along.sort(), expected);
  t.same(companions(listing, HOME, ZREP, [], []), []);
});

t.test('a bookmark below is no dataset', async (t) => {
  const listing = listingOf(`
    tank/home guid=1<-
    tank/home@a guid=2<-
    tank/home/child guid=3<-
    tank/home/child@a guid=4<-
    tank/home/child#a guid=4<-`);
  t.same(snapshots.datasetsBelow(listing, 'tank/home'), ['tank/home/child']);
});
