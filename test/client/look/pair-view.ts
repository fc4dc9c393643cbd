/** What is seen of a pair from one side, and what stock saw that was not so. */

import t from 'tap';
import { pairView, viewedProperties, viewedSnapshotProperties } from '../../../src/client/look/pair-view.ts';
import { fullName } from '../../../src/replication/snapshots.ts';
import type { Tag } from '../../../src/zfs/names.ts';
import { COPY, properties, SOURCE, snapshots, viewOf } from '../../fixtures/client/views.ts';

const ZREP = 'zrep' as Tag;
const TWO = [{ name: 'zrep_000000', sent: 100 }, { name: 'zrep_000001', sent: 200 }, { name: 'zrep_000002' }];

t.test('the last one is the newest that is marked, and what is behind it was not sent', async (t) => {
  const { last, sent, unsent } = viewOf(TWO);
  t.equal(last && fullName(last), 'tank/home@zrep_000001');
  t.equal(sent, 200);
  t.same(
    unsent.map(({ name }) => name),
    ['zrep_000002'],
  );
  const never = viewOf([{ name: 'zrep_000000' }]);
  t.match(never, { last: undefined, sent: undefined, unsent: [{ name: 'zrep_000000' }] });
});

t.test(
  'a side is told by what is set here: the mark of the master that came with a stream makes none',
  async (t) => {
    t.equal(viewOf(TWO).role, 'source');
    t.equal(viewOf(TWO, COPY).role, 'copy');
    t.equal(
      viewOf(TWO, SOURCE, { 'zrep:src-host': 'other' }).role,
      'source',
      'its host has another name now',
    );
    const moved = Object.fromEntries(
      Object.entries(COPY).map(([name, value]) => [name, [String(value), 'received'] as const]),
    );
    t.equal(viewOf(TWO, COPY, { ...moved, 'zrep:dest-fs': ['vault/former', 'received'] }).role, 'unclear');
    const { source, destination } = viewOf(TWO, COPY);
    t.same(
      { source, destination },
      {
        source: { host: 'fileserver', dataset: 'tank/home' },
        destination: { host: 'backup', dataset: 'vault/home' },
      },
    );
  },
);

t.test('a mark from before snapshots could have one is that of the file system', async (t) => {
  const made = [
    { name: 'zrep_000000', creation: 50 },
    { name: 'zrep_000001', creation: 60 },
  ];
  const named = { 'zrep:lastsent': 'tank/home@zrep_000000' };
  t.match(viewOf(made, SOURCE, { ...named, 'zrep:lastsenttime': '55' }), {
    last: { name: 'zrep_000000' },
    sent: 55,
    unsent: [{ name: 'zrep_000001' }],
  });
  t.equal(viewOf(made, SOURCE, named).sent, 50, 'or else when it was made');
  t.equal(
    viewOf([{ name: 'zrep_000000', sent: Number.NaN, creation: 50 }]).sent,
    50,
    'as with a mark that is no time',
  );
});

t.test('stock bug 5: a lock that a dead process has left is told as such', async (t) => {
  const none = { 'zrep:lock-time': '20261125003732' };
  t.equal(viewOf(TWO, SOURCE, none).lock, undefined);
  t.match(viewOf(TWO, SOURCE, { ...none, 'zrep:lock-pid': '4194304' }).lock, { pid: 4194304, live: false });
  t.match(viewOf(TWO, SOURCE, { 'zrep:lock-pid': String(process.pid) }).lock, {
    pid: process.pid,
    since: undefined,
    live: true,
  });
  const before = { 'zrep:lock-pid': String(process.pid), 'zrep:lock-time': '20010101000000' };
  t.match(viewOf(TWO, SOURCE, before).lock, { live: false }, 'this process came later, and got the number');
  const came = { 'zrep:lock-pid': [String(process.pid), 'received'] } as const;
  t.equal(viewOf(TWO, SOURCE, came).lock, undefined, "that of another host's process is none here");
});

t.test('stock bug 6: what is below a file system says nothing about it, whatever sorts last', async (t) => {
  const below = new Map([
    ...snapshots('tank/home', TWO),
    ...snapshots('tank/home/x', [{ name: 'zrep_000009', sent: 900, createtxg: 90 }]),
    ...snapshots('tank/home-b', [{ name: 'zrep_000009', sent: 900, createtxg: 91 }]),
  ]);
  const { last } = pairView('tank/home', properties(SOURCE), below, ZREP, 'fileserver');
  t.equal(last && fullName(last), 'tank/home@zrep_000001');
});

t.test('stock bug 7: after the last number the newest is still the newest', async (t) => {
  const wrapped = [
    { name: 'zrep_fffffe', sent: 100 },
    { name: 'zrep_ffffff', sent: 200 },
    { name: 'zrep_1000000', sent: 300 },
  ];
  t.match(viewOf(wrapped), { last: { name: 'zrep_1000000' }, sent: 300, unsent: [] });
  const renamed = [
    { name: 'zrep_000005', createtxg: 9, sent: 1 },
    { name: 'zrep_000009', createtxg: 5, sent: 2 },
  ];
  t.match(viewOf(renamed), { last: { name: 'zrep_000005' } }, 'the order is that in which they were made');
});

t.test('a token is asked for where zfs has any', async (t) => {
  t.notOk(viewedProperties(new Set(), ZREP).includes('receive_resume_token'));
  t.ok(viewedProperties(new Set(['resume'] as const), ZREP).includes('receive_resume_token'));
  t.ok(viewedSnapshotProperties('off' as Tag).includes('off:sent'));
  t.equal(viewOf(TWO, COPY, { receive_resume_token: ['1-a-b-c', '-'] }).token, '1-a-b-c');
  t.equal(viewOf(TWO, COPY, { receive_resume_token: ['-', '-'] }).token, undefined);
});
