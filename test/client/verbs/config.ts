/** clear and changeconfig: what they take, what they leave, and what stock would have taken along. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { changeOne } from '../../../src/client/verbs/changeconfig.ts';
import { clearOne } from '../../../src/client/verbs/clear.ts';
import { TwoHosts } from '../../fixtures/client/two-hosts.ts';

const rundir = mkdtempSync(`${tmpdir()}/config-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

/** tank/home with snapshots of other people, and file systems below: one of the pair's, one of a pair of its own. */
function world(): TwoHosts {
  const hosts = new TwoHosts(rundir);
  const names = [
    'tank/home@by-hand',
    'tank/home@zrep_before-upgrade',
    'tank/home@off_000001',
    'tank/home@zrep_000002_unsent',
  ];
  for (const [index, name] of names.entries()) hosts.snapshot('fileserver', name, 10 + index);
  for (const child of ['tank/home/ours', 'tank/home/ours/deep', 'tank/home/own', 'tank/home/own/deep']) {
    hosts.set('fileserver', child, 'type', 'filesystem', '-');
    hosts.set('fileserver', child, 'zrep:src-fs', 'tank/home', 'inherited from tank/home');
    hosts.snapshot('fileserver', `${child}@zrep_000001`, 2);
  }
  hosts.set('fileserver', 'tank/home/own', 'zrep:src-fs', 'tank/home/own');
  hosts.snapshot('fileserver', 'tank/home/ours@zrep_00000a', 3);
  hosts.set('fileserver', 'tank/home', 'off:src-fs', 'tank/home');
  hosts.set('fileserver', 'tank/home', 'xzrep:note', 'mine');
  hosts.set('fileserver', 'tank/home', 'zrep:dest-host', 'backup', 'received');
  return hosts;
}

const properties = (hosts: TwoHosts) =>
  [...(hosts.objects.fileserver.get('tank/home')?.keys() ?? [])].filter((name) => name.includes(':'));

t.test('clear takes the snapshots and properties of the tag, and says what stock says', async (t) => {
  const hosts = world();
  const { ended, out, err } = await hosts.run('fileserver', 'clear -f tank/home', clearOne);
  t.same([ended, err], [0, '']);
  t.equal(
    out,
    'WARNING: Removing all zrep configs and snapshots from tank/home\n (for TAG=zrep)\nDestroying any zrep-related snapshots from tank/home\nRemoving zrep-related properties from tank/home\n',
  );
  t.same(properties(hosts), ['off:src-fs', 'xzrep:note'], 'what was received as well; other tags stay');
  t.same(hosts.wire, [], 'the other side is left alone');
});

t.test('clear leaves snapshots that only begin like those of the tag, which stock destroys', async (t) => {
  const hosts = world();
  await hosts.run('fileserver', 'clear -f tank/home', clearOne);
  t.same(
    hosts.snapshots('fileserver').filter((name) => name.startsWith('tank/home@')),
    ['tank/home@by-hand', 'tank/home@zrep_before-upgrade', 'tank/home@off_000001'],
  );
});

t.test(
  'clear leaves below what is of a pair of its own, and what has another name (bug 3: stock destroys with -r)',
  async (t) => {
    const hosts = world();
    await hosts.run('fileserver', 'clear -f tank/home', clearOne);
    t.same(
      hosts.snapshots('fileserver').filter((name) => name.startsWith('tank/home/')),
      ['tank/home/own@zrep_000001', 'tank/home/own/deep@zrep_000001', 'tank/home/ours@zrep_00000a'],
    );
    t.notMatch(hosts.asked.join('\n'), /destroy -r/);
  },
);

t.test('clear lists all that would go, and without a terminal and -f does nothing', async (t) => {
  const hosts = world();
  const before = [hosts.snapshots('fileserver'), properties(hosts)];
  const { ended, err } = await hosts.run('fileserver', '-t zrep clear tank/home', clearOne);
  t.match(ended, { message: /nobody is at a terminal to be asked; to do it: zrep clear -f tank\/home$/ });
  t.equal(
    err,
    [
      'These would go; the data stay:',
      ...['ours@zrep_000001', 'ours/deep@zrep_000001'].map((name) => `  tank/home/${name}`),
      ...['zrep_000000', 'zrep_000001', 'zrep_000002_unsent'].map((name) => `  tank/home@${name}`),
      ...['src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount', 'master'].map(
        (name) => `  zrep:${name} of tank/home`,
      ),
      '',
    ].join('\n'),
  );
  t.same([hosts.snapshots('fileserver'), properties(hosts)], before);
});

t.test('clear takes the bookmarks of the pair, and no others', async (t) => {
  const hosts = world();
  for (const name of ['zrep_000001_77', 'zrep_000001', 'off_000001_77']) {
    hosts.set('fileserver', `tank/home#${name}`, 'guid', '77', '-');
    hosts.set('fileserver', `tank/home#${name}`, 'createtxg', '2', '-');
  }
  const { err } = await hosts.run('fileserver', 'clear tank/home', clearOne);
  t.match(err, '  tank/home#zrep_000001_77\n');
  const { ended } = await hosts.run('fileserver', 'clear -f tank/home', clearOne);
  t.equal(ended, 0);
  const left = [...hosts.objects.fileserver.keys()].filter((name) => name.includes('#'));
  t.same(left, ['tank/home#zrep_000001', 'tank/home#off_000001_77']);
});

