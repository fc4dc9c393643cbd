/** `zrep init --pull`: a copy whose properties were not set, a source that is locked, and a volume. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { snapshotsOf, writeData } from '../../lab/pair.ts';
import { inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { insist } from '../fixtures/system/insist.ts';
import { installKillingZfs, KILLING_ZFS, killNext } from '../fixtures/system/killing-zfs.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { startSleeper } from '../fixtures/system/sleeper.ts';
import { whileWaiting } from '../fixtures/system/waiting.ts';

await inGateLab(t, homePolicy('["pull", "expire", "init"]'), async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await installKillingZfs(backup);
  await fileserver.run(['zfs', 'create', `${tank}/home`]);
  await backup.run(['zfs', 'create', `${vault}/home`]);
  await gate.shareWithZrep();
  const zrep = (...words: string[]) => backup.run(['zrep', ...words], { allowFail: true });

  async function newSource(name: string) {
    const source = `${tank}/home/${name}`;
    await fileserver.run(['zfs', 'create', source]);
    await writeData(fileserver, source, 'much', 64);
    return { source, from: `fileserver:${source}`, copy: `${vault}/home/${name}` };
  }

  /** Killed once the stream has come, in front of the first property that is set here. */
  async function killBehindStream(...words: string[]): Promise<void> {
    await killNext(backup, 'set');
    await backup.run(['zrep', ...words], { allowFail: true, env: KILLING_ZFS });
  }

  t.test('killed between the stream and the properties, the same command completes the pair', async (t) => {
    const { source, from, copy } = await newSource('killed');
    await killBehindStream('init', '--pull', from, copy);
    t.equal(await propertyOf(backup, 'zrep:sent', `${copy}@zrep_000000`), '-');
    t.match(await zrep('refresh', 'all'), { code: 1 });
    if (gate.zfs !== 'kernel') {
      const other = await newSource('other');
      const before = await stateOf(backup);
      const refused = await zrep('init', '--pull', other.from, copy);
      t.match(refused, { code: 1, stderr: /exists already, and was not begun by this command/ });
      t.same(await stateOf(backup), before, 'it is the copy of no other source');
    }
    const dry = await zrep('init', '--pull', '--dry-run', from, copy);
    t.match(dry, { code: 0, stdout: /^ {2}zrep _refreshcomplete /m });
    t.notMatch(dry.stdout, '_initpull');
    const { code, stdout, stderr } = await zrep('init', '--pull', from, copy);
    t.equal(code, 0, 'done', { said: stderr });
    t.equal(stdout, `Initialization copy of ${from} to ${copy} complete\n`, 'nothing was sent again');
    for (const [name, value] of [
      ['src-fs', source],
      ['src-host', 'fileserver'],
      ['dest-fs', copy],
      ['dest-host', 'backup'],
      ['savecount', '5'],
    ] as const)
      t.equal(await propertyOf(backup, `zrep:${name}`, copy), value, name);
    t.match(await zrep('refresh', 'all'), { code: 0, stderr: '' });
    t.same(await snapshotsOf(backup, copy), await snapshotsOf(fileserver, source));
  });

  t.test('so it is with a pair that is begun once more', async (t) => {
    const { source, from, copy } = await newSource('anew');
    t.match(await zrep('init', '--pull', from, copy), { code: 0 });
    await insist(backup, ['zfs', 'destroy', '-r', copy]);
    await killBehindStream('init', '--pull', '--anew', from, copy);
    const { code, stderr } = await zrep('init', '--pull', '--anew', from, copy);
    t.equal(code, 0, 'done', { said: stderr });
    t.match(await zrep('refresh', copy), { code: 0, stderr: '' });
    t.same((await snapshotsOf(backup, copy)).at(-1), (await snapshotsOf(fileserver, source)).at(-1));
  });

  t.test('with --wait a lock on the source is waited for', async (t) => {
    const { source, from, copy } = await newSource('locked');
    const pid = await startSleeper(fileserver);
    await fileserver.run(['zfs', 'set', `zrep:lock-pid=${pid}`, source]);
    t.match(await zrep('init', '--pull', from, copy), { code: 1, stderr: /refused \(lock-busy\)/ });
    const words = `init --pull --wait 5min ${from} ${copy}`;
    const { code, said } = await whileWaiting(backup, words, () => fileserver.run(['kill', pid]));
    t.equal(code, 0, 'done', { said });
    t.match(said, /complete\n/);
  });

  // zfs-fuse has none.
  if (gate.zfs === 'kernel')
    t.test('a volume is mounted nowhere, so no directory is in its way', async (t) => {
      const source = `${tank}/home/disk`;
      await fileserver.run(['zfs', 'create', '-V', '1M', source]);
      const [from, copy] = [`fileserver:${source}`, `${vault}/home/disk`];
      const path = `${await propertyOf(backup, 'mountpoint', `${vault}/home`)}/disk`;
      await backup.run(['mkdir', '-p', `${path}/something`]);
      t.match(await zrep('init', '--pull', '--dry-run', from, copy), { code: 0 });
      const { code, stderr } = await zrep('init', '--pull', from, copy);
      t.same([code, stderr], [0, '']);
      t.equal(await propertyOf(backup, 'type', copy), 'volume');
      t.match(await zrep('refresh', copy), { code: 0, stderr: '' });
    });
});
