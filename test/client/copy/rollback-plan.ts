/** What `zrep refresh -f` would give up, what it never does, and what it goes back to. */

import fc from 'fast-check';
import t from 'tap';
import { chooseUnseen, planRollback } from '../../../src/client/copy/rollback-plan.ts';
import { snapshotsIn } from '../../../src/expire/from-zfs.ts';
import { sideOf } from '../../../src/pair/side.ts';
import type { Tag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;
const TAGS = ['zrep', 'off'];

/** vault/home with these snapshots, each `NAME PROPERTY=VALUE …`, oldest first. */
function readOf(own: string, ...snapshots: string[]) {
  const lines = snapshots.map((one, index) => {
    const [name, ...rest] = one.split(' ');
    const made = index + 1;
    return `vault/home@${name} guid=${made}<- createtxg=${made}<- creation=${made}<- used=2048<- ${rest.join(' ')}`;
  });
  const listing = listingOf([`vault/home ${own}`, ...lines].join('\n'));
  const reading = { dataset: 'vault/home', listing, tags: TAGS };
  return { reading, snapshots: snapshotsIn(reading) };
}
const plan = (own: string, ...snapshots: string[]) =>
  planRollback([readOf(own, ...snapshots)], ZREP, 'zrep_000001', false);

t.test('what is newer is listed with its time and its size, and what was changed', async (t) => {
  const { snapshots, changes, kept, ways } = plan(
    'written=1048576<-',
    'zrep_000000 zrep:sent=1',
    'zrep_000001 zrep:sent=2',
    'by-hand',
  );
  t.same(snapshots, ['vault/home@by-hand, made 1970-01-01 00:00 UTC, 2.0 KiB']);
  t.same(changes, ['changes in vault/home since @by-hand: 1.0 MiB']);
  t.same(kept, []);
  t.match(ways, [
    { dataset: 'vault/home', base: { name: 'zrep_000001', guid: '2' }, destroyed: [{ name: 'by-hand' }] },
  ]);
});

t.test('nothing newer and nothing written is nothing to ask about', async (t) => {
  const { snapshots, changes } = plan('written=0<-', 'zrep_000001 zrep:sent=2');
  t.same([...snapshots, ...changes], []);
  t.match(
    plan('type=filesystem<-', 'zrep_000001').changes,
    [/if there are any/],
    'a zfs that does not count',
  );
});

t.test('what zrep-expire protects, clones and bookmarks stay', async (t) => {
  for (const [snapshot, why] of [
    ['by-hand userrefs=1<-', /held/],
    ['by-hand clones=vault/a,vault/b<-', /vault\/a is a clone of it/],
    ['off_000003 off:sent=1', /tag off/],
    ['off_000003', /newest of the tag off/],
    ['zrep_000002 zrep:sent=3', /newest that was sent under the tag zrep/],
    ['zrep_000002', /newest of the tag zrep/],
  ] as const)
    t.match(plan('written=0<-', 'zrep_000001 zrep:sent=2', snapshot).kept[0], why);
  t.same(plan('written=0<-', 'zrep_000001 userrefs=3<-').kept, [], 'what is not newer stays anyway');
  const { reading, snapshots } = readOf('written=0<-', 'zrep_000001 zrep:sent=2', 'by-hand');
  const listing = new Map([
    ...reading.listing,
    ...listingOf('vault/home#new createtxg=2<-\nvault/home#old createtxg=1<-'),
  ]);
  const { kept } = planRollback(
    [{ reading: { ...reading, listing }, snapshots }],
    ZREP,
    'zrep_000001',
    false,
  );
  t.match(kept, [/^vault\/home#new \(a bookmark/]);
  t.equal(kept.length, 1);
});

t.test('bookmarks of its own, from when the copy was the source, go along', async (t) => {
  const { reading, snapshots } = readOf('written=0<-', 'zrep_000000', 'zrep_000001 zrep:sent=2');
  const bookmarks = ['zrep_000002_9 guid=9<- createtxg=3<-', 'zrep_000001_2 guid=2<- createtxg=2<-'];
  const text = bookmarks.map((one) => `vault/home#${one}`).join('\n');
  const listing = new Map([...reading.listing, ...listingOf(text)]);
  const reads = [{ reading: { ...reading, listing }, snapshots }];
  const { kept, ways } = planRollback(reads, ZREP, 'zrep_000001', true);
  t.same(kept, []);
  t.same(
    ways.flatMap(({ bookmarks }) => bookmarks.map(({ name }) => name)),
    ['zrep_000002_9'],
  );
  t.match(planRollback(reads, 'off' as Tag, 'zrep_000001', true).kept, [/#zrep_000002_9 \(a bookmark/]);
});

t.test(
  'below, what has a snapshot of that name goes back, unless nothing changed or it is of a pair of its own',
  async (t) => {
    const below = (dataset: string, name: string, own = 'written=9<-') => {
      const listing = listingOf(`${dataset} ${own}\n${dataset}@${name} guid=9<- createtxg=9<- creation=9<-`);
      const reading = { dataset, listing, tags: TAGS };
      return { reading, snapshots: snapshotsIn(reading) };
    };
    const reads = [
      readOf('written=0<-', 'zrep_000001'),
      below('vault/home/a', 'zrep_000001'),
      below('vault/home/b', 'zrep_000009'),
      below('vault/home/c', 'zrep_000001', 'written=0<-'),
      below('vault/home/d', 'zrep_000001', 'written=9<- zrep:src-fs=tank/d'),
    ];
    t.same(
      planRollback(reads, ZREP, 'zrep_000001', false).ways.map(({ dataset }) => dataset),
      ['vault/home', 'vault/home/a'],
    );
    t.same(
      planRollback(reads, ZREP, 'zrep_000001', true, () => false).ways.map(({ dataset }) => dataset),
      ['vault/home'],
      'one into which nothing comes',
    );
  },
);

t.test('whatever there is, every newer snapshot is listed, and nothing that is older', async (t) => {
  const name = fc.constantFrom('by-hand', 'off_00000', 'zrep_00001', 'autosnap');
  const more = fc.constantFrom('', 'userrefs=1<-', 'off:sent=1', 'zrep:sent=1', 'clones=vault/c<-');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, more), { maxLength: 9 }), fc.nat(9), (others, at) => {
      const all = others.map(([name, more], index) => `${name}${index} ${more}`);
      all.splice(at, 0, 'zrep_000001');
      const base = all.indexOf('zrep_000001');
      const { snapshots, kept } = plan('written=0<-', ...all);
      const newer = all.slice(base + 1).map((one) => one.split(' ')[0]);
      t.same(
        snapshots.map((line) => /@([^,]+),/.exec(line)?.[1]),
        newer,
      );
      for (const line of kept) if (!newer.includes(/@(\S+) /.exec(line)?.[1])) throw new Error(line);
    }),
    { numRuns: 300 },
  );
});

t.test(
  'where the source does not have them, the marks of its own tag keep nothing; another tag and a hold do',
  async (t) => {
    const kept = (snapshot: string, isCommon: boolean) =>
      planRollback(
        [readOf('written=0<-', 'zrep_000001 zrep:sent=2', snapshot)],
        ZREP,
        'zrep_000001',
        isCommon,
      ).kept.length;
    for (const snapshot of ['zrep_000002', 'zrep_000002 zrep:sent=3'])
      t.same([kept(snapshot, false), kept(snapshot, true)], [1, 0], snapshot);
    for (const snapshot of [
      'zrep_000002 userrefs=1<-',
      'zrep_000002 off:sent=3',
      'off_000002',
      'x clones=vault/c<-',
    ])
      t.same([kept(snapshot, false), kept(snapshot, true)], [1, 1], snapshot);
  },
);

t.test('that the newest one that was sent would go is said by itself', async (t) => {
  const loses = (snapshot: string, isCommon = true) =>
    planRollback([readOf('written=0<-', 'zrep_000001 zrep:sent=2', snapshot)], ZREP, 'zrep_000001', isCommon)
      .losesLastSent;
  t.equal(loses('zrep_000002 zrep:sent=3'), true);
  t.equal(loses('zrep_000002'), false, 'one that nobody marked');
  t.equal(loses('by-hand'), false);
  t.equal(loses('zrep_000002 zrep:sent=3', false), false, 'it is kept');
});

t.test('where the source does not let itself be asked, the newest mark here is the base', async (t) => {
  const sideWith = (...snapshots: string[]) =>
    sideOf(readOf('type=filesystem<-', ...snapshots).reading.listing, 'vault/home', ZREP);
  const own = sideWith('zrep_000001 zrep:sent=1', 'zrep_000002 zrep:sent=2', 'zrep_000003');
  t.equal(chooseUnseen(own)?.name, 'zrep_000002');
  t.equal(chooseUnseen(sideWith('zrep_000001', 'zrep_000002'))?.name, 'zrep_000002', 'nor here');
});
