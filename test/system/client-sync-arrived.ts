/** What was pushed counts as sent where the other side has it by its GUID, whatever its forced command ends with. */

import t from 'tap';
import { snapshotsOf, writeData } from '../../lab/pair.ts';
import { inSharedPushLab, names, pairMaker, theSame } from '../fixtures/system/push-lab.ts';

await inSharedPushLab(t, async (lab) => {
  const { fileserver, backup, zrep, wire } = lab;
  const newPair = await pairMaker(lab);
  const commandThere = (script: string) => backup.writeFile('/run/lab/trouble', `${script}\n`);
  const asBefore = () => backup.run(['rm', '-f', '/run/lab/trouble']);
  const sent = async (dataset: string) =>
    (await snapshotsOf(fileserver, dataset)).map(({ sent }) => sent !== '');

  t.test('a forced command that logs and ends with 0: what zfs refused there is not marked', async (t) => {
    for (const [what, script] of [
      ['its errors go to a log', 'sh -c "$SSH_ORIGINAL_COMMAND" 2>>/run/lab/log; exit 0'],
      ['all of it passes tee', 'sh -c "$SSH_ORIGINAL_COMMAND" 2>&1 | tee -a /run/lab/log; exit 0'],
    ] as const) {
      const pair = await newPair();
      const { source, destination } = pair;
      await backup.run(['zfs', 'set', 'quota=1M', destination]);
      await writeData(fileserver, source, 'much', 4096);
      await commandThere(script);
      for (const unsent of [1, 2]) {
        const { code, stderr } = await zrep(['sync', source]);
        t.equal(code, 1, what, { said: stderr });
        t.same(await sent(source), [true, ...Array(unsent).fill(false)]);
        t.same((await names(lab, pair))[1], ['zrep_000000'], 'nothing has come, and nothing expires');
      }
      await backup.run(['zfs', 'set', 'quota=none', destination]);
      const { code, stderr } = await zrep(['sync', source]);
      t.equal(code, 0, 'with room there', { said: stderr });
      await asBefore();
      t.same(await names(lab, pair).then(([here, there]) => here?.at(-1) === there?.at(-1)), true);
    }
  });

  t.test(
    'a host that lets stock alone through, and says no to the rest, gets pushes as before',
    async (t) => {
      const pair = await newPair();
      const { source, destination } = pair;
      const stock = `case "$SSH_ORIGINAL_COMMAND" in *-Hp*) REFUSE;; esac`;
      for (const [index, refuse] of ['echo not allowed', 'exit 3', 'echo no >&2; exit 0'].entries()) {
        await writeData(fileserver, source, `file${index}`, 64);
        await commandThere(stock.replace('REFUSE', index === 0 ? `${refuse}; exit` : refuse));
        const { code, stderr } = await zrep(['sync', source]);
        t.same({ code, stderr }, { code: 0, stderr: '' }, refuse);
      }
      await asBefore();
      await theSame(t, lab, pair, ['zrep_000002', 'zrep_000003']);
      await wire();
      await backup.run(['zfs', 'set', 'quota=1M', destination]);
      await writeData(fileserver, source, 'much', 4096);
      await commandThere(`${stock.replace('REFUSE', 'exit 3')}; sh -c "$SSH_ORIGINAL_COMMAND"; exit 0`);
      const { code, stderr } = await zrep(['sync', source]);
      await asBefore();
      t.equal(code, 1, "but not where stock's own question finds no such snapshot");
      t.match(stderr, 'the receiving command on backup ended with 0, but the snapshot is not there');
      t.match((await sent(source)).at(-1), false, 'it is not marked');
    },
  );

  t.test('a host that refuses both questions is believed, which is told', async (t) => {
    const pair = await newPair();
    const { source, destination } = pair;
    await writeData(fileserver, source, 'file', 64);
    await commandThere(`case "$SSH_ORIGINAL_COMMAND" in *-Hp*|*"list -t snapshot"*) exit 3;; esac`);
    const { code, stderr } = await zrep(['sync', source]);
    t.equal(code, 0);
    t.match(stderr, /^WARNING: that backup has \S+@zrep_000001 is not verified/);
    const line = /Allow there: (.*)\n$/.exec(stderr)?.[1];
    t.equal(line, `zfs list -t snapshot ${destination}@zrep_000001`);
    await backup.script(line ?? 'false');
    await writeData(fileserver, source, 'file2', 64);
    await commandThere(`case "$SSH_ORIGINAL_COMMAND" in *-Hp*) exit 3;; esac`);
    t.match(await zrep(['sync', source]), { code: 0, stderr: '' }, 'nor is that said where it is allowed');
    await asBefore();
    await theSame(t, lab, pair, ['zrep_000001', 'zrep_000002']);
  });
});
