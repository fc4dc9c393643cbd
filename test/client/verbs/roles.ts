/** failover and takeover on two hosts in memory: healthy, refused, and killed before every single call of zfs. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { Failure } from '../../../src/client/run/failure.ts';
import { failOver } from '../../../src/client/verbs/failover.ts';
import { takeOver } from '../../../src/client/verbs/takeover.ts';
import type { Capability } from '../../../src/zfs/capabilities.ts';
import { TwoHosts } from '../../fixtures/client/two-hosts.ts';

const rundir = mkdtempSync(`${tmpdir()}/roles-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

/** A zfs that sets one property a call, and one that sets several. */
const KINDS: readonly (readonly Capability[])[] = [[], ['batches', 'written']];

/** Of a host that was killed when all was done; whoever comes next takes it. */
const DEAD_LOCK = / {2}locked by 4194999$/;

const FORWARD = 'fileserver:tank/home backup:vault/home';
const REVERSED = 'backup:vault/home fileserver:tank/home';
const CASES = {
  'takeover -L': (hosts: TwoHosts) => hosts.run('backup', 'takeover -L vault/home', takeOver),
  'takeover -L FS@SNAP': (hosts: TwoHosts) =>
    hosts.run('backup', 'takeover -L -f vault/home@zrep_000000', takeOver),
  'failover -L': (hosts: TwoHosts) => hosts.run('fileserver', 'failover -L -f tank/home', failOver),
  'failover -L FS@SNAP': (hosts: TwoHosts) =>
    hosts.run('fileserver', 'failover -L -f tank/home@zrep_000000', failOver),
  'failover FS@SNAP': (hosts: TwoHosts) =>
    hosts.run('fileserver', 'failover -f tank/home@zrep_000000', failOver),
};

t.test(
  'failover FS@SNAP goes back on both sides and swaps the roles: stock loses the name of the file system on the way (bug 14)',
  async (t) => {
    for (const can of KINDS) {
      const hosts = new TwoHosts(rundir, can);
      hosts.snapshot('backup', 'vault/home@newer', 9);
      const { ended, out, err } = await CASES['failover FS@SNAP'](hosts);
      t.equal(ended, 0);
      t.match(
        err,
        /^tank\/home would go back to zrep_000000, and lose:\n {2}tank\/home@zrep_000001, /,
        'it is told with -f, too',
      );
      t.match(err, /\n {2}on backup: vault\/home@zrep_000001, .*\n {2}on backup: vault\/home@newer, /);
      t.equal(
        out,
        [
          'Setting readonly on local tank/home, then syncing',
          'Rolling back to local tank/home@zrep_000000',
          'Rolling back backup to vault/home@zrep_000000',
          'Reversing master properties for fileserver:tank/home',
          'Setting master on backup:vault/home',
          'Setting master properties for backup:vault/home',
          'eMounting backup:vault/home',
          '',
        ].join('\n'),
      );
      const wire = hosts.wire.map((line) => line.replace(/guid,\S+/, 'PROPERTIES'));
      t.same(wire, [
        'zfs get -H -o value -s local zrep:master vault/home',
        'zfs list -t snapshot vault/home@zrep_000000',
        'zfs get -Hp -r -d 1 -o name,property,value,source PROPERTIES vault/home',
        'zfs rollback -Rr vault/home@zrep_000000',
        'zrep takeover -L vault/home',
      ]);
      t.same(
        [hosts.snapshots('fileserver'), hosts.snapshots('backup')],
        [['tank/home@zrep_000000'], ['vault/home@zrep_000000']],
      );
      t.equal(hosts.pair('fileserver'), `${REVERSED} master - readonly on`);
      t.equal(hosts.pair('backup'), `${REVERSED} master yes readonly off`);
    }
  },
);

t.test(
  'takeover -L FS@SNAP goes back and takes over: stock loses the name of the file system on the way (bug 14)',
  async (t) => {
    const hosts = new TwoHosts(rundir);
    const { ended, out } = await CASES['takeover -L FS@SNAP'](hosts);
    t.equal(ended, 0);
    t.equal(out, 'Setting master properties for backup:vault/home\neMounting backup:vault/home\n');
    t.same(hosts.snapshots('backup'), ['vault/home@zrep_000000']);
    t.equal(hosts.pair('backup'), `${REVERSED} master yes readonly off`);
    t.same(hosts.wire, [], 'the other side is not asked');
  },
);

