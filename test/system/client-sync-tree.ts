/** `zrep -R sync`: both trees are judged before anything is made, and what is said carries -R. */

import t from 'tap';
import { type Pair, writeData } from '../../lab/pair.ts';
import type { Finding } from '../../src/client/doctor/finding.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { snapshotNames } from '../fixtures/system/gate-lab.ts';
import { inPushLab, pairMaker } from '../fixtures/system/push-lab.ts';

await inPushLab(t, async (lab) => {
  const { fileserver, backup, zrep } = lab;
  const newPair = await pairMaker(lab);
  const needing = await testsNeeding(t, backup, ['receive -x']);

  /** With /c and /z below, both sides alike. */
  const newTree = async (): Promise<Pair> => {
    const pair = await newPair({ savecount: 9 });
    const { source, destination } = pair;
    await fileserver.script(`
      for child in c z; do zfs create ${source}/$child; zfs snapshot ${source}/$child@zrep_000000; done`);
    // They have no place to be mounted at: the copy above is readonly.
    for (const child of ['c', 'z'])
      await fileserver.script(
        `zfs send ${source}/${child}@zrep_000000 | ssh backup zfs recv ${destination}/${child}`,
        { allowFail: true },
      );
    return pair;
  };

  t.test('what is in the way below is said, with a line that carries -R, and nothing is made', async (t) => {
    const { source, destination } = await newTree();
    await writeData(fileserver, `${source}/c`, 'more', 64);
    await backup.run(['zfs', 'snapshot', `${destination}/c@zrep_000001`]);
    await fileserver.run(['zfs', 'set', 'zrep:pushed=1700000000', source]);
    const { stdout } = await zrep(['-R', 'doctor', '--json', source]);
    const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
    const verified = await zrep(['-R', 'status', '--verify', source]);
    const { code, stderr } = await zrep(['-R', 'sync', source]);
    t.equal(code, 1);
    t.match(stderr, `@zrep_000001 of ${destination}/c on backup is not the snapshot of that name`);
    t.match(stderr, `: zrep -R sync -f ${source}\n`);
    const [found] = findings.filter(({ code }) => code === 'blocked-below');
    t.match(found, { mend: { lines: [`zrep -R sync -f ${source}`] } }, 'the doctor has the same line');
    t.ok(stderr.includes(`: ${found?.what}; `), 'and the same words', { said: stderr });
    const [, verdict = ''] = verified.stdout.trimEnd().split(' would FAIL: ');
    t.ok(verdict !== '' && stderr.trimEnd().endsWith(verdict), 'as has --verify', { said: verified.stdout });
    t.same(await snapshotNames(fileserver, `${source}/z`), ['zrep_000000'], 'no snapshot is made');
    t.same(await snapshotNames(backup, `${destination}/z`), ['zrep_000000'], 'none came');
    t.match(await zrep(['-R', 'sync', '-f', '--yes', source]), { code: 0 }, 'the line helps');
    for (const child of ['', '/c', '/z'])
      t.same(await snapshotNames(backup, destination + child), ['zrep_000000', 'zrep_000001'], child);
  });

  // An old zfs does not skip what is there already.
  needing(
    ['receive -x'],
    'where the top came further than what is below, -f begins with what all have',
    async (t) => {
      const { source, destination } = await newTree();
      await fileserver.script(`zfs snapshot -r ${source}@zrep_000001
      zfs send -i @zrep_000000 ${source}@zrep_000001 | ssh backup zfs recv ${destination}`);
      const { code, stderr } = await zrep(['-R', 'sync', '-f', '--yes', source]);
      t.equal(code, 0, 'done', { said: stderr });
      t.notMatch(stderr, 'sync -f', 'it does not ask for what it is');
      for (const child of ['', '/c', '/z'])
        t.same(
          await snapshotNames(backup, destination + child),
          ['zrep_000000', 'zrep_000001', 'zrep_000002'],
          `nothing is destroyed, and all came: ${child}`,
        );
    },
  );

  t.test('a tree with a blank in a name below is synced like any other', async (t) => {
    const { source, destination } = await newTree();
    await fileserver.script(
      `zfs create '${source}/two words'; zfs snapshot '${source}/two words@zrep_000000'`,
    );
    await fileserver.script(
      `zfs send '${source}/two words@zrep_000000' | ssh backup "zfs recv '${destination}/two words'"`,
      { allowFail: true },
    );
    t.match(await zrep(['-R', 'sync', source]), { code: 0 });
    for (const child of ['/c', '/two words'])
      t.same(await snapshotNames(backup, destination + child), ['zrep_000000', 'zrep_000001'], child);
  });

  t.test('without -R, a line on a pair whose streams are recursive carries it', async (t) => {
    const { source, destination } = await newTree();
    await backup.run(['zfs', 'snapshot', `${destination}@zrep_000001`]);
    const { code, stderr } = await zrep(['sync', source]);
    t.equal(code, 1);
    t.match(stderr, `: zrep -R sync -f ${source}\n`);
  });

  t.test('the base that is shown with -R is one that all of the tree has', async (t) => {
    const { source, destination } = await newTree();
    await fileserver.script(`zfs snapshot -r ${source}@zrep_000001
      zfs send -i @zrep_000000 ${source}@zrep_000001 | ssh backup zfs recv ${destination}`);
    const shown = async (...words: string[]) =>
      (await zrep([...words, 'snapshots', '--verify', source])).stdout;
    t.match(await shown('-R'), 'the next increment of the whole tree begins with @zrep_000000, by the GUIDs');
    t.match(await shown(), 'the next increment begins with @zrep_000001, by the GUIDs of both sides\n');
    await backup.script(`zfs destroy ${destination}/c@zrep_000000`);
    t.match(await shown('-R'), `; something is in its way below: zrep -R doctor ${source}\n`);
  });
});
