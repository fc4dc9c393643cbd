/** The state of a pair: what gets out, what does not, and with what a refresh would be refused. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import t from 'tap';
import type { Allowed } from '../../src/policy/decide.ts';
import { isRefusal } from '../../src/refusal.ts';
import { type DatasetState, describeState, formatState } from '../../src/replication/format-state.ts';
import { state } from '../../src/replication/state.ts';
import type { Capability } from '../../src/zfs/capabilities.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { judge, policyFrom } from '../fixtures/policy/judge.ts';
import { listingOf } from '../fixtures/replication/listing.ts';
import { type PretendZfs, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync(`${tmpdir()}/state-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

/** Long before now, so that no hour's limit and no floor in time keeps anything. */
const PAST = 1_700_000_000;

/** What a client with this grant is told of tank/home. */
async function ask(
  zfs: PretendZfs,
  grant = '',
  flags = '',
  command = 'zrep _state tank/home',
): Promise<DatasetState> {
  const policy = await policyFrom(`${flags}
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
keep-at-least = 1
keep-for = "0 seconds"
${grant}`);
  const {
    operation,
    limits,
    barred,
    sendFlags,
    alsoExpiring: makingRoom,
  } = judge(policy, command) as Allowed;
  if (operation.kind !== 'state') throw new Error(operation.kind);
  const done = await state(zfs.step(rundir), operation, limits, { barred, sendFlags, makingRoom });
  if (isRefusal(done)) throw new Error(done.reason);
  return JSON.parse(done.print ?? '');
}

/** tank/home with so many snapshots, all of them marked as sent. */
function home(count: number, options: { savecount?: number; can?: readonly Capability[] } = {}): PretendZfs {
  const zfs = pretendZfs({ now: () => PAST, ...options });
  zfs.set('tank/home', 'type', 'filesystem', '-');
  for (let number = 0; number < count; number += 1) {
    zfs.snapshot(`tank/home@zrep_00000${number}`);
    zfs.set(`tank/home@zrep_00000${number}`, 'zrep:sent', String(PAST));
  }
  return zfs;
}

t.test('it is told what there is, in one call without a lock, and the room in another', async (t) => {
  const zfs = home(1, { can: ['encryption'] });
  zfs.set('tank/home', 'encryption', 'aes-256-gcm', '-');
  zfs.set('tank/home', 'keystatus', 'available', '-');
  zfs.set('tank/home', 'guid', '18446744073709551615', '-');
  zfs.set('tank/home', 'zrep:dest-host', 'backup', 'received');
  zfs.set('tank/home', 'zrep:dest-fs', 'vault/parent', 'inherited from tank');
  zfs.set('tank/home', 'referenced', '4096', '-');
  zfs.snapshot('tank/home@by-hand');
  zfs.set('tank/home@by-hand', 'zrep:sent', '5', 'inherited from tank/home');
  zfs.snapshot('tank/home@zrep_000001');
  zfs.set('tank/home@zrep_000001', 'zrep:sent', '1600000000', 'received');
  zfs.bookmark('tank/home#mark', 'tank/home@by-hand');
  for (const other of [
    'tank/home/child',
    'tank/home/child@x',
    'tank/home/child#x',
    'tank/homes',
    'tank/homes@x',
  ])
    zfs.set(other, 'guid', '1', '-');
  const point = (number: number) => ({
    guid: String(1000 + number),
    createtxg: String(number),
    creation: String(PAST),
  });
  t.same(await ask(zfs), {
    ...{ version: 1, host: 'fileserver', dataset: 'tank/home', tag: 'zrep', type: 'filesystem' },
    ...{ guid: '18446744073709551615', encryption: 'aes-256-gcm', keystatus: 'available', refused: null },
    referenced: '4096',
    properties: {
      master: { value: 'yes', source: 'local' },
      'src-fs': { value: 'tank/home', source: 'local' },
      'src-host': { value: 'fileserver', source: 'local' },
      'dest-fs': { source: 'inherited' },
      'dest-host': { value: 'backup', source: 'received' },
      savecount: { value: '1', source: 'local' },
    },
    snapshots: [
      { name: 'zrep_000000', ...point(1), sent: String(PAST), source: 'local' },
      { name: 'by-hand', ...point(2) },
      { name: 'zrep_000001', ...point(3), sent: '1600000000', source: 'received' },
    ],
    bookmarks: [{ name: 'mark', ...point(2) }],
  });
  t.equal(zfs.asked.length, 2);
  t.ok(
    zfs.asked.every((line) => line.startsWith('get ')),
    zfs.asked.join('\n'),
  );
});

