/** The push of one file system, between two hosts in memory: what goes wrong, and what is left of it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { Failure } from '../../../src/client/run/failure.ts';
import type { Run } from '../../../src/client/run/run.ts';
import { type SyncOptions, syncPair, syncReading } from '../../../src/client/verbs/sync-pair.ts';
import { isRefusal } from '../../../src/refusal.ts';
import { withLock } from '../../../src/replication/lock.ts';
import { type Dataset, parseDataset } from '../../../src/zfs/names.ts';
import { formatResumeToken, parseResumeToken } from '../../../src/zfs/resume-token.ts';
import { Killed, PushWorld, set } from '../../fixtures/client/push-world.ts';
import { FULL_TOKEN } from '../../fixtures/zfs/resume-token.ts';

const rundir = mkdtempSync(`${tmpdir()}/sync-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = parseDataset('tank/home') as Dataset;

/** What it threw, or undefined. */
async function sync(run: Run, options: SyncOptions = {}): Promise<Error | undefined> {
  try {
    const done = await withLock(run.step, HOME, run.settings.tag, syncReading(run), async (listing) => {
      await syncPair(run, listing, HOME, options);
      return undefined;
    });
    return isRefusal(done) ? new Error(done.reason) : undefined;
  } catch (error) {
    return error as Error;
  }
}

const RECEIVE = ' zfs recv   vault/home';
const GUID = 'zfs get -Hp -o name,value guid vault/home@zrep_000001';
const MASTER = 'zfs get -H -o value -s local zrep:master vault/home';

t.test('a healthy one asks what stock asks and for one GUID, and marks both sides alike', async (t) => {
  const world = new PushWorld(rundir);
  t.equal(await sync(world.run()), undefined);
  t.same(world.wire.slice(0, 3), [MASTER, RECEIVE, GUID]);
  t.match(world.wire[3], /^zfs set zrep:sent=\d+ vault\/home@zrep_000001$/);
  t.equal(world.wire.length, 4);
  t.equal(world.said.out, 'sending tank/home@zrep_000001 to backup:vault/home\n');
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent']);
  t.same(world.snapshots('there'), world.snapshots('here'));
});

t.test('killed before any call, it is made good by the next one, and no mark ever lies', async (t) => {
  let calls = 0;
  for (; ; calls += 1) {
    const world = new PushWorld(rundir);
    const run = world.run();
    world.left = calls;
    const ended = await sync(run);
    t.same(world.lies(), [], `killed before call ${calls}`);
    if (ended === undefined) break;
    t.ok(ended instanceof Killed, String(ended));
    t.equal(await sync(world.run()), undefined, `killed before call ${calls}: the next one is done`);
    t.same(world.lies(), []);
    t.ok(world.snapshots('here').at(-1)?.endsWith(' sent'));
    t.same(world.snapshots('there').at(-1), world.snapshots('here').at(-1));
  }
  t.ok(calls > 10, 'there were some');
});

t.test('bug 19: another master on the other side is refused before anything is made', async (t) => {
  const world = new PushWorld(rundir);
  world.there.get('vault/home')?.set('zrep:master', { value: 'yes', source: 'local' });
  const ended = await sync(world.run());
  t.same(ended, new Failure('Other side (backup:vault/home) is also master. Split brain detected'));
  t.same(world.snapshots('here'), ['zrep_000000 sent']);
  // What a recursive stream has brought is no mark of a master.
  world.there.get('vault/home')?.set('zrep:master', { value: 'yes', source: 'received' });
  t.equal(await sync(world.run()), undefined);
});

t.test('what cannot be asked is not reachable, and nothing is made', async (t) => {
  const world = new PushWorld(rundir);
  world.failing = [[/master/, 255]];
  const ended = await sync(world.run());
  t.same(ended, new Failure('backup is not reachable via ssh? Cannot sync (it is so)'));
  t.same(world.snapshots('here'), ['zrep_000000 sent']);
});

t.test('a stream that fails leaves the snapshot as _unsent, or not at all, or for -r', async (t) => {
  for (const [variables, left] of [
    [{}, ['zrep_000000 sent', 'zrep_000001_unsent']],
    [{ ZREP_RENAME_UNSENT: 'no' }, ['zrep_000000 sent']],
    [{ ZREP_RESUME: 'yes' }, ['zrep_000000 sent', 'zrep_000001']],
  ] as const) {
    const world = new PushWorld(rundir);
    world.receiving = { code: 1, takes: false };
    const ended = await sync(world.run(variables));
    t.match(ended?.message, /^Problem doing sync for tank\/home@zrep_000001.*backup ended with 1/);
    t.same(world.snapshots('here'), left);
    t.same(world.snapshots('there'), ['zrep_000000 sent']);
  }
});

