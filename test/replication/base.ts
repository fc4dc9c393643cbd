/** What an increment begins with is of the dataset itself, whatever else was listed. */

import fc from 'fast-check';
import t from 'tap';
import { isRefusal } from '../../src/refusal.ts';
import { isBookmark, namedBase, nameOf } from '../../src/replication/base.ts';
import type { TaggedSnapshot } from '../../src/replication/snapshots.ts';
import type { Guid } from '../../src/zfs/names.ts';

const NAMES = ['tank/home', 'tank/home/child', 'tank/homes', 'tank'].flatMap((dataset) =>
  ['', '@a', '@b', '#a', '#b'].map((point) => `${dataset}${point}`),
);
const OWN = /^tank\/home[@#]/;

/** Any of them, with few GUIDs and times, so that some have the same. */
const someListing = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('1', '2', '3'), fc.nat(4)), {
    selector: ([name]) => name,
  })
  .map(
    (entries) =>
      new Map(
        entries.map(([name, guid, txg]) => [
          name,
          new Map([
            ['guid', { value: guid, source: '-' }],
            ['createtxg', { value: String(txg), source: '-' }],
          ]),
        ]),
      ),
  );

t.test(
  'a GUID is looked for among the own snapshots, and then the own bookmarks, of the dataset',
  async () => {
    const all = fc.property(someListing, fc.constantFrom('1', '2', '3'), (listing, guid) => {
      const having = [...listing]
        .filter(([name, own]) => OWN.test(name) && own.get('guid')?.value === guid)
        .map(([name]) => name);
      const found = nameOf(listing, 'tank/home', guid);
      if (found === undefined) return having.length === 0;
      return having.includes(found) && isBookmark(found) === having.every(isBookmark);
    });
    fc.assert(all);
  },
);

t.test('a base is older than the snapshot, and with -R no bookmark', async () => {
  const all = fc.property(someListing, fc.nat(4), fc.boolean(), (listing, createtxg, recursive) => {
    const snapshot = { dataset: 'tank/home', name: 'zrep_000001', createtxg } as TaggedSnapshot;
    const base = namedBase(listing, snapshot, '2' as Guid, recursive ? ['R'] : []);
    if (isRefusal(base)) return base.refused === 'no-such-base';
    const txg = Number(listing.get(base.name)?.get('createtxg')?.value);
    return OWN.test(base.name) && txg < createtxg && !(recursive && isBookmark(base.name));
  });
  fc.assert(all);
});