t.test('with -R what is below is told as well, in one call, and nothing beside it', async (t) => {
  const zfs = home(1);
  zfs.set('tank/home/c', 'type', 'filesystem', '-');
  zfs.set('tank/home/c', 'zrep:dest-fs', 'vault/secret');
  zfs.snapshot('tank/home/c@zrep_000000');
  zfs.set('tank/home/c@zrep_000000', 'zrep:sent', '5');
  zfs.set('tank/home/c/vol', 'type', 'volume', '-');
  zfs.set('tank/homes', 'type', 'filesystem', '-');
  const { below, snapshots } = await ask(zfs, 'recursive = true', '', 'zrep -R _state tank/home');
  t.equal(snapshots.length, 1);
  const none = { encryption: null, keystatus: null };
  t.match(below, [
    { name: '/c', type: 'filesystem', ...none, snapshots: [{ name: 'zrep_000000' }] },
    { name: '/c/vol', type: 'volume', ...none, snapshots: [] },
  ]);
  t.equal(below?.length, 2);
  t.same(Object.keys(below?.[0]?.snapshots[0] ?? {}), ['name', 'guid', 'createtxg', 'creation']);
  t.notMatch(JSON.stringify(below), 'secret');
  t.equal(zfs.asked.filter((line) => line.startsWith('get -Hp -r')).length, 1);
  t.equal((await ask(zfs)).below, undefined);
});

t.test('what this zfs does not know is not asked for', async (t) => {
  const zfs = home(0);
  t.match(await ask(zfs), { encryption: null, keystatus: null, snapshots: [], bookmarks: [] });
  t.notOk(zfs.asked.some((line) => /keystatus|encryption/.test(line)));
});

t.test('a refresh is refused here as snaponly and the stream would be', async (t) => {
  const other = home(1);
  other.set('tank/home', 'zrep:src-host', 'backup');
  t.match(await ask(other), { refused: { code: 'not-master' } });
  const inherited = home(1);
  inherited.set('tank/home', 'zrep:master', 'yes', 'inherited from tank');
  t.match(await ask(inherited), { refused: { code: 'not-marked-master' } });
  const last = home(0);
  last.snapshot('tank/home@zrep_ffffff');
  t.match(await ask(last), { refused: { code: 'sequence-exhausted' } });
  const keyless = home(1, { can: ['encryption'] });
  keyless.set('tank/home', 'keystatus', 'unavailable', '-');
  t.match(await ask(keyless), { refused: { code: 'key-not-loaded' } });
  t.match(await ask(keyless, 'raw = "required"'), { refused: null });
  t.match(await ask(keyless, '', 'zrep.send-flags = ["-w"]'), { refused: null });
  t.match(await ask(home(2)), { refused: null }, 'and a mark that is missing is for the client to see');
});

t.test('a shortage is told where what is due to expire does not end it', async (t) => {
  t.match(await ask(home(3), 'snapshots = 3'), { refused: null }, 'two are due');
  const kept = await ask(home(3, { savecount: 3 }), 'snapshots = 3');
  t.match(kept.refused, { code: 'too-many-snapshots', reason: /none is due to expire/ });
  const many = await ask(home(5, { savecount: 4 }), 'snapshots = 3');
  t.match(many.refused, { code: 'too-many-snapshots' });
  t.notMatch(many.refused?.reason, /expired/, 'nothing was');
  const zfs = home(3);
  const before = zfs.snapshots();
  await ask(zfs, 'snapshots = 3');
  t.same(zfs.snapshots(), before);
  t.notOk(zfs.asked.some((line) => line.startsWith('destroy')));
});