t.test('what clear cannot destroy keeps the properties, and the same command goes on', async (t) => {
  const hosts = world();
  hosts.refused = /destroy tank\/home@zrep_000001/;
  t.match((await hosts.run('fileserver', 'clear -f tank/home', clearOne)).ended, { message: /it is busy/ });
  t.ok(properties(hosts).includes('zrep:master'));
  t.notOk(hosts.snapshots('fileserver').includes('tank/home@zrep_000000'), 'the others are gone');
  hosts.refused = undefined;
  t.equal((await hosts.run('fileserver', 'clear -f tank/home', clearOne)).ended, 0);
  t.same(properties(hosts), ['off:src-fs', 'xzrep:note']);
});

t.test('nothing is cleared or configured while another zrep is at work', async (t) => {
  for (const text of ['clear -f tank/home', 'changeconfig -f tank/home b vault/x']) {
    const hosts = world();
    hosts.set('fileserver', 'tank/home', 'zrep:lock-pid', String(process.ppid));
    const { ended } = text.startsWith('clear')
      ? await hosts.run('fileserver', text, clearOne)
      : await hosts.run('fileserver', text, changeOne);
    t.match(
      ended,
      {
        message:
          /^could not lock tank\/home \(another zrep is at work on it; its process: zfs get zrep:lock-pid tank\/home\)$/,
      },
      text,
    );
    t.equal(hosts.get('fileserver', 'tank/home', 'zrep:dest-fs'), 'vault/home');
  }
});

const side = (hosts: TwoHosts, host: 'fileserver' | 'backup', dataset: string) =>
  ['src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount', 'master']
    .map((name) => hosts.get(host, dataset, `zrep:${name}`) ?? '-')
    .join(' ');

t.test('changeconfig says where the other side is, on either side, and prints nothing', async (t) => {
  const hosts = new TwoHosts(rundir);
  const source = await hosts.run('fileserver', 'changeconfig tank/home other pool/new', changeOne);
  t.same(source, { ended: 0, out: '', err: '' });
  t.equal(side(hosts, 'fileserver', 'tank/home'), 'tank/home fileserver pool/new other 5 yes');
  const copy = await hosts.run('backup', '-C -d vault/home other pool/new', changeOne);
  t.same(copy, { ended: 0, out: '', err: '' });
  t.equal(side(hosts, 'backup', 'vault/home'), 'pool/new other vault/home backup 5 -');
});

t.test(
  'changeconfig leaves the save count as it is, unless the variable says otherwise: stock writes 5 over it',
  async (t) => {
    const hosts = new TwoHosts(rundir);
    hosts.set('fileserver', 'tank/home', 'zrep:savecount', '30');
    await hosts.run('fileserver', 'changeconfig tank/home other pool/new', changeOne);
    t.equal(hosts.get('fileserver', 'tank/home', 'zrep:savecount'), '30');
    const given = { ZREP_SAVE_COUNT: '7' };
    await hosts.run('fileserver', 'changeconfig tank/home other pool/new', changeOne, given);
    t.equal(hosts.get('fileserver', 'tank/home', 'zrep:savecount'), '7');
  },
);

t.test('changeconfig of what has no snapshots is refused as by stock, and done with -f', async (t) => {
  const hosts = new TwoHosts(rundir);
  hosts.set('fileserver', 'tank/new', 'type', 'filesystem', '-');
  const { ended, err } = await hosts.run('fileserver', '-C tank/new other pool/new', changeOne);
  t.match(ended, { message: 'Use zrep init on tank/new instead' });
  t.equal(
    err,
    'No pre-existing zrep snapshots found on tank/new\ntank/new is not initialized for zrep. cannot change config.\n',
  );
  t.equal((await hosts.run('fileserver', '-C -f tank/new other pool/new', changeOne)).ended, 0);
  t.equal(side(hosts, 'fileserver', 'tank/new'), 'tank/new fileserver pool/new other 5 -');
});

t.test('changeconfig calls a master a copy only with -f', async (t) => {
  const hosts = new TwoHosts(rundir);
  const { ended } = await hosts.run('fileserver', '-C -d tank/home other pool/new', changeOne);
  t.match(ended, {
    message: /^tank\/home is the master of its pair, .*: zrep changeconfig -f -d tank\/home other pool\/new$/,
  });
  t.equal((await hosts.run('fileserver', '-C -f -d tank/home other pool/new', changeOne)).ended, 0);
  t.equal(side(hosts, 'fileserver', 'tank/home'), 'pool/new other tank/home fileserver 5 yes');
});

t.test('a pool as the other side is warned of in the words of stock', async (t) => {
  const hosts = new TwoHosts(rundir);
  const { out } = await hosts.run('fileserver', '-C tank/home other pool', changeOne);
  t.equal(
    out,
    'WARNING: forcing override sync to top level pool other:pool\nNot using a usual sub-filesystem\n',
  );
});
