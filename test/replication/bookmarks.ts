/** Which bookmarks are the pair's own, and which of them nobody needs any more. */

import fc from 'fast-check';
import t from 'tap';
import {
  bookmarkOf,
  expirableBookmarks,
  type OwnBookmark,
  ownBookmarks,
} from '../../src/replication/bookmarks.ts';
import { expirable, type TaggedSnapshot } from '../../src/replication/snapshots.ts';
import { isListedName, type Tag } from '../../src/zfs/names.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const [HOME, ZREP] = ['tank/home', 'zrep' as Tag];

t.test('own is a bookmark that has number and GUID of its snapshot in its name', async (t) => {
  const listing = listingOf(`
    tank/home#zrep_000002_77 guid=77<- createtxg=9<-
    tank/home#zrep_000001_76 guid=76<- createtxg=5<-
    tank/home#zrep_1000000_70 guid=70<- createtxg=12<-
    tank/home#zrep_000003_77 guid=78<- createtxg=10<-
    tank/home#zrep_000004 guid=79<- createtxg=11<-
    tank/home#zrep_000005_079 guid=79<- createtxg=11<-
    tank/home#zrep_000005_79_x guid=79<- createtxg=11<-
    tank/home#zrep_00000_79 guid=79<- createtxg=11<-
    tank/home#zrep-uk_000006_80 guid=80<- createtxg=11<-
    tank/home#syncoid_box_80 guid=80<- createtxg=11<-
    tank/home@zrep_000007_81 guid=81<- createtxg=11<-
    tank/home/child#zrep_000008_82 guid=82<- createtxg=11<-`);
  t.same(
    ownBookmarks(listing, HOME, ZREP).map(({ sequence, guid, createtxg }) => [sequence, guid, createtxg]),
    [
      [1, '76', 5],
      [2, '77', 9],
      [0x1000000, '70', 12],
    ],
  );
  t.same(
    ownBookmarks(listing, HOME, 'zrep-uk' as Tag).map(({ name }) => name),
    ['zrep-uk_000006_80'],
  );
});

t.test('what is made of a snapshot is own, whatever its number, and two never have one name', async () => {
  const made = fc.record({
    sequence: fc.nat({ max: 0x1ffffff }),
    guid: fc.bigInt(1n, 2n ** 64n - 1n).map(String),
    unsent: fc.constantFrom('', '_unsent'),
    tag: fc.constantFrom('zrep', 'zrep_000001', 'a.b:c-d'),
  });
  fc.assert(
    fc.property(made, ({ sequence, guid, unsent, tag }) => {
      const name = `${tag}_${sequence.toString(16).padStart(6, '0')}${unsent}`;
      const full = bookmarkOf({ dataset: HOME, name, guid });
      const [own] = ownBookmarks(listingOf(`${full} guid=${guid}<- createtxg=1<-`), HOME, tag as Tag);
      return isListedName(full) && own?.sequence === sequence && own.guid === guid;
    }),
  );
});

/**
 * Snapshots in words, oldest first, each with a bookmark: `+` is marked as sent, `*` is gone, so that there is the bookmark alone, `!` has
 * no bookmark. All were made at second 10, one a transaction group.
 */
function row(words: string): { snapshots: TaggedSnapshot[]; bookmarks: OwnBookmark[] } {
  const [snapshots, bookmarks]: [TaggedSnapshot[], OwnBookmark[]] = [[], []];
  for (const [index, word] of words.split(' ').entries()) {
    const place = { dataset: HOME, guid: String(100 + index), sequence: index, createtxg: index };
    const sent = word.includes('+') ? '10' : undefined;
    const rest = { creation: 10, holds: 0, sent, streamed: undefined };
    if (!word.includes('*')) snapshots.push({ ...place, ...rest, name: `zrep_00000${index}` });
    if (!word.includes('!')) bookmarks.push({ ...place, name: `zrep_00000${index}_${place.guid}` });
  }
  return { snapshots, bookmarks };
}

/** [the row, the second of now, what expires with keep-for = 50 s]. */
const EXPIRIES: [string, number, number[]][] = [
  ['0+ 1+ 2+', 99, []],
  ['0+ 1+ 2+ 3+', 99, [0]],
  ['0+ 1+ 2+ 3+ 4+ 5+', 99, [0, 1, 2]],
  ['0! 1! 2! 3! 4! 5+', 99, []],
  ['0+ 1+ 2+! 3+ 4+', 99, [0]],
  ['0+ 1 2 3 4', 99, [1, 2]],
  ['0+ 1+ 2+ 3 4', 99, []],
  ['0* 1* 2* 3+ 4+', 99, [0, 1]],
  ['0* 1* 2* 3+ 4+', 50, []],
  ['0* 1+ 2+ 3+ 4+', 50, [1]],
  ['0+ 1* 2 3 4', 99, [2]],
  ['0+ 1* 2* 3* 4', 99, []],
];

t.test('the newest three up to the last sent one stay, and the newest two behind it', async (t) => {
  for (const [words, now, expected] of EXPIRIES) {
    const { snapshots, bookmarks } = row(words);
    const last = snapshots.findLast(({ sent }) => sent !== undefined) as TaggedSnapshot;
    const found = expirableBookmarks(bookmarks, snapshots, last, { keepFor: 50 }, now);
    t.strictSame(
      found.map(({ sequence }) => sequence),
      expected,
      `${words}, ${now}`,
    );
  }
});

t.test('a bookmark without its snapshot stays for as long as the snapshot would', async () => {
  const one = fc.record({
    sent: fc.boolean(),
    streamed: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
    isGone: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(one, { minLength: 1, maxLength: 12 }),
      fc.nat({ max: 120 }),
      fc.constantFrom(0, 2, 3),
      (all, keepFor, kept) => {
        const { snapshots, bookmarks } = row(all.map((_, index) => String(index)).join(' '));
        const whole = snapshots.map((one, index) => ({
          ...one,
          creation: 0,
          sent: all[index]?.sent ? '1' : undefined,
          streamed: all[index]?.streamed,
        }));
        const left = whole.filter((_, index) => !all[index]?.isGone);
        const last = left.findLast(({ sent }) => sent !== undefined);
        if (last === undefined) return;
        const gone = expirableBookmarks(bookmarks, left, last, { keepFor }, 100, kept);
        const floor = { keepAtLeast: 1, keepFor };
        for (const bookmark of gone) {
          const orphan = whole.find(({ guid }) => guid === bookmark.guid) as TaggedSnapshot;
          if (left.includes(orphan)) continue;
          // As if it were there, and nobody had marked it.
          const row = [...left, { ...orphan, sent: undefined }].sort((a, b) => a.createtxg - b.createtxg);
          if (!expirable(row, last, 1, floor, 100).some(({ guid }) => guid === orphan.guid))
            throw new Error(`${bookmark.name} went too early`);
        }
        const names = new Set(gone.map(({ guid }) => guid));
        if (kept > 0 && names.has(last.guid)) throw new Error('the base of the next increment went');
      },
    ),
    { numRuns: 2000 },
  );
});
