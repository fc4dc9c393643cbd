/** What the other side says is taken for no more than it is. */

import fc from 'fast-check';
import t from 'tap';
import { merged, parseFar } from '../../../src/client/far/their-side.ts';

t.test('three columns are a listing, whose sources are what was asked for', async (t) => {
  const text = 'tank/a\tzrep:master\tyes\ntank/a@zrep_000001\tguid\t12\ntank/a@zrep_000001\tzrep:sent\t-\n';
  const listing = parseFar(text, 'local');
  t.same(listing.get('tank/a')?.get('zrep:master'), { value: 'yes', source: 'local' });
  t.same(listing.get('tank/a@zrep_000001')?.get('guid'), { value: '12', source: '-' });
  t.same(listing.get('tank/a@zrep_000001')?.get('zrep:sent'), { value: '-', source: '-' });
});

t.test('names that are none, and GUIDs that are none, are left out', async (t) => {
  const text =
    'tank/a@x;reboot\tguid\t1\ntank/a@$(id)\tguid\t2\ntank/a@b\tguid\t-3\nbanner\ntank/a@c\tguid\t4\n';
  t.same([...parseFar(text, 'local').keys()], ['tank/a@c']);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (word) =>
      [...parseFar(`tank/a@${word}\tguid\t1\n`, 'local').keys()].every((name) => /^[\w/@.: -]+$/.test(name)),
    ),
  );
});

t.test('of two listings the later one speaks for what it has', async (t) => {
  const one = parseFar('a\tzrep:master\tno\treceived\na\tzrep:savecount\t5\treceived\n');
  const both = merged(one, parseFar('a\tzrep:master\tyes\n', 'local')).get('a');
  t.same(both?.get('zrep:master'), { value: 'yes', source: 'local' });
  t.same(both?.get('zrep:savecount'), { value: '5', source: 'received' });
});
