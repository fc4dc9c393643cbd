/** Whether the next sync would succeed, told before it, between two hosts in memory. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { verifyPush } from '../../../src/client/push/verify-push.ts';
import { syncPair, syncReading } from '../../../src/client/verbs/sync-pair.ts';
import { withLock } from '../../../src/replication/lock.ts';
import { type Dataset, parseDataset } from '../../../src/zfs/names.ts';
import { PushWorld, set } from '../../fixtures/client/push-world.ts';

const rundir = mkdtempSync(`${tmpdir()}/verify-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = parseDataset('tank/home') as Dataset;
const REFUSED = { code: 1, takes: false, says: 'cannot receive: most recent snapshot does not match\n' };

/** A pair that a sync has sent. */
function pushed(): PushWorld {
  const world = new PushWorld(rundir);
  set(world.here, 'tank/home', 'zrep:pushed', '1700000000');
  set(world.there, 'vault/home', 'written', '0', '-');
  return world;
}

/** How a sync failed, or undefined. */
async function sync(world: PushWorld): Promise<string | undefined> {
  const run = world.run();
  const work = withLock(run.step, HOME, run.settings.tag, syncReading(run), async (listing) => {
    await syncPair(run, listing, HOME);
    return undefined;
  });
  return work.then(
    () => undefined,
    (error: Error) => error.message,
  );
}

t.test('a sync that would succeed, and one that the other side makes', async (t) => {
  const world = pushed();
  t.equal(await verifyPush(world.run(), HOME), undefined);
  t.notOk(
    [...world.wire, ...world.asked].some((command) => !/^(?:(?:zfs )?get |date \+%s$)/.test(command)),
    'nothing but looking',
  );
  t.equal(await sync(world), undefined);
  const pulled = new PushWorld(rundir);
  t.equal(await verifyPush(pulled.run(), HOME), 'pulled');
  t.same(pulled.wire, [], 'the other side is not asked');
});

const theirs = (name: string) => (world: PushWorld) => {
  const native = { guid: '9', createtxg: '99', creation: '1700000000', userrefs: '0', written: '4096' };
  for (const [property, value] of Object.entries(native))
    set(world.there, `vault/home@${name}`, property, value, '-');
};
const STATES: Readonly<Record<string, (world: PushWorld) => unknown>> = {
  'newer snapshots': theirs('by-hand'),
  'one of a name that comes': theirs('zrep_000001'),
  changes: (world) => set(world.there, 'vault/home', 'written', '512', '-'),
  'nothing in common': (world) => set(world.there, 'vault/home@zrep_000000', 'guid', '1', '-'),
  'two masters': (world) => set(world.there, 'vault/home', 'zrep:master', 'yes'),
  'a host of another name': (world) => set(world.here, 'tank/home', 'zrep:src-host', 'root@fileserver'),
  'never sent': (world) => {
    world.here.get('tank/home@zrep_000000')?.delete('zrep:sent');
    world.there.clear();
  },
};

for (const [state, make] of Object.entries(STATES))
  t.test(`${state}: what is told is what the sync says`, async (t) => {
    const world = pushed();
    make(world);
    const doubt = await verifyPush(world.run(), HOME);
    if (doubt === undefined || doubt === 'pulled') return t.fail('it is told that it would succeed');
    t.ok(doubt.isCertain);
    world.receiving = REFUSED;
    const said = await sync(world);
    t.ok(said?.endsWith(doubt.why), doubt.why, { said });
  });

t.test('what an interrupted stream has left is in the way, but for who resumes', async (t) => {
  const world = pushed();
  set(world.there, 'vault/home', 'receive_resume_token', '1-abc', '-');
  t.match(await verifyPush(world.run(), HOME), {
    isCertain: true,
    why: /to go on with it: zrep sync -r tank\/home$/,
  });
  t.equal(await verifyPush(world.run({ ZREP_RESUME: 'yes' }), HOME), undefined);
});

t.test('who looks asks for the time there, and a refusal of that is no failure', async (t) => {
  const world = pushed();
  world.clock = String(Math.floor(Date.now() / 1000) + 3600);
  t.equal(await verifyPush(world.run(), HOME), undefined);
  t.ok(world.skew !== undefined && Math.abs(world.skew - 3600) < 60, 'an hour ahead');
  for (const clock of ['not allowed', '']) {
    const other = pushed();
    other.clock = clock;
    t.equal(await verifyPush(other.run(), HOME), undefined);
    t.equal(other.skew, undefined);
  }
});

t.test('a sync asks for the time only where its stream was refused', async (t) => {
  const world = pushed();
  world.clock = String(Math.floor(Date.now() / 1000) - 3600);
  t.equal(await sync(world), undefined);
  t.notOk(world.wire.includes('date +%s'), 'a healthy one asks no more than before');
  world.receiving = REFUSED;
  t.ok(await sync(world));
  t.ok(world.skew !== undefined && Math.abs(world.skew + 3600) < 60, 'an hour behind');
});

t.test(
  'where the other side does not answer, nothing is certain but that it cannot be reached',
  async (t) => {
    const world = pushed();
    world.failing = [[/get/, 1]];
    t.match(await verifyPush(world.run(), HOME), { isCertain: false, why: /backup did not answer/ });
    world.failing = [[/get/, 255]];
    t.match(await verifyPush(world.run(), HOME), { isCertain: true });
  },
);
