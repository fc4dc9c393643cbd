/** What the other side says of its snapshots is read strictly: it may be hostile. */

import fc from 'fast-check';
import t from 'tap';
import { parseTheirs } from '../../../src/client/far/their-snapshots.ts';

t.test('name, GUID and mark are read, in the order in which they come', async (t) => {
  t.same(parseTheirs('tank/home@a\t1\t-\ntank/home@zrep_000001\t2\t1700000000\n', 'tank/home'), [
    { name: 'a', guid: '1', sent: false },
    { name: 'zrep_000001', guid: '2', sent: true },
  ]);
});

t.test('what is not of that file system, or has no GUID, is left out', async (t) => {
  for (const line of [
    'tank/else@a\t1\t-',
    'tank/home@a\tx\t-',
    'tank/home@\t1\t-',
    'tank/home/b@a\t1\t-',
    'hello',
    '',
  ])
    t.same(parseTheirs(line, 'tank/home'), [], line);
});

t.test('whatever is printed, every GUID is one', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (text, name) =>
      parseTheirs(`${text}\ntank/home@${name}\t${text}\t-`, 'tank/home').every(({ guid }) =>
        /^\d{1,20}$/.test(guid),
      ),
    ),
  );
});
