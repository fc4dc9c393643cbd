/** What the doctor makes of zrep's properties, and of who is the master. */

import t from 'tap';
import { diagnose, diagnoseStranger, foundTwice } from '../../../src/client/doctor/diagnose.ts';
import type { Tag } from '../../../src/zfs/names.ts';
import { type PairOptions, pairOf } from '../../fixtures/client/scene.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const all = (options: PairOptions) => diagnose(pairOf('0+ 1+', '0+ 1+', options));
const mends = (options: PairOptions) => {
  const [only, ...more] = all(options);
  return only && more.length === 0
    ? [only.code, only.mend.by, only.mend.on, ...only.mend.lines]
    : all(options).map(({ code }) => code);
};

t.test('what only this side knows is set, what it does not know is asked for', async (t) => {
  const lost = { 'zrep:dest-fs': '', 'zrep:dest-host': 'x<inherited from vault' };
  t.same(mends({ here: lost }), [
    'configuration-incomplete',
    'safe',
    undefined,
    'zfs set zrep:dest-fs=vault/home vault/home',
    'zfs set zrep:dest-host=backup vault/home',
  ]);
  t.same(mends({ here: { 'zrep:src-fs': '' } }), [
    'configuration-incomplete',
    'hand',
    undefined,
    'zfs set zrep:src-fs=SOURCE vault/home',
  ]);
  t.same(mends({ role: 'source', here: { 'zrep:src-host': '' } }), [
    'configuration-incomplete',
    'safe',
    undefined,
    'zfs set zrep:src-host=fileserver tank/home',
  ]);
});

t.test('a host that ssh would take for an option is no host', async (t) => {
  const here = { 'zrep:src-host': '-oProxyCommand=reboot' };
  t.same(mends({ here, scene: { peer: undefined, there: { unasked: true } } }).slice(0, 2), [
    'configuration-unusable',
    'hand',
  ]);
});

t.test('a copy and a host that were renamed', async (t) => {
  t.same(mends({ here: { 'zrep:dest-fs': 'vault/old' } }), [
    'copy-renamed',
    'hand',
    undefined,
    'zrep renamed vault/old vault/home',
  ]);
  t.same(mends({ here: { 'zrep:dest-fs': 'former/home' } }).at(-1), 'zrep renamed former vault');
  t.same(
    mends({ here: { 'zrep:dest-fs': 'x; reboot' } }).at(-1),
    'zfs set zrep:dest-fs=vault/home vault/home',
    'what came with a stream gets into no line to copy',
  );
  t.same(mends({ role: 'source', here: { 'zrep:src-host': 'old-name' } }), [
    'source-renamed',
    'force',
    undefined,
    'zfs set zrep:src-host=fileserver tank/home',
  ]);
  t.same(
    mends({ role: 'source', here: { 'zrep:src-host': 'root@fileserver' } }),
    ['source-renamed', 'force', undefined, 'zfs set zrep:src-host=fileserver tank/home'],
    'an account in front of the own name: nobody takes that for the master',
  );
});

t.test('the two sides have to name each other, by their file systems', async (t) => {
  t.same(mends({ there: { 'zrep:dest-fs': 'other/home' } }), [
    'other-pair',
    'hand',
    'fileserver',
    'zfs set zrep:dest-fs=vault/home tank/home',
  ]);
  t.same(mends({ role: 'source', there: { 'zrep:src-fs': 'tank/else' } })[0], 'other-pair');
  const former = { 'zrep:dest-fs': 'vault/former' };
  t.same(mends({ here: former, there: former, scene: { hasNamesake: false } })[0], 'copy-renamed');
  t.ok(mends({ here: former, there: former, scene: { hasNamesake: true } }).includes('other-pair'));
  t.same(
    mends({ there: { 'zrep:dest-host': '192.0.2.10' } }),
    [],
    'by its hosts it may call itself otherwise',
  );
});

t.test('a save count that is none becomes one by which nothing goes', async (t) => {
  for (const value of ['0', 'five', '-1', '1.5', ''])
    t.same(
      mends({ here: { 'zrep:savecount': value } }),
      ['savecount-wrong', 'safe', undefined, 'zfs set zrep:savecount=5 vault/home'],
      value,
    );
  const many = diagnose(pairOf('8+', '0+ 1+ 2+ 3+ 4+ 5+ 6+ 7+ 8+', { here: { 'zrep:savecount': 'x' } }));
  t.same(many[0]?.mend.lines, ['zfs set zrep:savecount=9 vault/home']);
  t.same(mends({ there: { 'zrep:savecount': 'x' } }), [
    'savecount-wrong',
    'hand',
    'fileserver',
    'zfs set zrep:savecount=5 tank/home',
  ]);
  t.same(mends({ there: { 'zrep:savecount': '' } }), [], 'there it may be inherited, which is not seen');
});

