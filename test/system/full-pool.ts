/** Pools without room: what makes room works there, and what does not prints what does. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { zfsKind } from '../../lab/zfs.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { fill, smallPool } from '../fixtures/system/small-pool.ts';

const POLICY = `
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank-small/x"
operations = ["pull", "expire", "init"]
[[client.backup1.grant]]
dataset = "tank/few"
operations = ["pull", "expire", "init"]
snapshots = 3
`;

await inGateLab(t, POLICY, async ({ fileserver, backup, tank, vault }) => {
  await provideBuild(backup, { program: 'zrep' });
  await provideBuild(backup, { program: 'zrep-expire' });

  /** A copy with four snapshots, of which two are to stay, on a pool of its own that is full to the last byte. */
  const fullCopy = async (t: Test, name: string) => {
    const pool = `${vault}-${name}`;
    const copy = `${pool}/x`;
    const properties = {
      'src-fs': 'tank/x',
      'src-host': 'nosuch.invalid',
      'dest-fs': copy,
      'dest-host': 'backup',
      savecount: '2',
    };
    await smallPool(t, backup, pool, `/mnt/${name}`);
    await backup.script(`zfs create ${copy}`);
    for (const [property, value] of Object.entries(properties))
      await backup.run(['zfs', 'set', `zrep:${property}=${value}`, copy]);
    for (const number of [1, 2, 3, 4])
      await backup.script(
        `dd if=/dev/urandom of=/mnt/${name}/x/file bs=1M count=3 2>/dev/null; zfs snapshot ${copy}@zrep_00000${number}; zfs set zrep:sent=$(date +%s) ${copy}@zrep_00000${number}`,
      );
    await fill(t, backup, `/mnt/${name}/x`, copy);
    return copy;
  };
  const sets = (copy: string) => backup.run(['zfs', 'set', 'zrep:any=1', copy], { allowFail: true });

  t.test('zrep expire makes room, and a refresh that cannot lock prints that command', async (t) => {
    const copy = await fullCopy(t, 'one');
    if (zfsKind() === 'zfs-fuse') t.not((await sets(copy)).code, 0, 'zfs-fuse sets no property there');
    const refreshed = await backup.run(['zrep', 'refresh', copy], { allowFail: true });
    t.equal(refreshed.code, 1);
    const [, printed = `zrep expire -L ${copy}`] = /: (zrep expire -L \S+)$/m.exec(refreshed.stderr) ?? [];
    if (zfsKind() === 'zfs-fuse') t.match(refreshed.stderr, /has no room for a lock \(.*\)\. To destroy/);
    const { code, stdout, stderr } = await backup.script(`${printed}; echo "ended with $?"`);
    t.match(stdout, 'ended with 0', 'done', { said: stderr, code });
    t.same(await snapshotNames(backup, copy), ['zrep_000003', 'zrep_000004']);
    t.equal((await sets(copy)).code, 0, 'there is room again');
  });

  t.test('zrep-expire makes room', async (t) => {
    const copy = await fullCopy(t, 'two');
    await backup.writeFile('/etc/zrep-expire', `[${copy}]\n1 hour : 1 hour\n`);
    const { code, stderr } = await backup.run(['zrep-expire', '-k', '1', '-c', '/etc/zrep-expire', copy], {
      allowFail: true,
    });
    t.equal(code, 0, 'done', { said: stderr });
    t.same(await snapshotNames(backup, copy), ['zrep_000001', 'zrep_000004']);
  });

  /** A pair of which the source has three snapshots, and is to keep two. */
  const pairWithTooMany = async (source: string, folder: string, copy: string) => {
    const zrep = (...words: string[]) => backup.run(['zrep', ...words], { env: { ZREP_SAVE_COUNT: '9' } });
    const write = () => fileserver.script(`dd if=/dev/urandom of=${folder}/file bs=1M count=5 2>/dev/null`);
    await write();
    await zrep('init', '--pull', `fileserver:${source}`, copy);
    for (let round = 0; round < 2; round += 1) {
      await write();
      await zrep('refresh', copy);
    }
    for (const [host, dataset] of [
      [fileserver, source],
      [backup, copy],
    ] as const)
      await host.run(['zfs', 'set', 'zrep:savecount=2', dataset]);
  };

  t.test(
    'a refresh from a full pool, or at a limit of snapshots, expires first, and then succeeds',
    async (t) => {
      const small = `${tank}-small/x`;
      await smallPool(t, fileserver, `${tank}-small`, '/mnt/small');
      await fileserver.script(`zfs create ${small}; zfs create ${tank}/few`);
      const few = (await propertyOf(fileserver, 'mountpoint', `${tank}/few`)).trim();
      for (const [source, folder, copy] of [
        [small, '/mnt/small/x', `${vault}/small`],
        [`${tank}/few`, few, `${vault}/few`],
      ] as const) {
        // There the gate cannot set its lock.
        if (source === small && zfsKind() === 'zfs-fuse') continue;
        await pairWithTooMany(source, folder, copy);
        if (source === small) await fill(t, fileserver, folder, source);
        const { code, stderr } = await backup.run(['zrep', 'refresh', copy], { allowFail: true });
        t.equal(code, 0, 'done', { said: stderr });
        t.same(await snapshotNames(fileserver, source), ['zrep_000002', 'zrep_000003']);
      }
    },
  );
});
