/** `zrep -R refresh`: a tree, with what its streams carry along. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';

const POLICY = `
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/tree"
operations = ["pull", "expire"]
recursive = true
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup } = gate;
  await provideBuild(backup, { program: 'zrep' });
  const zrep = (...words: string[]) => backup.run(['zrep', ...words], { allowFail: true });
  const tree = await makePair(gate, 'tree', { savecount: 2 });
  const [child, copy] = [`${tree.source}/child`, `${tree.destination}/child`];
  await fileserver.run(['zfs', 'create', child]);
  await writeData(fileserver, child, 'data', 64);
  const needing = await testsNeeding(t, backup, ['receive -x']);
  const careful = (await backup.run(['test', '-d', '/sys/module/zfs'], { allowFail: true })).code === 0;

  if (!careful)
    t.test('where zfs cannot leave properties out, a recursive stream is not taken', async (t) => {
      const { code, stderr } = await zrep('-R', 'refresh', tree.destination);
      t.equal(code, 1);
      t.match(
        stderr,
        /^Error: a recursive stream carries properties, and the zfs on this host cannot leave any out/,
      );
      t.same(await snapshotNames(fileserver, tree.source), ['zrep_000000'], 'nothing was asked for');
    });

  needing(['receive -x'], 'children come along, and expire along; what could hurt does not', async (t) => {
    await fileserver.script(`zfs set mountpoint=/srv/planted ${child}; zfs set sharenfs=off ${child}`);
    for (let round = 1; round <= 3; round += 1) {
      const { code, stdout, stderr } = await zrep('-R', 'refresh', tree.destination);
      t.equal(code, 0, `round ${round}`, { said: stderr });
      t.match(stdout, `Expiring zrep snaps on ${tree.source}\n`);
    }
    for (const [here, there] of [
      [tree.source, tree.destination],
      [child, copy],
    ] as const) {
      t.same(await snapshotsOf(backup, there), await snapshotsOf(fileserver, here), there);
      t.same(await snapshotNames(backup, there), ['zrep_000002', 'zrep_000003']);
    }
    t.not(await propertyOf(backup, 'mountpoint', copy), '/srv/planted');
    t.equal(await propertyOf(backup, 'mounted', copy), 'no');
    t.equal(await propertyOf(backup, 'readonly', tree.destination), 'on');
    t.equal(await propertyOf(backup, 'zrep:src-fs', tree.destination), tree.source);
    t.equal(await propertyOf(backup, 'zrep:lock-pid', tree.destination), '-');
  });

  needing(['receive -x'], 'a child keeps what it was set to here, and inherits what it did', async (t) => {
    const names = ['exec', 'setuid', 'mountpoint', 'canmount', 'readonly', 'zrep:src-host', 'sharenfs'];
    const look = async () => {
      const argv = ['zfs', 'get', '-H', '-o', 'property,value,source', names.join(','), copy];
      return (await backup.run(argv)).stdout;
    };
    await backup.script(`zfs set exec=off ${copy}; zfs set canmount=noauto ${copy}`);
    const before = await look();
    await fileserver.script(`
      for one in exec=on setuid=on canmount=on readonly=off sharenfs=off zrep:src-host=elsewhere; do
        zfs set $one ${child}
      done
      zfs set mountpoint=/srv/planted-again ${child}`);
    for (const round of ['first', 'second']) {
      const { code, stderr } = await zrep('-R', 'refresh', tree.destination);
      t.equal(code, 0, round, { said: stderr });
      t.equal(await look(), before);
    }
  });

  needing(
    ['receive -x'],
    'with -f what was changed below goes back, too; what only this host has stays',
    async (t) => {
      const only = `${tree.destination}/only-here`;
      await backup.script(`zfs set readonly=off ${tree.destination}; zfs set readonly=off ${copy}
      zfs set mountpoint=/mnt/changed ${copy}; zfs mount ${copy} 2>/dev/null || true
      date > /mnt/changed/by-hand; zfs snapshot ${copy}@by-hand
      zfs create -o canmount=off ${only}; zfs snapshot ${only}@mine`);
      const stopped = await zrep('-R', 'refresh', '-f', tree.destination);
      t.equal(stopped.code, 1);
      t.match(stopped.stderr, `  ${copy}@by-hand, made `);
      t.match(stopped.stderr, `to do it: zrep -R refresh -f --yes ${tree.destination}\n`);
      t.ok((await snapshotNames(backup, copy)).includes('by-hand'), 'nothing was done');
      const done = await zrep('-R', 'refresh', '-f', '--yes', tree.destination);
      t.equal(done.code, 0, 'done', { said: done.stderr });
      t.same(await snapshotsOf(backup, copy), await snapshotsOf(fileserver, child));
      t.same(await snapshotNames(backup, only), ['mine'], 'zfs receive -F -R would have destroyed it');
    },
  );
});
