/** What `zrep -R sync -f` lists before zfs receive -F destroys it, between two hosts in memory. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { syncPair, syncReading } from '../../../src/client/verbs/sync-pair.ts';
import { withLock } from '../../../src/replication/lock.ts';
import { type Dataset, parseDataset } from '../../../src/zfs/names.ts';
import { PushWorld, set } from '../../fixtures/client/push-world.ts';

const rundir = mkdtempSync(`${tmpdir()}/force-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = parseDataset('tank/home') as Dataset;

/** What it threw, or undefined. Nobody is at a terminal. */
async function sync(
  world: PushWorld,
  yes: boolean,
  sendFlags: readonly string[] = [],
): Promise<string | undefined> {
  const run = world.run({}, { force: true, recursive: true, sendFlags: [...sendFlags] });
  const work = withLock(run.step, HOME, run.settings.tag, syncReading(run), async (listing) => {
    await syncPair(run, listing, HOME, { yes });
    return undefined;
  });
  return work.then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** A tree with the child `a`, of which both sides have one snapshot. */
function tree(): PushWorld {
  const world = new PushWorld(rundir);
  for (const [objects, dataset] of [
    [world.here, 'tank/home/a'],
    [world.there, 'vault/home/a'],
  ] as const) {
    set(objects, dataset, 'guid', '70', '-');
    made(objects, `${dataset}@zrep_000000`, 71, 1);
  }
  return world;
}

function made(objects: PushWorld['here'], name: string, guid: number, createtxg = 99): void {
  const native = { guid, createtxg, creation: 1_700_000_000, userrefs: 0, written: 0, used: 4096 };
  for (const [property, value] of Object.entries(native)) set(objects, name, property, String(value), '-');
}

t.test('where nothing is lost, nobody is asked', async (t) => {
  const world = tree();
  for (const name of ['vault/home', 'vault/home/a']) set(world.there, name, 'written', '0', '-');
  t.equal(await sync(world, false), undefined);
  t.equal(world.said.err, '');
});

t.test('what is lost below is listed, and not destroyed unasked', async (t) => {
  for (const [lose, line] of [
    [
      (world: PushWorld) => made(world.there, 'vault/home/a@by-hand', 9),
      'vault/home/a@by-hand, made 2023-11-14',
    ],
    [
      // The source has expired it.
      (world: PushWorld) => made(world.there, 'vault/home/a@old', 9, 0),
      'vault/home/a@old, made 2023-11-14',
    ],
    [(world: PushWorld) => made(world.there, 'vault/home@old', 9, 0), 'vault/home@old, made 2023-11-14'],
    [
      (world: PushWorld) => {
        set(world.there, 'vault/home/b', 'guid', '80', '-');
        made(world.there, 'vault/home/b@one', 81);
      },
      'vault/home/b, which has no snapshot in common with the source, with all that is in it; snapshots: 1',
    ],
    [
      (world: PushWorld) => set(world.there, 'vault/home/my docs', 'guid', '80', '-'),
      'what is in vault/home/my docs and not in the source; zrep cannot use this name, and has not read it',
    ],
  ] as const) {
    const world = tree();
    lose(world);
    t.match(await sync(world, false), /^nothing was done, .*: zrep -R sync -f --yes tank\/home$/);
    t.match(world.said.err, line);
    t.notOk(world.wire.some((command) => /recv|rollback/.test(command)));
    t.same(world.snapshots('here'), ['zrep_000000 sent'], 'nothing is made');
    t.equal(await sync(world, true), undefined);
    t.match(world.said.err, line, 'listed with --yes as well');
  }
});

t.test('a child that the source has renamed is no loss', async (t) => {
  const world = tree();
  for (const name of ['', '@zrep_000000']) {
    world.here.set(`tank/home/z${name}`, world.here.get(`tank/home/a${name}`) ?? new Map());
    world.here.delete(`tank/home/a${name}`);
  }
  t.equal(await sync(world, false), undefined);
  t.notMatch(world.said.err, 'no snapshot in common');
});

t.test('a child that zfs send leaves out is a loss', async (t) => {
  const world = tree();
  t.match(await sync(world, false, ['-X', 'tank/home/a']), 'nothing was done');
  t.match(world.said.err, 'vault/home/a, which has no snapshot in common with the source');
});

t.test('what others need below stops it, whoever agrees', async (t) => {
  const world = tree();
  made(world.there, 'vault/home/a@off_000001', 9);
  t.match(await sync(world, true), 'other streams or people need: vault/home/a@off_000001 (of the tag off');
  const held = tree();
  set(held.there, 'vault/home/b', 'guid', '80', '-');
  made(held.there, 'vault/home/b@one', 81);
  set(held.there, 'vault/home/b@one', 'userrefs', '1', '-');
  t.match(await sync(held, true), 'other streams or people need: vault/home/b@one (held)');
});

t.test(
  'it never asks for what it is: of a tree that came unevenly it begins with what all have',
  async (t) => {
    const world = tree();
    made(world.here, 'tank/home/a@zrep_000001', 72, 2);
    for (const [objects, dataset] of [
      [world.here, 'tank/home'],
      [world.there, 'vault/home'],
    ] as const)
      made(objects, `${dataset}@zrep_000001`, 73, 2);
    for (const name of ['vault/home', 'vault/home/a']) set(world.there, name, 'written', '0', '-');
    world.receiving = { code: 1, takes: false, says: 'cannot receive: destination already exists\n' };
    t.notMatch(await sync(world, true), 'zrep -R sync -f');
    t.notMatch(world.said.err, 'vault/home@zrep_000001', 'what the top has is not lost');
    t.notOk(world.wire.some((command) => command.includes('rollback')));
  },
);

t.test('changes below are listed, and given up like those of the copy itself', async (t) => {
  const world = tree();
  set(world.there, 'vault/home', 'written', '0', '-');
  set(world.there, 'vault/home/a', 'written', '4096', '-');
  t.equal(await sync(world, false), undefined);
  t.match(world.said.err, 'changes in vault/home/a since @zrep_000000: 4.0 KiB');
});
