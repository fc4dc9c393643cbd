/** `zrep init` from the side that sends, between two hosts in memory. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { beginPush } from '../../../src/client/verbs/init-push.ts';
import { type Dataset, parseDataset } from '../../../src/zfs/names.ts';
import { PushWorld, set } from '../../fixtures/client/push-world.ts';

const rundir = mkdtempSync(`${tmpdir()}/init-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const dataset = (name: string) => parseDataset(name) as Dataset;
const [CHILD, COPY] = [dataset('tank/home/child'), dataset('vault/home/child')];

/** A file system below tank/home, which is of a pair; it inherits that pair's properties. */
function world(): PushWorld {
  const world = new PushWorld(rundir);
  set(world.here, CHILD, 'type', 'filesystem', '-');
  for (const [name, { value }] of world.here.get('tank/home') ?? [])
    set(world.here, CHILD, name, value, 'inherited from tank/home');
  return world;
}

/** What it threw, or undefined. */
const init = (world: PushWorld): Promise<Error | undefined> =>
  beginPush(world.run(), { kind: 'init', source: CHILD, host: 'backup', destination: COPY }).then(
    () => undefined,
    (error: Error) => error,
  );

t.test('below a file system that is the source of a pair, another pair can begin', async (t) => {
  const hosts = world();
  t.equal(await init(hosts), undefined);
  const { value, source } = hosts.here.get(CHILD)?.get('zrep:dest-fs') ?? {};
  t.same([value, source], [COPY, 'local']);
  t.match(hosts.here.get(`${CHILD}@zrep_000000`)?.get('zrep:sent')?.value, /^\d+$/);
});

t.test('one that is configured by itself, by whatever way, must be cleared first', async (t) => {
  for (const source of ['local', 'received']) {
    const hosts = world();
    set(hosts.here, CHILD, 'zrep:dest-fs', 'vault/other', source);
    t.match(await init(hosts), { message: `To re-initialize, first use zrep clear ${CHILD}` });
  }
});

t.test('below the copy of a pair, none can', async (t) => {
  const hosts = world();
  set(hosts.here, CHILD, 'zrep:src-host', 'elsewhere', 'inherited from tank/home');
  t.match(await init(hosts), { message: /below tank\/home, which is the copy of elsewhere:tank\/home/ });
  set(hosts.here, CHILD, 'zrep:src-host', 'fileserver', 'inherited from tank/home');
  set(hosts.here, CHILD, 'zrep:src-fs', 'tank/other', 'inherited from tank/home');
  t.match(await init(hosts), { message: /the copy of fileserver:tank\/other/ }, 'a pair on one host');
  t.notOk(hosts.here.has(`${CHILD}@zrep_000000`), 'nothing is made');
});

t.test('a snapshot of that name that was there before is not destroyed', async (t) => {
  const hosts = world();
  set(hosts.here, `${CHILD}@zrep_000000`, 'guid', '7', '-');
  t.ok(await init(hosts));
  t.equal(hosts.here.get(`${CHILD}@zrep_000000`)?.get('guid')?.value, '7');
});

t.test('a first stream that did not come, whatever the exit codes, makes no pair', async (t) => {
  const hosts = world();
  hosts.receiving = { code: 0, takes: false };
  t.match(await init(hosts), { message: /the snapshot is not there/ });
  t.notOk(hosts.here.has(`${CHILD}@zrep_000000`), 'what was made is taken back');
});
