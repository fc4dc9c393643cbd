/** A stream that did not come, between two hosts in memory: from where it is sent once more, or what is said to be in the way. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { createTally } from '../../../src/client/run/tally.ts';
import { syncPair, syncReading } from '../../../src/client/verbs/sync-pair.ts';
import type { Variables } from '../../../src/client/words/settings.ts';
import { withLock } from '../../../src/replication/lock.ts';
import { type Dataset, parseDataset } from '../../../src/zfs/names.ts';
import { PushWorld, set } from '../../fixtures/client/push-world.ts';

const rundir = mkdtempSync(`${tmpdir()}/send-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = parseDataset('tank/home') as Dataset;
const MISMATCH = 'cannot receive: most recent snapshot of vault/home does not\nmatch incremental source\n';
const REFUSED = { code: 1, takes: false, says: MISMATCH };

/** What it threw, or undefined. */
async function sync(
  world: PushWorld,
  variables: Variables = {},
  force = false,
  recursive = false,
  tally = createTally(),
): Promise<string | undefined> {
  const run = { ...world.run(variables, { force, recursive }), tally };
  const work = withLock(run.step, HOME, run.settings.tag, syncReading(run), async (listing) => {
    await syncPair(run, listing, HOME, { yes: force });
    return undefined;
  });
  return work.then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** Somebody's snapshot on the copy, newer than all others, with so many bytes. */
function made(world: PushWorld, name: string, written = '4096', guid = '9'): void {
  const native = { guid, createtxg: '99', creation: '1700000000', userrefs: '0', written };
  for (const [property, value] of Object.entries(native))
    set(world.there, `vault/home@${name}`, property, value, '-');
}

t.test('a mark that is not true costs a second stream, which begins with what both have', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { sent: true });
  world.next = [REFUSED];
  t.equal(await sync(world), undefined);
  t.match(world.said.err, 'begins with the newest common snapshot, tank/home@zrep_000000');
  t.same(world.snapshots('here').at(-1), 'zrep_000002 sent');
  t.same(world.snapshots('there').at(-1), 'zrep_000002 sent');
});

t.test('so it is where the other end says nothing, and has not got it', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { sent: true });
  world.next = [{ code: 0, takes: false }];
  t.equal(await sync(world), undefined);
  t.same(world.snapshots('there').at(-1), 'zrep_000002 sent');
});

t.test('snapshots in the way are named, with the line that rolls the copy back', async (t) => {
  const world = new PushWorld(rundir);
  made(world, 'by-hand');
  world.receiving = REFUSED;
  t.match(
    await sync(world),
    /Renamed to \S+_unsent; backup ended with 1; the copy vault\/home on backup has a snapshot of its own since .*@zrep_000000: @by-hand; .*: zrep sync -f tank\/home$/,
  );
});

t.test('of a zfs that does not count changes, a refusal tells that there are some', async (t) => {
  const world = new PushWorld(rundir);
  world.receiving = REFUSED;
  t.match(await sync(world), /has changes since @zrep_000000.*; to give .*: zrep sync -f tank\/home$/);
});

t.test('a host that does not tell what it has gets the words of before', async (t) => {
  const world = new PushWorld(rundir);
  world.failing = [[/guid,createtxg/, 77]];
  world.receiving = REFUSED;
  t.match(await sync(world), /; the two sides have no common snapshot to go on from/);
});

t.test('where there is no room there, or no connection, nothing more is asked', async (t) => {
  for (const receiving of [
    { code: 1, takes: false, says: 'cannot receive: out of space\n' },
    { code: 255, takes: false },
    { code: 1, takes: false, says: 'destination contains partially-complete state\n' },
  ]) {
    const world = new PushWorld(rundir);
    world.receiving = receiving;
    t.match(await sync(world), /^Problem doing sync/);
    t.notOk(world.wire.some((command) => command.includes('guid,createtxg')));
  }
});

