/** The record of copies: what is written is read again, and what is no record is passed over, and kept. */

import fc from 'fast-check';
import t from 'tap';
import {
  BEGUN,
  type CopyRecord,
  formatRecords,
  NEVER,
  parseRecords,
  withBegun,
  withFailed,
  withoutRecord,
  withRecords,
} from '../../../src/client/copies/copy-record.ts';
import type { Dataset, Tag } from '../../../src/zfs/names.ts';

const record = (tag: string, dataset: string, guid = '1', refreshed = 5): CopyRecord => ({
  ...{ tag: tag as Tag, dataset: dataset as Dataset, guid, source: 'root@fileserver:tank/home', refreshed },
  failing: undefined,
});

const word = (characters: string) => fc.stringMatching(new RegExp(`^[a-z][${characters}]{0,9}$`));
const RECORDS = fc.uniqueArray(
  fc.record({
    tag: word('a-z0-9_.:-') as fc.Arbitrary<Tag>,
    dataset: fc
      .array(word('A-Za-z0-9_.:-'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/') as Dataset),
    guid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    source: fc
      .tuple(word('a-z0-9_.-'), word('A-Za-z0-9_.-'))
      .map(([host, pool]) => `root@${host}:${pool}/fs`),
    refreshed: fc.nat(),
    failing: fc.option(fc.record({ since: fc.nat(), why: fc.stringMatching(/^[\x20-\x7e]{1,60}$/) }), {
      nil: undefined,
    }),
  }),
  { selector: ({ tag, dataset }) => `${tag} ${dataset}` },
);

t.test(
  'of a copy whose refreshes fail, since when, and what the last one said, until one succeeds',
  async (t) => {
    const [one, other] = [record('zrep', 'vault/a', '1'), record('offsite', 'vault/a', '2')];
    const failed = (copies: readonly CopyRecord[], why: string, since: number) =>
      withFailed(copies, [{ ...one, refreshed: NEVER, failing: { since, why } }]);
    const once = failed([one, other], 'no way', 100);
    t.same(once, [other, { ...one, failing: { since: 100, why: 'no way' } }], 'of that tag alone');
    const twice = failed(once, 'still none', 200);
    t.same(twice[1]?.failing, { since: 100, why: 'still none' });
    t.same(withRecords(twice, [one])[1], one, 'a refresh that succeeds');
    t.match(failed([], 'no way', 100), [{ refreshed: NEVER }], 'nobody knows of a good one');
    const another = failed([{ ...one, guid: '9', failing: { since: 1, why: 'x' } }], 'no way', 100);
    t.match(another, [{ guid: '1', failing: { since: 100 } }], 'another file system of that name');
  },
);

t.test('what is written is read again, in any order', async () => {
  fc.assert(
    fc.property(RECORDS, (copies) => {
      const read = parseRecords(formatRecords({ copies, broken: [] }));
      t.same(new Set(read.copies), new Set(copies));
      t.same(read.broken, []);
    }),
    { numRuns: 200 },
  );
});

t.test('a set-up that was begun takes the place of another of its source, and of no copy', async (t) => {
  const begun = (dataset: string) => record('zrep', dataset, BEGUN.alone);
  const [a, b] = [begun('vault/a'), begun('vault/b')];
  t.same(withBegun([], a), [a]);
  t.same(withBegun([a], b), [b], 'redirected');
  const other = { ...a, source: 'root@fileserver:tank/other' };
  t.same(withBegun([other], b), [other, b], 'of another source');
  const copy = record('zrep', 'vault/b', '7');
  t.same(withBegun([copy], b), [copy], 'which is missed by what it was');
  t.same(
    withRecords([a, b], [record('zrep', 'vault/a', '7')]),
    [b, record('zrep', 'vault/a', '7')],
    'completed',
  );
  for (const guid of Object.values(BEGUN)) {
    const one = { ...a, guid };
    t.same(parseRecords(formatRecords({ copies: [one], broken: [] })).copies, [one]);
  }
});

t.test('no text makes it fail, and what is no record stays as it is', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const read = parseRecords(text);
      t.same(parseRecords(formatRecords(read)).copies.length, read.copies.length);
      t.same(
        parseRecords(formatRecords(read)).broken.map((one) => one.text),
        read.broken.map((one) => one.text),
      );
    }),
  );
});

t.test('a line with anything else in it is none, and its number is told', async (t) => {
  const good = 'zrep vault/a 12 fileserver:tank/a 5';
  const bad = [
    `${good} more`,
    'zrep vault/a 12 fileserver:tank/a',
    'zrep vault/a@b 12 fileserver:tank/a 5',
    'ZREP vault/a 12 fileserver:tank/a 5',
    'zrep vault/a -1 fileserver:tank/a 5',
    'zrep vault/a 12 -oProxyCommand=x:tank/a 5',
    'zrep vault/a 12 fileserver:tank/$(x) 5',
    'zrep vault/a 12 fileserver:tank/a 5\u001b[2J',
  ];
  const { copies, broken } = parseRecords(['# head', good, ...bad, ''].join('\n'));
  t.equal(copies.length, 1);
  t.same(
    broken,
    bad.map((text, index) => ({ line: index + 3, text })),
  );
});

t.test('of two records on one copy the later refresh counts', async (t) => {
  const text = [record('zrep', 'v/a', '1', 9), record('zrep', 'v/a', '2', 5)].map((one) =>
    formatRecords({ copies: [one], broken: [] }),
  );
  t.match(parseRecords(text.join('')).copies, [{ guid: '1', refreshed: 9 }]);
});

t.test('a copy is one by its name and by its GUID, under each tag by itself', async (t) => {
  const before = [record('zrep', 'v/a', '1'), record('zrep', 'v/b', '2'), record('off', 'v/a', '1')];
  const names = (copies: readonly CopyRecord[]) =>
    copies.map(({ tag, dataset }) => `${tag} ${dataset}`).sort();
  t.same(names(withRecords(before, [record('zrep', 'v/a', '9')])), ['off v/a', 'zrep v/a', 'zrep v/b']);
  t.same(names(withRecords(before, [record('zrep', 'w/a', '1')])), ['off v/a', 'zrep v/b', 'zrep w/a']);
  t.same(names(withoutRecord(before, 'zrep' as Tag, 'v/a')), ['off v/a', 'zrep v/b']);
});