t.test('two masters: the copy gives way with -f, of two sources a person decides', async (t) => {
  const marked = { 'zrep:master': 'yes' };
  const demoted = ['zfs inherit zrep:master vault/home', 'zfs set readonly=on vault/home'];
  t.same(mends({ here: marked }), ['two-masters', 'force', undefined, ...demoted]);
  t.same(mends({ here: marked, there: { 'zrep:master': '' } }), [
    'copy-is-master',
    'force',
    undefined,
    ...demoted,
  ]);
  t.same(mends({ role: 'source', there: marked }), [
    'two-masters',
    'hand',
    undefined,
    'zfs inherit zrep:master tank/home',
    'zfs set zrep:src-host=backup tank/home',
    'zfs set zrep:src-fs=vault/home tank/home',
    'zfs set zrep:dest-host=fileserver tank/home',
    'zfs set zrep:dest-fs=tank/home tank/home',
    'zfs set readonly=on tank/home',
  ]);
});

t.test(
  'no master: the source becomes it where the copy is none, and with -f where that was not seen',
  async (t) => {
    const line = 'zfs set zrep:master=yes tank/home';
    const unmarked = { 'zrep:master': 'yes<received' };
    t.same(mends({ role: 'source', here: unmarked }), ['no-master', 'safe', undefined, line]);
    t.match(all({ role: 'source', here: unmarked, unseen: true }), [
      { code: 'no-master', mend: { by: 'force' } },
      { code: 'not-looked' },
    ]);
    t.same(mends({ there: { 'zrep:master': '' } }), ['no-master', 'hand', 'fileserver', line]);
    t.same(mends({ role: 'source', here: unmarked, there: { 'zrep:master': 'yes' } })[1], 'hand');
  },
);

t.test('a lock whose holder is dead is let go of; one whose holder lives is no finding', async (t) => {
  t.same(mends({ scene: { lock: { state: 'stale', pid: '4711' } } }), [
    'lock-stale',
    'safe',
    undefined,
    'zfs inherit zrep:lock-time vault/home',
    'zfs inherit zrep:lock-pid vault/home',
  ]);
  t.match(all({ scene: { lock: { state: 'held', pid: '4711' } } }), [{ code: 'at-work', severity: 'note' }]);
});

t.test('what is no pair is told apart', async (t) => {
  const listing = listingOf(`
    vault/plain type=filesystem
    vault/home/child zrep:src-fs=tank/home<inherited_from_vault/home
  `);
  const code = (dataset: string) => diagnoseStranger(listing, dataset, 'zrep' as Tag, false).code;
  t.equal(code('vault/nosuch'), 'no-such-dataset');
  t.equal(code('vault/plain'), 'not-a-pair');
  t.equal(code('vault/home/child'), 'configuration-inherited');
  t.match(
    diagnoseStranger(listing, 'vault/plain', 'off' as Tag, true),
    { code: 'not-a-pair', mend: { lines: ['zrep -t off doctor'] } },
    'what was a pair is not to be made the copy of something',
  );
});

t.test('what its properties do not agree on is named, and nothing is done to it', async (t) => {
  const moved = Object.fromEntries(
    Object.entries({
      'src-fs': 'tank/old',
      'src-host': 'fileserver',
      'dest-fs': 'vault/old',
      'dest-host': 'backup',
    }).map(([name, value]) => [`zrep:${name}`, `${value}<received`]),
  );
  const found = all({ here: { ...moved, 'zrep:master': 'yes<received', readonly: 'off' } });
  t.match(found, [{ code: 'role-unclear', mend: { by: 'hand', acts: [] } }]);
  t.equal(found.length, 1, 'and nothing else is said of it');
  t.match(
    found[0]?.what,
    /zrep:src-fs=tank\/old \(received\).*zrep:master=yes \(received\); and its own name/,
  );
  t.match(found[0]?.mend.lines, ['zfs get -s local,received all vault/home']);
});

t.test('what was found at one of two looks only had come to its end between them', async (t) => {
  const [first, second] = [all({ here: { 'zrep:savecount': 'x' } }), all({ here: { readonly: 'off' } })];
  t.same(foundTwice(first, second), []);
  t.same(foundTwice(first, first), first);
});