t.test('both ends of the pipe must end well: what zfs send broke off is not marked', async (t) => {
  const world = new PushWorld(rundir);
  world.receiving = { code: 0, takes: false };
  const run = world.run();
  const failing = { ...run.step, zfs: { ...run.step.zfs, binary: '/bin/false' } };
  const ended = await sync({ ...run, step: failing });
  t.match(ended?.message, /zfs send: 1/);
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001_unsent']);
});

t.test('what has come whole though the other end failed is marked, by its GUID', async (t) => {
  const world = new PushWorld(rundir);
  world.receiving = { code: 255, takes: true };
  t.equal(await sync(world.run()), undefined);
  t.match(world.said.err, /whole all the same/);
  t.same(world.snapshots('there'), ['zrep_000000 sent', 'zrep_000001 sent']);
});

t.test('bug 11: a mark that the other side did not get is made good, there and here', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { arrived: true });
  t.equal(await sync(world.run()), undefined);
  t.equal(world.wire[1], 'zfs get -Hp -o name,value guid vault/home@zrep_000001');
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002 sent']);
  t.same(world.snapshots('there'), world.snapshots('here'));
});

t.test('bug 11: where the other side cannot be told, it is not marked here either', async (t) => {
  const world = new PushWorld(rundir);
  world.failing = [[/sent=/, 255]];
  t.match(await sync(world.run()), { message: /zrep_000001 was received, but backup could not be told so/ });
  t.equal(world.wire.filter((command) => command.includes('sent=')).length, 3, 'told three times');
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001'], 'and it keeps its name');
});

t.test('bug 20: what was called _unsent, but has come, is called here what it is called there', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001_unsent', { arrived: 'zrep_000001' });
  t.equal(await sync(world.run()), undefined);
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002 sent']);
  t.same(world.snapshots('there'), world.snapshots('here'));
  const other = new PushWorld(rundir);
  other.snapshot('zrep_000001_unsent', { arrived: true });
  t.equal(await sync(other.run()), undefined);
  t.same(other.snapshots('here')[1], 'zrep_000001_unsent sent', 'and is left so where both call it that');
});

t.test('another snapshot of the same name means that the two have parted', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { arrived: true });
  world.there.get('vault/home@zrep_000001')?.set('guid', { value: '1', source: '-' });
  t.match(await sync(world.run()), {
    message: /^@zrep_000001 of vault\/home on backup is not the snapshot of/,
  });
  world.failing = [[/guid,createtxg/, 77]];
  t.match(await sync(world.run()), { message: /different snapshots of one name: the two sides have parted/ });
});

t.test(
  'a zfs there whose snapshots carry no properties gets the mark on the file system, as with stock',
  async (t) => {
    const world = new PushWorld(rundir);
    world.failing = [[/zrep:sent=/, 1]];
    t.equal(await sync(world.run()), undefined);
    const sent = world.here.get('tank/home@zrep_000001')?.get('zrep:sent')?.value;
    t.same(world.wire.slice(-2), [
      'zfs set zrep:lastsent=tank/home@zrep_000001 vault/home',
      `zfs set zrep:lastsenttime=${sent} vault/home`,
    ]);
    t.match(world.said.out, 'WARNING: setting zrep:sent failed on backup:vault/home@zrep_000001\n');
  },
);

t.test(
  'synconly sends the newest there is, once, and asks for one GUID beside what stock asks',
  async (t) => {
    const world = new PushWorld(rundir);
    t.equal(await sync(world.run(), { newest: true }), undefined);
    t.same([world.said.out, world.wire], ['tank/home@zrep_000000 already sent\n', []]);
    world.snapshot('zrep_000001');
    t.equal(await sync(world.run(), { newest: true }), undefined);
    t.same(world.wire.slice(0, 3), [MASTER, RECEIVE, GUID]);
    t.same(world.snapshots('there'), ['zrep_000000 sent', 'zrep_000001 sent']);
  },
);

/** FULL_TOKEN, of tank/home@zrep_000001, with these GUIDs. */
function tokenOf(toguid: bigint, fromguid: bigint): string {
  const token = parseResumeToken(FULL_TOKEN);
  if (isRefusal(token)) throw new Error(token.reason);
  return formatResumeToken({ ...token, toguid, fromguid });
}

