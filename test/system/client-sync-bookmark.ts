/** A push from a bookmark, where somebody has destroyed the last snapshot that was sent. */

import t from 'tap';
import { snapshotsOf, writeData } from '../../lab/pair.ts';
import { bookmarksOf } from '../fixtures/system/bookmarks.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inSharedPushLab, pairMaker } from '../fixtures/system/push-lab.ts';

await inSharedPushLab(t, async (lab) => {
  const { fileserver, backup, zrep, wire } = lab;
  const newPair = await pairMaker(lab);
  const needing = await testsNeeding(t, fileserver, ['bookmarks']);

  needing(
    ['bookmarks'],
    'what is pushed is kept as a bookmark, and the next push can begin there',
    async (t) => {
      const { source, destination } = await newPair();
      const push = async (file: string, said: RegExp | string = '') => {
        await writeData(fileserver, source, file, 64);
        t.match(await zrep(['sync', source]), { code: 0, stderr: said });
      };
      for (const file of ['one', 'two', 'three', 'four']) await push(file);
      t.same(await bookmarksOf(fileserver, source), ['zrep_000002', 'zrep_000003', 'zrep_000004']);
      await wire();
      await fileserver.run(['zfs', 'destroy', `${source}@zrep_000004`]);
      await push('five', /a second one begins with the newest common snapshot, \S+#zrep_000004_\d+\n$/);
      const [here, there] = [await snapshotsOf(fileserver, source), await snapshotsOf(backup, destination)];
      t.same(there.at(-1), here.at(-1));
      t.equal(here.at(-1)?.name, 'zrep_000005', 'the number was not given again');
      await push('six', /^$/);
    },
  );

  t.test('where there is none, a sync without its base fails, and changes nothing there', async (t) => {
    const { source, destination } = await newPair();
    for (const file of ['one', 'two']) {
      await writeData(fileserver, source, file, 64);
      await zrep(['sync', source]);
    }
    await fileserver.script(
      `for b in $(zfs list -H -d 1 -t bookmark -o name ${source} 2>/dev/null); do zfs destroy $b; done`,
    );
    await fileserver.run(['zfs', 'destroy', `${source}@zrep_000002`]);
    const before = await snapshotsOf(backup, destination);
    t.equal((await zrep(['sync', source])).code, 1);
    t.same(await snapshotsOf(backup, destination), before);
  });
});
