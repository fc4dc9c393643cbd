/** A backup pool that was renamed at import: each copy is named, and one command is for all of them, and one for the other side. */

import t from 'tap';
import { beginCopies, RECORD } from '../fixtures/system/copies-lab.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';

await inGateLab(t, homePolicy('["pull", "expire", "init", "read"]'), async (gate) => {
  const { backup, vault } = gate;
  const { second, first, there, zrep, recorded, look, wellAgain } = await beginCopies(t, gate);

  t.test('a pool that was renamed at import is named, with one command for all of it', async (t) => {
    await second.exportIt();
    await second.importIt(`third${first.slice('second'.length)}`);
    const now = second.name;
    const isNamed = async (copies: readonly string[]) => {
      const { code, stderr } = await zrep('refresh all');
      t.equal(code, 1);
      for (const name of copies)
        t.match(
          stderr,
          new RegExp(`^Error: ${first}/${name} is missing: it is called ${now}/${name} now; `, 'm'),
        );
      t.match(stderr, new RegExp(`\\nTell zrep the new name: zrep renamed ${first} ${now}\\n$`));
      t.match(await zrep('status -w 2h'), {
        code: 2,
        stdout: / is called \S+ now\. Tell zrep the new name: /,
      });
      const { codes, lines } = await look('--here');
      t.same(
        codes,
        copies.map(() => 'copy-renamed'),
      );
      for (const line of lines) t.same(line, [`zrep renamed ${first} ${now}`]);
    };
    await isNamed(['a', 'b']);
    await backup.script(`mv ${RECORD} ${RECORD}.kept`);
    await isNamed(['a', 'b']);
    await backup.script(`mv ${RECORD}.kept ${RECORD}; zfs set zrep:dest-fs=${now}/a ${now}/a`);
    await isNamed(['b']);
    await backup.run(['zfs', 'set', `zrep:dest-fs=${first}/a`, `${now}/a`]);

    // By name it can be refreshed, and nothing else is wrong with it.
    t.match(await zrep(`status --verify ${now}/a`), { code: 0, stdout: /would succeed/ });
    t.same((await look(`${now}/a`)).codes, ['copy-renamed']);

    const asked = await zrep(`renamed ${first} ${now}`);
    t.equal(asked.code, 1);
    t.match(asked.stderr, `  ${now}/b: zrep:dest-fs is ${first}/b, will be ${now}/b\n`);
    t.match(asked.stderr, `to do it: zrep renamed -f ${first} ${now}\n`);
    await isNamed(['a', 'b']);
    const done = await zrep(`renamed -f ${first} ${now}`);
    t.same([done.code, done.stderr], [0, '']);
    t.match(done.stdout, 'renamed: 2 of 2 file systems done\n');
    await wellAgain(t, 3);
    t.same(await recorded(), [`${now}/a`, `${now}/b`, `${vault}/home/c`].sort());

    // Pulls go through without it; but the doctor takes it for the copy of another pair until the fileserver knows.
    t.same((await look(`${now}/a`)).codes, ['other-pair']);
    const [, line = ''] = /^Now on fileserver, .*: zrep (renamed .*)$/m.exec(done.stdout) ?? [];
    t.equal(line, `renamed backup:${first} ${now}`);
    t.match(await there(line.replace('renamed', 'renamed -f')), { code: 0, stdout: /^renamed: 2 of 2/ });
    t.same((await look()).codes, [], 'all is well');
    t.match(await there(line.replace('renamed', 'renamed -f')), { code: 1, stderr: /has its other side in/ });
  });
});
