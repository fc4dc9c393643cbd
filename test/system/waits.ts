/** What a refresh waits for, where programs.ts does not count it: by an account with zfs allow, and for a stream of many snapshots. */

import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { letInAs, provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { addAccount } from '../../lab/ssh.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { groupsOf } from '../fixtures/system/groups.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';

const ACCOUNT = 'zrep';

const POLICY = `
zfs = "${LOGGED_ZFS}"
[zrep]
rundir = "/run/zrep"
${homePolicy('["pull", "expire"]', '')}`;

const TXG_TIMEOUT = '/sys/module/zfs/parameters/zfs_txg_timeout';

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault, zfs: kind } = gate;
  if (kind === 'zfs-fuse') {
    t.pass('zfs-fuse has no transaction groups to count', { skip: true });
    return;
  }
  // By itself zfs begins one every five seconds.
  const seconds = readFileSync(TXG_TIMEOUT, 'utf8');
  writeFileSync(TXG_TIMEOUT, '600');
  t.teardown(() => writeFileSync(TXG_TIMEOUT, seconds));
  await provideBuild(backup, { program: 'zrep' });
  await installWrapper(fileserver);
  await installWrapper(backup);
  // An account writes its calls down, too.
  await fileserver.run(['chmod', '666', '/run/lab/zfs.log']);
  await addAccount(fileserver, ACCOUNT);
  await letInAs(gate, 'backup1', ACCOUNT);
  await fileserver.run(['install', '-d', '-m', '0755', '-o', ACCOUNT, '/run/zrep']);
  for (const host of [fileserver, backup]) await host.run(['zfs', 'create', `${host.pool}/home`]);
  for (const [whose, words] of [
    ['-l', 'bookmark,hold,mount,snapshot,userprop'],
    ['-d', 'bookmark,destroy,hold,mount,send,snapshot,userprop'],
  ] as const)
    await fileserver.run(['zfs', 'allow', whose, '-u', ACCOUNT, words, `${tank}/home`]);

  /** How many groups there were on each side, and which calls, in one refresh of `destination`. */
  async function countIn(destination: string, environment = '') {
    for (const pool of [tank, vault]) await fileserver.run(['zpool', 'sync', pool]);
    await callsOn(fileserver);
    await callsOn(backup);
    const before = [groupsOf(tank), groupsOf(vault)] as const;
    await backup.script(`${environment} ZREP_ZFS=${LOGGED_ZFS} zrep refresh ${destination}`);
    const groups = [groupsOf(tank) - before[0], groupsOf(vault) - before[1]] as const;
    const verbsOf = (calls: { argv: readonly string[] }[]) => calls.map(({ argv }) => argv[0] ?? '').sort();
    const calls = [verbsOf(await callsOn(fileserver)), verbsOf(await callsOn(backup))] as const;
    t.comment(`groups ${groups.join(' and ')}; ${calls.map((one) => one.join(' ')).join(' and ')}`);
    return { groups, calls };
  }

  t.test('a small refresh by an account with zfs allow: each change is a call, and a wait', async (t) => {
    const { source, destination } = await makePair(gate, 'home/allowed', { savecount: 2 });
    const refresh = async (name: string) => {
      await writeData(fileserver, source, name, 64);
      return countIn(destination, `SSH="ssh -l ${ACCOUNT}"`);
    };
    for (const name of ['one', 'two', 'three', 'four', 'five']) await refresh(name);
    const { groups, calls } = await refresh('six');
    t.ok(groups[0] <= 8, `${groups[0]} on the source`);
    t.ok(groups[1] <= 6, `${groups[1]} on the copy`);
    // One send is the dry run that tells how much will come.
    const changes = calls[0].filter((verb) => verb !== 'get');
    t.same(changes, [
      'bookmark',
      'destroy',
      'destroy',
      'inherit',
      'inherit',
      'send',
      'send',
      'set',
      'set',
      'snapshot',
    ]);
  });

  t.test('a stream of many snapshots waits on the copy for no more than zfs receive does', async (t) => {
    const { source, destination } = await makePair(gate, 'home/many', { savecount: 2 });
    const count = 20;
    await fileserver.script(`for n in $(seq ${count}); do zfs snapshot ${source}@auto_$n; done`);
    const { groups, calls } = await countIn(destination, `SSH="ssh -l ${ACCOUNT}"`);
    t.equal((await snapshotsOf(backup, destination)).length, count + 2);
    t.equal(
      calls[1].filter((verb) => verb === 'receive').length,
      count + 1,
      'each has a zfs receive of its own',
    );
    // Each is received in three; and the lock, the mark and the release are two.
    t.ok(groups[1] <= 3 * (count + 1) + 3, `${groups[1]} on the copy`);
  });
});
