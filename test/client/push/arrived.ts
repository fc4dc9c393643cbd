/** Whether what was streamed has come, between two hosts in memory: the other side is asked for its GUID. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import type { Run } from '../../../src/client/run/run.ts';
import { syncPair, syncReading } from '../../../src/client/verbs/sync-pair.ts';
import { withLock } from '../../../src/replication/lock.ts';
import { type Dataset, parseDataset } from '../../../src/zfs/names.ts';
import { PushWorld, set } from '../../fixtures/client/push-world.ts';

const rundir = mkdtempSync(`${tmpdir()}/arrived-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = parseDataset('tank/home') as Dataset;
const GUID = 'zfs get -Hp -o name,value guid vault/home@zrep_000001';

/** What it threw, or undefined. */
async function sync(run: Run): Promise<Error | undefined> {
  const work = withLock(run.step, HOME, run.settings.tag, syncReading(run), async (listing) => {
    await syncPair(run, listing, HOME);
    return undefined;
  });
  return work.then(
    () => undefined,
    (error: Error) => error,
  );
}

t.test('a receiving command that ends with 0 is not believed where the snapshot is not there', async (t) => {
  for (const mode of ['missing', 'another'] as const) {
    const world = new PushWorld(rundir);
    world.receiving = { code: 0, takes: false };
    if (mode === 'another') set(world.there, 'vault/home@zrep_000001', 'guid', '1', '-');
    const ended = await sync(world.run());
    const why = { missing: 'but the snapshot is not there', another: 'has another snapshot of that name' };
    t.match(ended?.message, `Problem doing sync for tank/home@zrep_000001. Renamed to `);
    t.match(ended?.message, why[mode]);
    t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001_unsent']);
    t.notOk(world.wire.some((command) => command.includes('sent=')));
  }
});

const LISTED = 'zfs list -t snapshot vault/home@zrep_000001';

t.test("a host that refuses the question is asked for the name, by stock's own command", async (t) => {
  const world = new PushWorld(rundir);
  world.failing = [[/guid/, 77]];
  t.equal(await sync(world.run()), undefined);
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent']);
  t.ok(world.wire.includes(LISTED));
  t.equal(world.said.err, '', 'that is proof enough');
  const lost = new PushWorld(rundir);
  lost.failing = [[/guid/, 77]];
  lost.receiving = { code: 0, takes: false };
  t.match(await sync(lost.run()), { message: /ended with 0, but the snapshot is not there/ });
  t.same(lost.snapshots('here'), ['zrep_000000 sent', 'zrep_000001_unsent']);
  t.notOk(lost.wire.some((command) => command.includes('sent=')));
  const swallowing = new PushWorld(rundir);
  swallowing.failing = [
    [/guid/, 77],
    [/list -t snapshot|zfs set/, 0, ''],
  ];
  swallowing.receiving = { code: 0, takes: false };
  t.match(await sync(swallowing.run()), {
    message: /nothing shows that backup has it.*: zfs list -t snapshot/,
  });
  t.same(swallowing.snapshots('here'), ['zrep_000000 sent', 'zrep_000001'], 'nothing is marked');
});

t.test(
  'one that refuses that, too, is believed as by stock, and that is told; unless it has no snapshot to mark',
  async (t) => {
    const world = new PushWorld(rundir);
    world.failing = [[/guid|list -t snapshot/, 77]];
    t.equal(await sync(world.run()), undefined);
    t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent']);
    t.match(
      world.said.err,
      `WARNING: that backup has tank/home@zrep_000001 is not verified, it is marked as sent by exit codes alone: the host refuses to be asked. Allow there: ${LISTED}\n`,
    );
    const lost = new PushWorld(rundir);
    lost.failing = [[/guid|list -t snapshot/, 77]];
    lost.receiving = { code: 0, takes: false };
    t.match(await sync(lost.run()), {
      message: /backup says that it has no vault\/home@zrep_000001; nothing/,
    });
    t.same(lost.snapshots('here'), ['zrep_000000 sent', 'zrep_000001']);
    t.notOk(
      lost.wire.some((command) => command.includes('lastsent')),
      'no older way of marking is tried',
    );
  },
);

t.test('a host that says nothing at all and ends with 0 is not believed', async (t) => {
  const world = new PushWorld(rundir);
  world.failing = [[/guid/, 0, '']];
  const ended = await sync(world.run());
  t.match(ended, { message: /nothing shows that backup has it.*: zfs get -Hp -o name,value guid vault/ });
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001'], 'and it keeps its name');
  world.failing = [];
  t.equal(await sync(world.run()), undefined);
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002 sent']);
});

t.test('where nobody answers whether it has come, it is not marked, and the next one finds it', async (t) => {
  const world = new PushWorld(rundir);
  world.failing = [[/guid/, 255]];
  t.match(await sync(world.run()), { message: /could not be asked whether it has it, so it is not marked/ });
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001']);
  world.failing = [];
  t.equal(await sync(world.run()), undefined);
  t.match(world.said.err, /zrep_000001 had come to backup before/);
});

t.test('with -R every child must have come, by one question', async (t) => {
  for (const come of [true, false]) {
    const world = new PushWorld(rundir);
    set(world.here, 'tank/home/a', 'type', 'filesystem', '-');
    if (!come) world.receiving = { code: 0, takes: true, but: 'vault/home/a' };
    const ended = await sync(world.run({}, { recursive: true }));
    const asked = world.wire.filter((command) => command.includes('name,value guid'));
    t.same(asked, [`${GUID} vault/home/a@zrep_000001`]);
    if (come) t.equal(ended, undefined);
    else t.match(ended?.message, 'but the snapshot is not there');
  }
});

t.test('of what zfs send leaves out, nothing is looked for', async (t) => {
  const world = new PushWorld(rundir);
  set(world.here, 'tank/home/a', 'type', 'filesystem', '-');
  world.receiving = { code: 0, takes: true, but: 'vault/home/a' };
  const sendFlags = ['-X', 'tank/home/a'];
  t.equal(await sync(world.run({}, { recursive: true, sendFlags })), undefined);
});

t.test('with -R a name that has a blank is not asked for, and the others are', async (t) => {
  const world = new PushWorld(rundir);
  for (const name of ['my docs', 'plain']) set(world.here, `tank/home/${name}`, 'type', 'filesystem', '-');
  t.equal(await sync(world.run({}, { recursive: true })), undefined);
  const asked = world.wire.filter((command) => command.includes('name,value guid'));
  t.same(asked, [`${GUID} vault/home/plain@zrep_000001`]);
  t.same(world.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent']);
});