t.test(
  'bug 1: with -r the token is asked for before a new snapshot is made, and its own snapshot is marked',
  async (t) => {
    const world = new PushWorld(rundir);
    world.snapshot('zrep_000001');
    world.token = tokenOf(1002n, 1001n);
    world.receiving = { code: 0, takes: true };
    t.equal(await sync(world.run({}, { resume: true })), undefined);
    t.equal(world.wire[1], 'zfs get -H -o value receive_resume_token vault/home');
    t.match(world.wire[2], /^zfs get -Hp -r -d 1 -o name,property,value,source guid,.* vault\/home$/);
    t.equal(world.wire[3], ' zfs recv -s  vault/home');
    t.equal(world.wire[4], GUID);
    t.match(world.wire[5], /^zfs set zrep:sent=\d+ vault\/home@zrep_000001$/);
    t.equal(world.wire[6], ' zfs recv -s  vault/home');
    t.same(world.snapshots('there'), ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002 sent']);
    t.same(world.snapshots('here'), world.snapshots('there'));
  },
);

t.test('a token of a snapshot that is not of this pair is not sent by, but thrown away', async (t) => {
  for (const token of [tokenOf(77n, 1001n), tokenOf(1002n, 77n), 'nonsense']) {
    const world = new PushWorld(rundir);
    world.snapshot('zrep_000001');
    world.token = token;
    t.equal(await sync(world.run({}, { resume: true })), undefined);
    t.equal(world.wire[2], 'zfs recv -A vault/home');
    t.match(world.said.err, /What it left is discarded/);
  }
});

t.test('a token that zfs receive there cannot resume is discarded, and a new stream sent', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001');
  world.token = tokenOf(1002n, 1001n);
  const says = 'cannot receive resume stream: kernel modules must be upgraded to receive this stream.\n';
  world.receiving = { code: 1, takes: false, says };
  await sync(world.run({}, { resume: true }));
  t.match(world.said.err, /zfs receive on backup cannot resume it\)\. What it left is discarded/);
  t.ok(world.wire.includes('zfs recv -A vault/home'));
});

t.test('with -c nothing is made where nothing was written, but the mark is renewed', async (t) => {
  const world = new PushWorld(rundir);
  world.here.get('tank/home')?.set('written@zrep_000000', { value: '0', source: '-' });
  t.equal(await sync(world.run({ ZREP_CHANGEDONLY: 'yes' })), undefined);
  t.same(world.wire, []);
  t.same(world.snapshots('here'), ['zrep_000000 sent']);
  t.not(world.here.get('tank/home@zrep_000000')?.get('zrep:sent')?.value, '1700000000');
  world.here.get('tank/home')?.set('written@zrep_000000', { value: '1', source: '-' });
  t.equal(await sync(world.run({ ZREP_CHANGEDONLY: 'yes' })), undefined);
  t.equal(world.snapshots('there').length, 2, 'otherwise it is sent');
});

t.test('marks that are lost, as by a move, are made up for by GUIDs, as in a refresh', async (t) => {
  const world = new PushWorld(rundir);
  world.here.get('tank/home@zrep_000000')?.delete('zrep:sent');
  t.equal(await sync(world.run()), undefined);
  t.match(
    world.said.err,
    'no snapshot of tank/home is marked as sent; backup has tank/home@zrep_000000, with',
  );
  t.same(world.snapshots('here'), ['zrep_000000', 'zrep_000001 sent']);
  t.equal(await sync(world.run()), undefined);
  t.equal(world.said.err, '', 'and the next one has nothing to say');
  const parted = new PushWorld(rundir);
  parted.here.get('tank/home@zrep_000000')?.delete('zrep:sent');
  set(parted.there, 'vault/home@zrep_000000', 'guid', '1', '-');
  t.match(await sync(parted.run()), {
    message:
      /^You must initialize tank\/home .* have no common snapshot; to begin .* && zrep init tank\/home /,
  });
});

t.test('a sync that succeeds is put on record, once', async (t) => {
  const world = new PushWorld(rundir);
  const record = () => world.here.get('tank/home')?.get('zrep:pushed')?.value;
  world.receiving = { code: 1, takes: false };
  t.ok(await sync(world.run()));
  t.equal(record(), undefined, 'not one that has failed');
  world.receiving = { code: 0, takes: true };
  t.equal(await sync(world.run()), undefined);
  t.match(record(), /^\d{10}$/);
  world.asked.splice(0);
  t.equal(await sync(world.run()), undefined);
  t.notOk(world.asked.some((argv) => argv.startsWith('set zrep:pushed')));
});

t.test('who is no master, or was never sent, is told so in the words of stock', async (t) => {
  const world = new PushWorld(rundir);
  world.here.get('tank/home@zrep_000000')?.delete('zrep:sent');
  world.there.clear();
  t.match(await sync(world.run()), { message: /^You must initialize tank\/home for zrep/ });
  world.here.get('tank/home')?.set('zrep:master', { value: 'yes', source: 'received' });
  t.same(await sync(world.run()), new Failure('tank/home not master. Cannot sync'));
});
