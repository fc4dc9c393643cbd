/** What the other side says of its snapshots is read strictly: it may be hostile. */

import fc from 'fast-check';
import t from 'tap';
import type { FarSide } from '../../../src/client/far/far-side.ts';
import { parseTheirs, theirSnapshots } from '../../../src/client/far/their-snapshots.ts';

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

t.test('an answer of which nothing can be read is none, and a connection that broke is told', async (t) => {
  const said = (output: string, code = 0) =>
    ({
      host: { name: 'fileserver', here: false },
      ask: async () => ({ code, signal: null, output, message: '' }),
    }) as unknown as FarSide;
  const ask = (far: FarSide) => theirSnapshots(far, 'zrep', 'tank/home');
  t.equal(await ask(said('tank/home@zrep_000001\t4.2E\t1\n')), undefined, 'as zfs-fuse lists it');
  t.equal(await ask(said('', 77)), undefined, 'refused');
  t.same(await ask(said('')), [], 'no snapshots');
  t.equal((await ask(said('tank/home@a\t7\t-\n')))?.length, 1);
  await t.rejects(ask(said('', 255)), { message: /^fileserver did not answer, so nothing was changed here/ });
});
