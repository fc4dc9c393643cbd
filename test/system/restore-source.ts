/** docs/restore-source.md, word for word: the pool of the fileserver is lost, and the pulls go on. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { insist } from '../fixtures/system/insist.ts';
import { openLogin } from '../fixtures/system/open-login.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire"]
`;

/** The commands of the page, in its order. */
const PAGE = readFileSync('docs/restore-source.md', 'utf8');
const COMMANDS = PAGE.split('\n').flatMap((line) => /^ {4,}(\S.*)$/.exec(line)?.[1] ?? []);

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  await openLogin(gate, 'own');

  for (const [name, options] of [
    ['plain', ''],
    ['all', '-R '],
  ] as const)
    t.test(`the source is lost, and comes back by zfs send ${options}`, async (t) => {
      const pair: Pair = await makePair(gate, `home/${name}`, { savecount: 9 });
      await writeData(fileserver, pair.source, 'one', 64);
      await backup.run(['zrep', 'refresh', pair.destination]);
      await insist(fileserver, ['zfs', 'destroy', '-r', pair.source]);
      const before = await snapshotsOf(backup, pair.destination);

      const [list = '', send = '', writable = '', mount = '', ask = '', refresh = '', ...more] =
        COMMANDS.filter((line) => /^(?:zfs|zrep) /.test(line));
      t.same(more, [], 'these are all');
      const filled = (line: string) =>
        line
          .replaceAll('tank/home', pair.source)
          .replaceAll('vault/home', pair.destination)
          .replaceAll('zrep_000042', 'zrep_000001')
          .replaceAll('root@fileserver', 'own')
          .replace('zfs send ', `zfs send ${options}`);
      t.match((await backup.run(['sh', '-c', filled(list)])).stdout, /@zrep_000001\n$/);
      await backup.script(filled(send));
      await fileserver.script(filled(writable));
      await fileserver.script(filled(mount));
      t.equal(filled(ask), `zrep doctor ${pair.destination}`);
      const { findings } = await doctor(backup, pair.destination);
      const errors = findings.filter(({ severity }) => severity === 'error');
      const code = options === '' ? 'source-unconfigured' : 'source-received';
      t.match(errors, [{ code, mend: { on: 'fileserver' } }]);
      t.ok(PAGE.includes(`\`${code}\``));
      const [line = ''] = errors[0]?.mend.lines ?? [];
      t.match(line, /^for p in /);
      await fileserver.script(line);
      t.same(await snapshotsOf(backup, pair.destination), before, 'nothing on the copy has changed');
      await writeData(fileserver, pair.source, 'two', 64);
      const done = await backup.run(filled(refresh).split(' '), { allowFail: true });
      t.equal(done.code, 0, 'done', { said: done.stderr });
      t.equal((await snapshotNames(backup, pair.destination)).at(-1), 'zrep_000002');
      const again = await backup.run(filled(refresh).split(' '), { allowFail: true });
      t.match(again, { code: 0, stderr: '' }, 'as before');
    });
});
