/** A backup pool that was renamed at import: each copy is named, and one command is for all of them, and one for the other side. */

import t, { type Test } from 'tap';
import { switchTo } from '../../lab/gate.ts';
import type { Host } from '../../lab/host.ts';
import { provideBuild } from '../../lab/installation.ts';
import manifest from '../../package.json' with { type: 'json' };
import { policy } from '../fixtures/system/doctor-lab.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { addPool } from '../fixtures/system/second-pool.ts';

const RECORD = '/var/lib/zrep-gate/copies';

await inGateLab(t, policy('["pull", "expire", "init", "read"]'), async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await switchTo(fileserver, manifest.version, 'zrep');
  await gate.share();
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  const second = await addPool(t, backup, 'second');
  const on = (host: Host) => (words: string) => host.run(['zrep', ...words.split(' ')], { allowFail: true });
  const [there, zrep] = [on(fileserver), on(backup)];
  const first = second.name;
  const source = (name: string) => `${tank}/home/${name}`;
  const begin = async (name: string, copy: string) => {
    await fileserver.run(['zfs', 'create', '-p', source(name)]);
    await backup.run(['zrep', 'init', '--pull', `fileserver:${source(name)}`, copy]);
  };
  await begin('a', `${first}/a`);
  await begin('b', `${first}/b`);
  await begin('c', `${vault}/home/c`);
  const recorded = async () =>
    (await backup.readFile(RECORD)).split('\n').flatMap((line) => line.match(/^zrep (\S+) /)?.[1] ?? []);
  /** What it finds on copies: where the hosts share the kernel's ZFS it sees the sources, too, as of a host that was renamed. */
  const look = async (...words: string[]) => {
    const { findings } = await doctor(backup, ...words);
    const own = findings.filter(({ where }) => !where.startsWith(`${tank}/`));
    return { codes: own.map(({ code }) => code), lines: own.map(({ mend }) => mend.lines) };
  };
  const wellAgain = async (t: Test, count: number) => {
    const { code, stdout, stderr } = await zrep('refresh all');
    t.same([code, stderr], [0, '']);
    t.match(stdout, `refresh: ${count} of ${count} file systems done\n`);
    t.match(await zrep('status -w 2h'), { code: 0, stdout: /^ZREP OK - / });
  };

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