t.test('a client that may not expire is told so', async (t) => {
  const zfs = home(3);
  const policy = await policyFrom(`[client.backup1]
grant = [{ dataset = "tank/home", operations = ["pull"], snapshots = 3 }]`);
  const {
    operation,
    limits,
    barred,
    sendFlags,
    alsoExpiring: makingRoom,
  } = judge(policy, 'zrep _state tank/home') as Allowed;
  if (operation.kind !== 'state') throw new Error(operation.kind);
  const done = await state(zfs.step(rundir), operation, limits, { barred, sendFlags, makingRoom });
  const { refused } = JSON.parse(isRefusal(done) ? '{}' : (done.print ?? ''));
  t.match(refused, {
    code: 'too-many-snapshots',
    reason: /the gate expired nothing, since the grant has no "expire"/,
  });
});

t.test('a full pool is one where nothing is due, or where no pool would do', async (t) => {
  const full = (zfs: PretendZfs) => {
    zfs.set('tank', 'available', '0', '-');
    return zfs;
  };
  t.match(await ask(full(home(3))), { refused: null }, 'how much that frees only zfs will know');
  t.match(await ask(full(home(1))), { refused: { code: 'pool-full', reason: /none is due to expire/ } });
  t.match(await ask(full(home(3)), 'free-space = "10G"'), { refused: { code: 'pool-full' } });
});

t.test('with a recursive grant, what a child keeps is not due', async (t) => {
  const zfs = home(3);
  for (const number of [0, 1, 2]) {
    const name = `zrep_00000${number}`;
    for (const property of ['guid', 'createtxg', 'creation', 'userrefs'])
      zfs.set(
        `tank/home/child@${name}`,
        property,
        zfs.objects.get(`tank/home@${name}`)?.get(property)?.value ?? '',
        '-',
      );
  }
  zfs.set('tank/home/child', 'type', 'filesystem', '-');
  t.match(await ask(zfs, 'recursive = true\nsnapshots = 3'), { refused: null });
  zfs.set('tank/home/child@zrep_000000', 'userrefs', '1', '-');
  zfs.set('tank/home/child@zrep_000001', 'userrefs', '1', '-');
  const held = await ask(zfs, 'recursive = true\nsnapshots = 3');
  t.match(held.refused, { code: 'too-many-snapshots' });
  t.notMatch(JSON.stringify(held), 'child');
});

t.test('a dataset that is not there has no state', async (t) => {
  const zfs = pretendZfs();
  zfs.objects.delete('tank/home');
  await t.rejects(ask(zfs), { message: /'tank\/home': dataset does not exist/ });
});

t.test('whatever zfs says, it is one printable line, which names no other dataset', async () => {
  const object = fc.constantFrom(
    'tank/home',
    'tank/home@a',
    'tank/home#b',
    'tank/home/SECRET',
    'tank/home/SECRET@a',
    'tank/home/SECRET#b',
    'tank/homeSECRET@a',
  );
  const property = fc.constantFrom(
    'guid',
    'createtxg',
    'zrep:sent',
    'zrep:src-fs',
    'zrep:lastsent',
    'zrep:other',
  );
  const source = fc.constantFrom('local', 'received', '-', 'inherited from tank/SECRET');
  const value = fc.string({ unit: 'binary', maxLength: 9 });
  const entry = fc.tuple(object, property, value, source);
  const all = fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
    const listing = new Map<string, Map<string, { value: string; source: string }>>();
    for (const [name, key, text, from] of entries) {
      const own = listing.get(name) ?? new Map();
      // zfs's own numbers come from nowhere else.
      const source = key.includes(':') ? from : '-';
      const value = source.startsWith('inherited') ? 'SECRET' : text;
      listing.set(name, own.set(key, { value, source }));
    }
    const state = describeState(listing, 'tank/home', 'zrep' as Tag, 'fileserver', undefined);
    const text = formatState(state);
    return (
      /^[\x20-\x7e]+\n$/.test(text) &&
      !text.includes('SECRET') &&
      !text.includes('zrep:other') &&
      JSON.stringify(JSON.parse(text)) === JSON.stringify(state)
    );
  });
  fc.assert(all);
});

t.test('snapshots stand in the order of createtxg, which names and listings do not tell', async (t) => {
  const listing = listingOf(`
    tank/home@a createtxg=100<-
    tank/home@b createtxg=20<-
    tank/home@c createtxg=3<-`);
  const { snapshots } = describeState(listing, 'tank/home', 'zrep' as Tag, 'fileserver', undefined);
  t.same(
    snapshots.map(({ name }) => name),
    ['c', 'b', 'a'],
  );
});