t.test('two snapshots of one name: the line is told, and rolls the other side back', async (t) => {
  const parted = () => {
    const world = new PushWorld(rundir);
    world.snapshot('zrep_000001');
    made(world, 'zrep_000001');
    return world;
  };
  const told = parted();
  t.match(
    await sync(told),
    /^@zrep_000001 of vault\/home on backup is not the snapshot of that name that this host sends.*: zrep sync -f tank\/home$/,
  );
  const forced = parted();
  t.equal(await sync(forced, {}, true), undefined);
  t.ok(forced.wire.includes('zfs rollback -r vault/home@zrep_000000'));
  t.match(forced.said.err, 'vault/home@zrep_000001, made 2023-11-14');
  t.same(forced.snapshots('there').at(-1), 'zrep_000002 sent');
});

t.test('-f sends nothing where the connection is lost before both sides are read', async (t) => {
  const world = new PushWorld(rundir);
  made(world, 'by-hand');
  world.failing = [[/guid,createtxg/, 255, 'ssh: Connection reset\n']];
  t.match(await sync(world, {}, true), /Connection reset, so nothing was changed there$/);
  t.notOk(world.wire.some((command) => /recv|rollback/.test(command)));
  t.same(world.snapshots('here'), ['zrep_000000 sent'], 'nothing is made');
});

t.test('-f sends no second stream, which would destroy what nobody was asked about', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { sent: true });
  made(world, 'by-hand', '0');
  world.failing = [[/guid,createtxg/, 77]];
  world.next = [{ ...REFUSED, reads: true }];
  t.match(
    await sync(world, {}, true),
    /the newest common snapshot is tank\/home@zrep_000000, .*: zrep sync -f tank\/home$/,
  );
  t.equal(world.wire.filter((command) => / zfs recv /.test(command)).length, 1);
  t.ok(world.there.has('vault/home@by-hand'));
});

t.test('-f destroys nothing that others need', async (t) => {
  for (const [property, value, why] of [
    ['userrefs', '1', 'held'],
    ['clones', 'vault/clone', 'vault/clone is a clone of it'],
  ] as const) {
    const world = new PushWorld(rundir);
    made(world, 'by-hand');
    set(world.there, 'vault/home@by-hand', property, value, '-');
    t.match(await sync(world, {}, true), `other streams or people need: vault/home@by-hand (${why})`);
    t.same(world.snapshots('here'), ['zrep_000000 sent'], 'nothing is made');
  }
  const world = new PushWorld(rundir);
  made(world, 'off_000001');
  t.match(await sync(world, {}, true), 'vault/home@off_000001 (of the tag off');
});

t.test('-R sync -f rolls nothing back where the source has only a bookmark of the base', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { sent: true, arrived: true });
  made(world, 'by-hand');
  const own = world.here.get('tank/home@zrep_000001');
  world.here.delete('tank/home@zrep_000001');
  for (const property of ['guid', 'createtxg'])
    set(world.here, 'tank/home#kept', property, own?.get(property)?.value ?? '', '-');
  t.match(
    await sync(world, {}, true, true),
    /only a bookmark is left here, and zfs send -R cannot begin with one.*: zrep sync -f tank\/home$/,
  );
  t.notOk(world.wire.some((command) => /recv|rollback/.test(command)));
  t.equal(await sync(world, {}, true), undefined, 'without -R it can');
});

t.test('a stream counts when the other side is seen to have it, and not before', async (t) => {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { sent: true });
  world.next = [{ code: 0, takes: false }];
  const tally = createTally();
  t.equal(await sync(world, {}, false, false, tally), undefined);
  t.equal(tally.facts()['base'], 'zrep_000000', 'the second stream alone');
  const lost = new PushWorld(rundir);
  lost.receiving = { code: 0, takes: false };
  const none = createTally();
  t.match(await sync(lost, {}, false, false, none), 'but the snapshot is not there');
  t.equal(none.line('tank/home'), 'tank/home: nothing new');
});
