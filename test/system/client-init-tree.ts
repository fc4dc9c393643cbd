/** `zrep -R init --pull`: a first stream that is cut, and what the same command then makes of it. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { snapshotsOf, writeData } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { CUTTING_SSH, cutNext, installCuttingSsh } from '../fixtures/system/cutting-ssh.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { insist } from '../fixtures/system/insist.ts';
import { installKillingZfs, KILLING_ZFS, killNext } from '../fixtures/system/killing-zfs.ts';
import { propertyOf } from '../fixtures/system/partial.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/r"
subtree = true
operations = ["pull", "expire", "init"]
recursive = true
`;
/** More than all of the top, less than all of a child. */
const CUT = 1_000_000;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await installCuttingSsh(backup);
  await installKillingZfs(backup);
  await fileserver.run(['zfs', 'create', '-p', `${tank}/r`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/r`]);
  const needing = await testsNeeding(t, backup, ['receive -x']);
  const zrep = (words: string) =>
    backup.run(['zrep', '-R', ...words.split(' ')], { allowFail: true, env: CUTTING_SSH });

  /** A file system that is not begun yet, with /c and /z below. */
  const newTree = async (name: string) => {
    const [source, copy] = [`${tank}/r/${name}`, `${vault}/r/${name}`];
    for (const below of ['', '/c', '/z']) {
      await fileserver.run(['zfs', 'create', `${source}${below}`]);
      await writeData(fileserver, `${source}${below}`, 'data', below === '' ? 64 : 3072);
    }
    return { source, copy, init: (option = '') => `init --pull ${option}fileserver:${source} ${copy}` };
  };
  const cutIn = async (t: Test, { source }: { source: string }, words: string, bytes = CUT) => {
    await cutNext(backup, bytes);
    t.match(await zrep(words), { code: 1, stderr: /the same command goes on/ });
    const lock = () => propertyOf(fileserver, 'zrep:lock-pid', source);
    await eventually(lock, (holder) => holder === '-');
  };
  const isWhole = async (t: Test, { source, copy }: { source: string; copy: string }) => {
    const { code, stderr } = await zrep(`refresh ${copy}`);
    t.equal(code, 0, 'refreshed', { said: stderr });
    for (const below of ['', '/c', '/z'])
      t.same(await snapshotsOf(backup, copy + below), await snapshotsOf(fileserver, source + below));
  };

  needing(
    ['receive -x'],
    'cut in a child: a refresh names the same command, which completes it',
    async (t) => {
      const tree = await newTree('cut');
      const { source, copy, init } = tree;
      await cutIn(t, tree, init());
      t.equal((await snapshotsOf(backup, copy)).length, 1, 'the top came');
      // As a zrep of before, which had it be resumable.
      const child = `${copy}/c@zrep_000000`;
      if ((await backup.run(['zfs', 'list', child], { allowFail: true })).code !== 0)
        await backup.script(
          `zfs send ${source}/c@zrep_000000 | head -c ${CUT} | zfs receive -s ${copy}/c || true`,
        );
      const line = `zrep -R ${init()}`;
      const verify = await zrep(`status --verify ${copy}`);
      t.match(
        verify.stdout,
        `would FAIL: the first stream into ${copy} was never completed; to complete it: ${line}\n`,
      );
      const refused = await zrep(`refresh ${copy}`);
      t.equal(refused.code, 1);
      t.match(refused.stderr, `was never completed; to complete it: ${line}\n`);
      const dry = await zrep(`${init()} --dry-run`);
      t.match(dry, { code: 0, stdout: `  zfs rename ${copy} ${copy}_old\n` });
      const { code, stdout, stderr } = await zrep(init());
      t.equal(code, 0, 'done', { said: stderr });
      t.match(stdout, `The old copy is ${copy}_old now, with all its snapshots, and out of service\n`);
      t.equal((await snapshotsOf(backup, `${copy}_old`)).length, 1, 'nothing is destroyed');
      await isWhole(t, tree);
    },
  );

  needing(
    ['receive -x'],
    'cut in the top, nothing is left; killed behind the stream, the marks alone are missing',
    async (t) => {
      const tree = await newTree('killed');
      await writeData(fileserver, tree.source, 'more', 3072);
      await cutIn(t, tree, tree.init());
      t.not((await backup.run(['zfs', 'list', tree.copy], { allowFail: true })).code, 0);
      await killNext(backup, 'set');
      await backup.run(['zrep', '-R', ...tree.init().split(' ')], { allowFail: true, env: KILLING_ZFS });
      const { code, stdout } = await zrep(tree.init());
      t.equal(code, 0);
      t.equal(stdout, `Initialization copy of fileserver:${tree.source} to ${tree.copy} complete\n`);
      await isWhole(t, tree);
    },
  );

  needing(
    ['receive -x'],
    'what somebody added is not renamed unasked; the line that is named helps',
    async (t) => {
      const tree = await newTree('added');
      const { copy, init } = tree;
      await cutIn(t, tree, init());
      await insist(backup, ['zfs', 'snapshot', `${copy}@mine`]);
      const refused = await zrep(init());
      t.equal(refused.code, 1);
      t.match(refused.stderr, `${copy}@mine is not on the source`);
      const line = refused.stderr.trim().split(': ').at(-1) ?? '';
      t.match(line, /^zfs rename /);
      await backup.script(line);
      t.match(await zrep(init()), { code: 0 });
    },
  );

  needing(['receive -x'], 'so it is with a pair that is begun once more', async (t) => {
    const tree = await newTree('anew');
    const { copy, init } = tree;
    t.match(await zrep(init()), { code: 0 });
    await insist(backup, ['zfs', 'destroy', '-r', copy]);
    const words = init('--anew ');
    await cutIn(t, tree, words);
    t.match((await zrep(`refresh ${copy}`)).stderr, `to complete it: zrep -R ${words}\n`);
    const { code, stderr } = await zrep(words);
    t.equal(code, 0, 'done', { said: stderr });
    const { stderr: said, code: ended } = await zrep(`refresh ${copy}`);
    t.equal(ended, 0, 'refreshed', { said });
  });
});
