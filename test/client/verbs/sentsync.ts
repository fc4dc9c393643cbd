/** `zrep sentsync`, between two hosts in memory. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { Failure } from '../../../src/client/run/failure.ts';
import type { Run } from '../../../src/client/run/run.ts';
import { markAsSent } from '../../../src/client/verbs/sentsync.ts';
import { type Dataset, parseDataset } from '../../../src/zfs/names.ts';
import { Killed, PushWorld, set } from '../../fixtures/client/push-world.ts';

const rundir = mkdtempSync(`${tmpdir()}/sentsync-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = parseDataset('tank/home') as Dataset;

/** What it threw, or undefined. */
async function mark(run: Run, name: string, local = false): Promise<Error | undefined> {
  return markAsSent(run, { kind: 'sentsync', dataset: HOME, name, local }).then(
    () => undefined,
    (error: Error) => error,
  );
}

/** zrep_000001 has come without a mark; zrep_000002 has one, and has not come. */
function world(): PushWorld {
  const world = new PushWorld(rundir);
  world.snapshot('zrep_000001', { arrived: true });
  world.snapshot('zrep_000002', { sent: true });
  return world;
}

t.test('bug 12: the mark is set before others go, and those alone go that are not true', async (t) => {
  const hosts = world();
  t.equal(await mark(hosts.run(), 'zrep_000001'), undefined);
  t.same(hosts.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002']);
  t.same(hosts.snapshots('there'), ['zrep_000000 sent', 'zrep_000001 sent']);
  t.equal(hosts.said.err, 'WARNING: clearing sent value from  tank/home@zrep_000002\n');
  const changes = hosts.asked.filter((words) => /zrep:sent(?:=| )/.test(words) && !words.startsWith('get'));
  t.match(changes, [/^set zrep:sent=\d+ tank\/home@zrep_000001$/, 'inherit zrep:sent tank/home@zrep_000002']);
});

t.test('bug 12: killed before any call, there is a true mark left to go on from', async (t) => {
  let calls = 0;
  for (; ; calls += 1) {
    const hosts = world();
    const run = hosts.run();
    hosts.left = calls;
    const ended = await mark(run, 'zrep_000001');
    t.ok(hosts.snapshots('here').includes('zrep_000000 sent'), `killed before call ${calls}`);
    if (ended === undefined) break;
    t.ok(ended instanceof Killed, String(ended));
  }
  t.ok(calls > 8, 'there were some');
});

t.test('a copy gets no mark of a master', async (t) => {
  const hosts = world();
  for (const [name, value] of Object.entries({
    'src-fs': 'tank/x',
    'src-host': 'elsewhere',
    'dest-fs': 'tank/home',
    'dest-host': 'fileserver',
  }))
    set(hosts.here, 'tank/home', `zrep:${name}`, value);
  hosts.here.get('tank/home')?.delete('zrep:master');
  t.match(await mark(hosts.run(), 'zrep_000001', true), {
    message:
      /^tank\/home is a copy \(.*\), and sentsync is for the source; nothing was marked\. For what to do: zrep doctor tank\/home$/,
  });
  t.notOk(hosts.here.get('tank/home')?.has('zrep:master'));
});

t.test('the other side is asked once, however many are marked', async (t) => {
  const hosts = world();
  hosts.snapshot('zrep_000003', { sent: true, arrived: true });
  hosts.snapshot('zrep_000004', { sent: true });
  t.equal(await mark(hosts.run(), 'zrep_000001'), undefined);
  const there = ['zrep_000001', 'zrep_000002', 'zrep_000003', 'zrep_000004'];
  t.same(
    hosts.wire.filter((command) => / guid /.test(command)),
    [`zfs get -Hp -o name,value guid ${there.map((name) => `vault/home@${name}`).join(' ')}`],
  );
  t.equal(
    hosts.said.err,
    ['zrep_000002', 'zrep_000004']
      .map((name) => `WARNING: clearing sent value from  tank/home@${name}\n`)
      .join(''),
  );
});

t.test('a newer mark that is true stays', async (t) => {
  const hosts = new PushWorld(rundir);
  hosts.snapshot('zrep_000001', { arrived: true });
  hosts.snapshot('zrep_000002', { sent: true, arrived: true });
  t.equal(await mark(hosts.run(), 'zrep_000001'), undefined);
  t.same(hosts.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002 sent']);
});

t.test('what the other side does not have, or has as another one, is not marked', async (t) => {
  const hosts = world();
  t.match(await mark(hosts.run(), 'zrep_000002'), { message: /nothing was marked/ });
  hosts.there.get('vault/home@zrep_000001')?.set('guid', { value: '1', source: '-' });
  t.match(await mark(hosts.run(), 'zrep_000001'), { message: /the two sides have parted/ });
  const silent = world();
  silent.failing = [[/guid/, 77]];
  t.match(await mark(silent.run(), 'zrep_000001'), { message: /or does not say so; nothing was marked/ });
  const broken = world();
  broken.failing = [[/guid/, 255]];
  t.match(await mark(broken.run(), 'zrep_000001'), { message: /backup cannot be asked: it is so/ });
  for (const one of [hosts, silent, broken])
    t.same(one.snapshots('here'), ['zrep_000000 sent', 'zrep_000001', 'zrep_000002 sent']);
});

t.test('when the connection breaks after it, no mark is taken away for that', async (t) => {
  const hosts = world();
  hosts.failing = [[/guid .*zrep_000002/, 255]];
  t.match(await mark(hosts.run(), 'zrep_000001'), { message: /cannot be asked/ });
  t.ok(hosts.snapshots('here').includes('zrep_000002 sent'));
});

t.test('-L asks nobody, and makes a master of it', async (t) => {
  const hosts = world();
  hosts.here.get('tank/home')?.delete('zrep:master');
  t.equal(await mark(hosts.run(), 'zrep_000001', true), undefined);
  t.same(hosts.wire, []);
  t.same(hosts.snapshots('here'), ['zrep_000000 sent', 'zrep_000001 sent', 'zrep_000002']);
  t.equal(hosts.here.get('tank/home')?.get('zrep:master')?.value, 'yes');
});

t.test('what is no snapshot, or none of zrep, is refused in the words of stock', async (t) => {
  const hosts = world();
  t.same(
    await mark(hosts.run(), 'zrep_000009'),
    new Failure('Expected snapshot for tank/home@zrep_000009. Cannot continue'),
  );
  hosts.here.set('tank/home@daily', new Map());
  t.same(
    await mark(hosts.run(), 'daily'),
    new Failure('tank/home@daily does not follow zrep naming standards. Cannot continue'),
  );
});

t.test('after a clock was set back the mark is not older than the newest one', async (t) => {
  const ahead = String(Math.floor(Date.now() / 1000) + 3600);
  for (const local of [true, false]) {
    const hosts = world();
    set(hosts.here, 'tank/home@zrep_000000', 'zrep:sent', ahead);
    t.equal(await mark(hosts.run(), 'zrep_000001', local), undefined);
    t.equal(hosts.here.get('tank/home@zrep_000001')?.get('zrep:sent')?.value, ahead);
  }
});
