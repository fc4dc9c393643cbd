/** `zrep init` from the side that sends: what makes a pair, and what does not. */

import t from 'tap';
import { snapshotsOf, writeData } from '../../lab/pair.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { inPushLab, pairMaker } from '../fixtures/system/push-lab.ts';

await inPushLab(t, async (lab) => {
  const { fileserver, backup, zrep } = lab;
  const newPair = await pairMaker(lab);

  t.test(
    'a first stream that zfs refused there makes no pair, whatever the command ended with',
    async (t) => {
      const [source, destination] = [`${fileserver.pool}/home/new`, `${backup.pool}/home/new`];
      await fileserver.run(['zfs', 'create', source]);
      await writeData(fileserver, source, 'file', 64);
      await lab.trouble('*"zfs recv"*', 'cat >/dev/null; exit 0');
      const { code, stderr } = await zrep(['init', source, 'backup', destination]);
      t.equal(code, 1);
      t.match(stderr, /Error transferring .* the snapshot is not there/);
      t.same(await snapshotsOf(fileserver, source), [], 'what was set here is taken back');
      // For an old zfs the file system is made there first, and stays.
      await backup.run(['zfs', 'destroy', destination], { allowFail: true });
      const again = await zrep(['init', source, 'backup', destination]);
      t.equal(again.code, 0, 'it can be begun anew', { said: again.stderr });
    },
  );

  t.test('a pair can begin below a file system that is itself of one', async (t) => {
    const pair = await newPair();
    const [child, copy] = [`${pair.source}/child`, `${backup.pool}/home/child`];
    await fileserver.run(['zfs', 'create', child]);
    await writeData(fileserver, child, 'file', 64);
    t.equal(await propertyOf(fileserver, 'zrep:dest-fs', child), pair.destination, 'it inherits that');
    const begun = await zrep(['init', child, 'backup', copy]);
    t.equal(begun.code, 0, 'done', { said: begun.stderr });
    for (const one of [pair.source, child]) {
      const { code, stderr } = await zrep(['sync', one]);
      t.equal(code, 0, one, { said: stderr });
    }
    const guids = async (host: typeof backup, dataset: string) =>
      (await snapshotsOf(host, dataset)).map(({ guid }) => guid);
    t.same(await guids(backup, copy), await guids(fileserver, child));
    t.same(await guids(backup, pair.destination), await guids(fileserver, pair.source));
  });

  t.test('one that only inherits its destination is not sent into the copy above', async (t) => {
    const pair = await newPair();
    const child = `${pair.source}/child`;
    await fileserver.script(`zfs create ${child}; zfs snapshot ${child}@zrep_000000`);
    t.equal((await zrep(['sentsync', '-L', `${child}@zrep_000000`])).code, 0, 'marked by hand');
    const { code, stderr } = await zrep(['sync', child]);
    t.equal(code, 1);
    t.match(stderr, `zrep:dest-fs is only inherited from ${pair.source})`);
    t.same(await snapshotsOf(fileserver, child).then((all) => all.length), 1, 'nothing is made');
  });

  t.test('a snapshot that was there before is not destroyed by an init that fails', async (t) => {
    const source = `${fileserver.pool}/home/old`;
    await fileserver.script(`zfs create ${source}; zfs snapshot ${source}@zrep_000000`);
    const { code } = await zrep(['init', source, 'backup', `${backup.pool}/home/old`]);
    t.equal(code, 1);
    t.equal((await snapshotsOf(fileserver, source)).length, 1);
    t.equal(await propertyOf(fileserver, 'zrep:dest-fs', source), '-');
  });
});
