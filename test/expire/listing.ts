/** Listings in a file. */

import t from 'tap';
import { readListing } from '../../src/expire/listing.ts';

t.test(
  'a line is a name, a sent mark and a creation; comments, blank lines and CRLF are passed over',
  async (t) => {
    const text =
      '# FS@NAME\tsent\tcreation\r\n\r\ntank/a b@zrep_000001\t1700000000\t1699999999\r\ntank/a@by-hand\t-\t1700000001\n';
    t.match(readListing(text, ['zrep']), [
      { dataset: 'tank/a b', name: 'zrep_000001', creation: 1_699_999_999, sentAs: new Set(['zrep']) },
      { dataset: 'tank/a', name: 'by-hand', creation: 1_700_000_001, sentAs: new Set() },
    ]);
  },
);

t.test('a mark counts under the tag of the name, and under what was asked about', async (t) => {
  const marks = (name: string, tags: readonly string[]) => {
    const [one] = readListing(`tank/a@${name}\t1\t1\n`, tags);
    return one !== undefined && 'sentAs' in one ? [...one.sentAs] : [];
  };
  t.same(marks('off_000001', ['zrep']), ['off']);
  t.same(marks('zrep_000001_unsent', ['zrep']), ['zrep']);
  t.same(
    marks('zrep_facade_000001', ['zrep']),
    ['zrep_facade', 'zrep'],
    'as the original matches, it is both',
  );
});

t.test('what is no such line is told by its number', async (t) => {
  const text =
    'tank/a@b\t-\t1\ntank/a\t-\t1\ntank/a@c\t-\t-\ntank/a@d\tx\t1\ntank/a@e\t-\t1\t1\ntank/a@b\t-\t1\ntank/a@f - 1\n';
  const mistakes = readListing(text, ['zrep']);
  t.same(
    mistakes.map((one) => ('line' in one ? one.line : 0)),
    [2, 3, 4, 5, 6, 7],
  );
  t.match(mistakes[4], { problem: /"tank\/a@b" is there twice/ });
});