t.test('a source that names its host otherwise is no master for a failover, either', async (t) => {
  for (const former of ['root@fileserver', 'oldname'])
    for (const command of ['failover -L', 'failover FS@SNAP'] as const) {
      const hosts = new TwoHosts(rundir);
      hosts.set('fileserver', 'tank/home', 'zrep:src-host', former);
      const { ended } = await CASES[command](hosts);
      t.match(ended, { message: /^we are not master host .*: zfs set zrep:src-host=fileserver tank\/home$/ });
      t.equal(hosts.get('fileserver', 'tank/home', 'readonly'), 'off', 'nothing was changed');
      t.equal(hosts.get('fileserver', 'tank/home', 'zrep:master'), 'yes');
    }
});

t.test('a second takeover -L changes nothing: with stock it makes the pair a copy of itself', async (t) => {
  const hosts = new TwoHosts(rundir);
  await CASES['takeover -L'](hosts);
  const { ended, err } = await CASES['takeover -L'](hosts);
  t.equal(ended, 0);
  t.equal(
    err,
    'WARNING: vault/home is already master on this host.\nPresuming split-brain recovery mode ...\n',
  );
  t.equal(hosts.pair('backup'), `${REVERSED} master yes readonly off`);
});

for (const [name, command] of Object.entries(CASES))
  t.test(
    `${name}, killed before any call of zfs, goes on when it is given again; there are never two masters that it made`,
    async (t) => {
      for (const can of KINDS) {
        const whole = new TwoHosts(rundir, can);
        await command(whole);
        const calls = whole.asked.length;
        t.ok(calls > 5);
        const alone = name.startsWith('takeover') || name.startsWith('failover -L');
        for (let left = 0; left < calls; left += 1) {
          const hosts = new TwoHosts(rundir, can);
          hosts.left = left;
          await command(hosts);
          const cut = `killed before: ${whole.asked[left]}`;
          if (!alone) t.ok(hosts.masters().length < 2, cut);
          const { ended } = await command(hosts);
          const already =
            ended instanceof Failure &&
            /not master\. Cannot fail over \((?:it is|backup:vault\/home is)/.test(ended.message);
          t.ok(ended === 0 || already, cut, { ended });
          for (const host of ['fileserver', 'backup'] as const)
            t.equal(hosts.pair(host).replace(DEAD_LOCK, ''), whole.pair(host), cut);
        }
      }
    },
  );

t.test('a copy that cannot take over leaves the master the master, as it was', async (t) => {
  const hosts = new TwoHosts(rundir);
  hosts.set('backup', 'vault/home', 'zrep:dest-fs', '$(id)');
  hosts.set('backup', 'vault/home', 'zrep:src-fs', '$(id)');
  hosts.set('fileserver', 'tank/home', 'readonly', 'off');
  const { ended } = await CASES['failover FS@SNAP'](hosts);
  t.match(ended, {
    message: /^backup:vault\/home did not take over .*: tank\/home is the master again, and writable/,
  });
  t.equal(hosts.pair('fileserver'), `${FORWARD} master yes readonly off`);
});

t.test(
  'where the connection breaks as the copy takes over, it is said that there may be no master, and what goes on',
  async (t) => {
    const hosts = new TwoHosts(rundir);
    const takesOver = 'backup: get -Hp -r -d 1 -o name,property,value,source zrep:src-fs';
    const whole = new TwoHosts(rundir);
    await CASES['failover FS@SNAP'](whole);
    hosts.left = whole.asked.findIndex((call) => call.startsWith(takesOver));
    t.ok(hosts.left > 0);
    const { ended } = await CASES['failover FS@SNAP'](hosts);
    t.match(ended, {
      message:
        /^tank\/home is not the master any more, and backup:vault\/home need not be it yet\. The same command goes on; or, on backup: zrep takeover -L vault\/home\./,
    });
    t.same(hosts.masters(), []);
  },
);

t.test('what stands against it is told in the words of stock, and nothing changes', async (t) => {
  const refusals: [string, (hosts: TwoHosts) => void, RegExp][] = [
    ['failover vault/home', () => {}, /^vault\/home not master\. Cannot fail over \(fileserver:tank\/home is the master\)$/],
    ['failover -L vault/home', () => {}, /^vault\/home not master\. Cannot fail over \(it is the copy of fileserver:tank\/home\)$/],
    ['failover -L vault/none', () => {}, /^invalid filesystem vault\/none/],
    ['takeover vault/none', () => {}, /^invalid filesystem vault\/none/],
    ['takeover -L -f vault/home@zrep_00000f', () => {}, /^vault\/home@zrep_00000f does not exist\. Cannot roll to snap$/],
    ['takeover -L -f vault/home@other', (hosts) => hosts.snapshot('backup', 'vault/home@other', 7), /^vault\/home@other is not zrep snapshot\. Cannot roll with it\.$/],
    ['takeover -L vault/home@zrep_000000', () => {}, /^nothing was done, since nobody is at a terminal to be asked; to do it: zrep takeover -L -f vault\/home@zrep_000000$/],
    ['takeover -L vault/home', (hosts) => hosts.set('backup', 'vault/home', 'zrep:lock-pid', String(process.ppid)), /^could not lock vault\/home \(another zrep is at work/],
    ['takeover vault/home', (hosts) => hosts.set('backup', 'vault/home', 'zrep:master', 'yes'), /^vault\/home is already master on this host\. .*zrep failover -L FS$/],
    ['takeover -L vault/home', (hosts) => hosts.set('backup', 'vault/home', 'zrep:src-fs', 'tank/home', 'inherited from vault'), /^vault\/home has no zrep configuration of its own/],
  ]; // biome-ignore format: one table
  for (const [text, prepare, message] of refusals) {
    const hosts = new TwoHosts(rundir);
    prepare(hosts);
    const before = hosts.pair('backup');
    const { ended } = text.startsWith('failover')
      ? await hosts.run('backup', text, failOver)
      : await hosts.run('backup', text, takeOver);
    t.match(ended, { message }, text);
    t.equal(hosts.pair('backup').replace(/ locked.*/, ''), before.replace(/ locked.*/, ''), text);
  }
});

t.test(
  'a split brain is seen before anything is done: failover FS@SNAP asks the other side as sync does',
  async (t) => {
    const hosts = new TwoHosts(rundir);
    hosts.set('backup', 'vault/home', 'zrep:master', 'yes');
    const { ended } = await CASES['failover FS@SNAP'](hosts);
    t.match(ended, { message: 'Other side (backup:vault/home) is also master. Split brain detected' });
    t.equal(hosts.pair('fileserver'), `${FORWARD} master yes readonly off`);
  },
);

t.test('a host that is named in another way than by itself is found all the same', async (t) => {
  const hosts = new TwoHosts(rundir);
  for (const [host, dataset] of [
    ['fileserver', 'tank/home'],
    ['backup', 'vault/home'],
  ] as const)
    hosts.set(host, dataset, 'zrep:dest-host', 'root@backup.example.org');
  t.equal((await CASES['takeover -L'](hosts)).ended, 0);
  t.equal(hosts.pair('backup'), `${REVERSED} master yes readonly off`);
});

t.test(
  'a connection that broke says nothing of what is at work there: this side does not become the master again',
  async (t) => {
    const hosts = new TwoHosts(rundir);
    hosts.broken = /takeover/;
    t.match((await CASES['failover FS@SNAP'](hosts)).ended, { message: /need not be it yet/ });
    t.same(hosts.masters(), []);
    hosts.broken = undefined;
    const { ended, err } = await CASES['failover FS@SNAP'](hosts);
    t.same([ended, hosts.masters()], [0, ['backup']], 'and the same command goes on');
    t.equal(
      err,
      'neither tank/home nor backup:vault/home is the master: going on with a failover that was cut off\n',
    );
  },
);

t.test('what fails before this side steps down leaves it the master, and readonly as it was', async (t) => {
  for (const refused of [/backup: rollback/, /fileserver: rollback/, /fileserver: set readonly=on/]) {
    const hosts = new TwoHosts(rundir);
    hosts.refused = refused;
    const { ended, err } = await CASES['failover FS@SNAP'](hosts);
    t.ok(ended instanceof Error, String(refused));
    t.equal(
      err.split('\n').at(-2),
      'failover failed: tank/home is the master as before, and readonly is as it was',
    );
    t.equal(hosts.pair('fileserver'), `${FORWARD} master yes readonly off`);
    t.equal(hosts.pair('backup'), `${FORWARD} master - readonly on`);
  }
});

t.test('who cannot be mounted is the master all the same, and that is told', async (t) => {
  const hosts = new TwoHosts(rundir);
  hosts.refused = /mount vault/;
  t.match((await CASES['takeover -L'](hosts)).ended, {
    message:
      'vault/home is the master, but not all of it is mounted (it is busy; then: zfs mount vault/home)',
  });
  t.equal(hosts.pair('backup'), `${REVERSED} master yes readonly off`);
  const legacy = new TwoHosts(rundir);
  legacy.set('backup', 'vault/home', 'mountpoint', 'legacy');
  const { ended, err } = await CASES['takeover -L'](legacy);
  t.same([ended, err], [0, 'vault/home is not mounted, since its mountpoint is legacy\n']);
});
