/** Pools without room: what makes room works there, and what does not prints what does. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { zfsKind } from '../../lab/zfs.ts';
import { eventually, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';

const POLICY = '[client.backup1]\n';

await inGateLab(t, POLICY, async ({ backup, vault }) => {
  await provideBuild(backup, { program: 'zrep' });
  await provideBuild(backup, { program: 'zrep-expire' });

  /** A copy with four snapshots, of which two are to stay, on a pool of its own that is full to the last byte. */
  const fullCopy = async (name: string) => {
    const pool = `${vault}-${name}`;
    const copy = `${pool}/x`;
    const properties = {
      'src-fs': 'tank/x',
      'src-host': 'nosuch.invalid',
      'dest-fs': copy,
      'dest-host': 'backup',
      savecount: '2',
    };
    await backup.script(
      `truncate -s 80M /var/tmp/${name}; zpool create -m /mnt/${name} ${pool} /var/tmp/${name}`,
    );
    await backup.script(`zfs create ${copy}`);
    for (const [property, value] of Object.entries(properties))
      await backup.run(['zfs', 'set', `zrep:${property}=${value}`, copy]);
    for (const number of [1, 2, 3, 4])
      await backup.script(
        `dd if=/dev/urandom of=/mnt/${name}/x/file bs=1M count=3 2>/dev/null; zfs snapshot ${copy}@zrep_00000${number}; zfs set zrep:sent=$(date +%s) ${copy}@zrep_00000${number}`,
      );
    // What is written is counted late.
    const fill = async () => {
      await backup.script(
        `dd if=/dev/urandom of=$(mktemp /mnt/${name}/x/XXXX) bs=64k 2>/dev/null || true; sync`,
      );
      return propertyOf(backup, 'available', copy);
    };
    t.equal(await eventually(fill, (available) => available === '0'), '0', 'it is full');
    return copy;
  };
  const sets = (copy: string) => backup.run(['zfs', 'set', 'zrep:any=1', copy], { allowFail: true });

  t.test('zrep expire makes room, and a refresh that cannot lock prints that command', async (t) => {
    const copy = await fullCopy('one');
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
    const copy = await fullCopy('two');
    await backup.writeFile('/etc/zrep-expire', `[${copy}]\n1 hour : 1 hour\n`);
    const { code, stderr } = await backup.run(['zrep-expire', '-k', '1', '-c', '/etc/zrep-expire', copy], {
      allowFail: true,
    });
    t.equal(code, 0, 'done', { said: stderr });
    t.same(await snapshotNames(backup, copy), ['zrep_000001', 'zrep_000004']);
  });
});
