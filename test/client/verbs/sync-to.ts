/** `zrep sync FS@SNAPSHOT`, between two hosts in memory. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { Failure } from '../../../src/client/run/failure.ts';
import type { Run } from '../../../src/client/run/run.ts';
import { syncPair, syncReading } from '../../../src/client/verbs/sync-pair.ts';
import { rollBackThere } from '../../../src/client/verbs/sync-to.ts';
import { withLock } from '../../../src/replication/lock.ts';
import { type Dataset, parseDataset } from '../../../src/zfs/names.ts';
import { Killed, PushWorld, set } from '../../fixtures/client/push-world.ts';

const rundir = mkdtempSync(`${tmpdir()}/sync-to-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = parseDataset('tank/home') as Dataset;
const FORCE = { force: true };

function world(): PushWorld {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { sent: true, arrived: true });
  world.snapshot('zrep_000002', { sent: true, arrived: true });
  world.snapshot('zrep_000003');
  return world;
}

/** What it threw, or undefined. */
async function roll(run: Run, name: string): Promise<Error | undefined> {
  return rollBackThere(run, { kind: 'sync-to', dataset: HOME, name }).then(
    () => undefined,
    (error: Error) => error,
  );
}

t.test(
  'bug 13: to any snapshot, the oldest as well: what is newer is gone there, and not marked here',
  async (t) => {
    for (const [name, left, marks] of [
      ['zrep_000000', 1, ['zrep_000000 sent', 'zrep_000001', 'zrep_000002', 'zrep_000003']],
      ['zrep_000001', 2, ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002', 'zrep_000003']],
      ['zrep_000002', 3, ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002 sent', 'zrep_000003']],
    ] as const) {
      const hosts = world();
      t.equal(await roll(hosts.run({}, FORCE), name), undefined);
      t.same(hosts.snapshots('here'), marks);
      t.equal(hosts.snapshots('there').length, left);
      t.equal(hosts.wire[0], `zfs list -t snapshot vault/home@${name}`);
      t.equal(hosts.wire.at(-1), `zfs rollback -Rr vault/home@${name}`);
    }
  },
);

t.test('killed before any call: no mark lies when the next sync is done', async (t) => {
  let calls = 0;
  for (; ; calls += 1) {
    const hosts = world();
    const run = hosts.run({}, FORCE);
    hosts.left = calls;
    const ended = await roll(run, 'zrep_000000');
    if (ended === undefined) break;
    t.ok(ended instanceof Killed, String(ended));
    t.same(hosts.lies(), [], `killed before call ${calls}`);
    const next = hosts.run();
    await withLock(next.step, HOME, next.settings.tag, syncReading(next), async (listing) => {
      await syncPair(next, listing, HOME);
      return undefined;
    });
    t.same(hosts.lies(), []);
    t.same(hosts.snapshots('there').at(-1), 'zrep_000004 sent');
  }
  t.ok(calls > 8, 'there were some');
});

t.test('what is common but was never marked is marked: the next sync begins with it', async (t) => {
  const hosts = new PushWorld(rundir);
  hosts.snapshot('zrep_000001', { arrived: true });
  hosts.snapshot('zrep_000002', { sent: true, arrived: true });
  t.equal(await roll(hosts.run({}, FORCE), 'zrep_000001'), undefined);
  t.same(hosts.snapshots('here').slice(0, 3), ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002']);
  t.same(hosts.snapshots('there'), ['zrep_000000 sent', 'zrep_000001 sent']);
});

t.test(
  'nothing is rolled back to another snapshot of the name, to none, or by who is no master',
  async (t) => {
    const other = world();
    other.there.get('vault/home@zrep_000001')?.set('guid', { value: '1', source: '-' });
    t.match(await roll(other.run({}, FORCE), 'zrep_000001'), {
      message: /is another snapshot than the one here/,
    });
    const missing = world();
    t.same(
      await roll(missing.run({}, FORCE), 'zrep_000003'),
      new Failure('vault/home@zrep_000003 does not exist. Cannot roll to snap'),
    );
    const copy = world();
    copy.here.get('tank/home')?.delete('zrep:master');
    t.same(await roll(copy.run({}, FORCE), 'zrep_000001'), new Failure('tank/home not master. Cannot sync'));
    const foreign = world();
    foreign.here.set('tank/home@daily', new Map());
    t.same(await roll(foreign.run({}, FORCE), 'nosuch'), new Failure('tank/home@nosuch does not exist'));
    for (const hosts of [other, missing, copy, foreign])
      t.notOk(hosts.wire.some((command) => command.includes('rollback')));
  },
);

t.test('after a clock was set back the mark is not older than the newest one', async (t) => {
  const ahead = String(Math.floor(Date.now() / 1000) + 3600);
  const hosts = new PushWorld(rundir);
  hosts.snapshot('zrep_000001', { arrived: true });
  set(hosts.here, 'tank/home@zrep_000000', 'zrep:sent', ahead);
  t.equal(await roll(hosts.run({}, FORCE), 'zrep_000001'), undefined);
  for (const [side, name] of [
    [hosts.here, 'tank/home@zrep_000001'],
    [hosts.there, 'vault/home@zrep_000001'],
  ] as const)
    t.equal(side.get(name)?.get('zrep:sent')?.value, ahead);
});
