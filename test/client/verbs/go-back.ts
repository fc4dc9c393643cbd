/** A master that steps down, or a copy that takes over, and goes back to a snapshot for it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { failOver } from '../../../src/client/verbs/failover.ts';
import { takeOver } from '../../../src/client/verbs/takeover.ts';
import { TwoHosts } from '../../fixtures/client/two-hosts.ts';

const rundir = mkdtempSync(`${tmpdir()}/back-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const CASES = {
  'takeover -L FS@SNAP': (hosts: TwoHosts) =>
    hosts.run('backup', 'takeover -L -f vault/home@zrep_000000', takeOver),
  'failover -L FS@SNAP': (hosts: TwoHosts) =>
    hosts.run('fileserver', 'failover -L -f tank/home@zrep_000000', failOver),
  'failover FS@SNAP': (hosts: TwoHosts) =>
    hosts.run('fileserver', 'failover -f tank/home@zrep_000000', failOver),
};

t.test('with -R what is below goes back as well, on both sides, where it has that snapshot', async (t) => {
  const hosts = new TwoHosts(rundir);
  for (const [host, dataset] of [
    ['fileserver', 'tank/home'],
    ['backup', 'vault/home'],
  ] as const)
    for (const child of [`${dataset}/old`, `${dataset}/new`]) {
      hosts.set(host, child, 'type', 'filesystem', '-');
      if (child.endsWith('old')) hosts.snapshot(host, `${child}@zrep_000000`, 1);
      hosts.snapshot(host, `${child}@zrep_000001`, 2);
    }
  const { ended } = await hosts.run('fileserver', '-R failover -f tank/home@zrep_000000', failOver);
  t.equal(ended, 0);
  for (const [host, dataset] of [
    ['fileserver', 'tank/home'],
    ['backup', 'vault/home'],
  ] as const)
    t.same(
      hosts.snapshots(host).sort(),
      ['/new@zrep_000001', '/old@zrep_000000', '@zrep_000000'].map((name) => `${dataset}${name}`),
    );
});

t.test(
  'what was written a moment ago is asked about, too; where nothing would be lost, nobody is asked',
  async (t) => {
    const clean = new TwoHosts(rundir, ['written']);
    t.equal((await clean.run('fileserver', 'failover -L tank/home', failOver)).ended, 0);
    const hosts = new TwoHosts(rundir, ['written']);
    hosts.dirty = true;
    const { ended, err } = await hosts.run('fileserver', 'failover -L tank/home', failOver);
    t.match(ended, {
      message: /nobody is at a terminal to be asked; to do it: zrep failover -L -f tank\/home$/,
    });
    t.equal(
      err,
      'tank/home would go back to zrep_000001, and lose:\n  changes in tank/home since @zrep_000001: 4.0 KiB\n',
    );
  },
);

t.test(
  'a snapshot that came along between two syncs is what the next one begins with: it is marked',
  async (t) => {
    const unmarked = () => {
      const hosts = new TwoHosts(rundir);
      hosts.objects.fileserver.get('tank/home@zrep_000000')?.delete('zrep:sent');
      hosts.objects.backup.get('vault/home@zrep_000000')?.delete('zrep:sent');
      return hosts;
    };
    for (const [name, sides] of [
      ['failover FS@SNAP', ['fileserver', 'backup']],
      ['failover -L FS@SNAP', ['fileserver']],
      ['takeover -L FS@SNAP', ['backup']],
    ] as const) {
      const hosts = unmarked();
      t.equal((await CASES[name](hosts)).ended, 0, name);
      const marks = [
        hosts.get('fileserver', 'tank/home@zrep_000000', 'zrep:sent'),
        hosts.get('backup', 'vault/home@zrep_000000', 'zrep:sent'),
      ];
      t.same(
        marks.map((mark) => mark !== undefined),
        (['fileserver', 'backup'] as const).map((host) => (sides as readonly string[]).includes(host)),
        name,
      );
      if (sides.length === 2) t.equal(marks[0], marks[1]);
    }
  },
);

t.test('another snapshot of that name on the other side is none to go back to', async (t) => {
  const hosts = new TwoHosts(rundir);
  hosts.set('backup', 'vault/home@zrep_000000', 'guid', '999', '-');
  const { ended } = await CASES['failover FS@SNAP'](hosts);
  t.match(ended, { message: /^vault\/home@zrep_000000 on backup is another snapshot than the one here/ });
  t.equal(hosts.pair('fileserver'), 'fileserver:tank/home backup:vault/home master yes readonly off');
  t.equal(hosts.snapshots('fileserver').length, 2);
});
