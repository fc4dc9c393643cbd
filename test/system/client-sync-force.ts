/** `zrep -R sync -f`: what zfs receive -F destroys below the copy is listed first. */

import t from 'tap';
import { writeData } from '../../lab/pair.ts';
import { snapshotNames } from '../fixtures/system/gate-lab.ts';
import { inSharedPushLab, pairMaker } from '../fixtures/system/push-lab.ts';

await inSharedPushLab(t, async (lab) => {
  const { fileserver, backup, zrep } = lab;
  const newPair = await pairMaker(lab);

  t.test('snapshots and a file system that the source does not have, in all of the tree', async (t) => {
    const { source, destination } = await newPair({ savecount: 9 });
    await fileserver.run(['zfs', 'create', `${source}/child`]);
    await fileserver.run(['zfs', 'snapshot', `${source}/child@zrep_000000`]);
    // It is received, but has no place to be mounted at: the copy above it is readonly.
    await fileserver.script(
      `zfs send ${source}/child@zrep_000000 | ssh backup zfs recv ${destination}/child`,
      { allowFail: true },
    );
    t.match(await zrep(['-R', 'sync', source]), { code: 0 });
    // The source has it no more: only the copy does, and it is older than the common one.
    await fileserver.run(['zfs', 'destroy', `${source}/child@zrep_000000`]);
    await backup.run(['zfs', 'snapshot', `${destination}/child@by-hand`]);
    await backup.script(
      `zfs create -o mountpoint=none ${destination}/other; zfs snapshot ${destination}/other@one`,
    );
    await writeData(fileserver, `${source}/child`, 'more', 64);

    const asked = await zrep(['-R', 'sync', '-f', source]);
    t.equal(asked.code, 1);
    t.match(asked.stderr, `zrep -R sync -f --yes ${source}`);
    for (const line of [
      `  ${destination}/child@zrep_000000, made `,
      `  ${destination}/child@by-hand, made `,
      `  ${destination}/other, which has no snapshot in common with the source, with all that is in it; snapshots: 1\n`,
    ])
      t.match(asked.stderr, line);
    t.ok((await snapshotNames(backup, `${destination}/child`)).includes('by-hand'), 'nothing is destroyed');

    const done = await zrep(['-R', 'sync', '-f', '--yes', source]);
    t.equal(done.code, 0, 'done', { said: done.stderr });
    t.same(
      await snapshotNames(backup, `${destination}/child`),
      await snapshotNames(fileserver, `${source}/child`),
      'zfs receive destroys what was listed',
    );
    const other = await backup.run(['zfs', 'list', `${destination}/other`], { allowFail: true });
    t.not(other.code, 0);
  });
});
