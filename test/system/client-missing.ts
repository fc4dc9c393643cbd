/**
 * Copies that were refreshed here and are not here any more: named, with since when and the command for it, by all that is run
 * from cron or watched, until they are back, or forgotten.
 */

import t from 'tap';
import { beginCopies, RECORD } from '../fixtures/system/copies-lab.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';

const PROM = '/run/lab/zrep.prom';

await inGateLab(t, homePolicy('["pull", "expire", "init", "read"]'), async (gate) => {
  const { backup, vault } = gate;
  const { second, first, zrep, source, recorded, look, wellAgain } = await beginCopies(t, gate);

  t.test("what was begun or refreshed here is remembered, in a file that is root's", async (t) => {
    t.same(await recorded(), [`${first}/a`, `${first}/b`, `${vault}/home/c`].sort());
    const { stdout } = await backup.run(['stat', '-c', '%u %a', RECORD, '/var/lib/zrep-gate']);
    t.equal(stdout, '0 644\n0 755\n');
    await wellAgain(t, 3);
    const before = await backup.readFile(RECORD);
    t.match(before, new RegExp(`^zrep ${first}/a \\d+ fileserver:${source('a')} \\d+$`, 'm'));
    await backup.run(['rm', RECORD]);
    await wellAgain(t, 3);
    t.same((await recorded()).length, 3, 'a refresh needs none of it, and writes it anew');
  });

  t.test('copies whose pool is not imported are missed by all that is watched', async (t) => {
    await second.exportIt();
    const all = await zrep('refresh all');
    t.equal(all.code, 1);
    t.match(all.stdout, 'refresh: 1 of 3 file systems done, 2 MISSING\n');
    for (const name of ['a', 'b'])
      t.match(
        all.stderr,
        new RegExp(
          `^Error: ${first}/${name} is missing: its pool ${first} is not imported; last refreshed \\d+s ago \\(.*\\)$`,
          'm',
        ),
      );
    t.match(all.stderr, new RegExp(`\\nImport it: zpool import ${first}\\n$`));
    t.match(await zrep(`refresh ${first}/a`), {
      code: 1,
      stderr: /is missing: its pool \S+ is not imported/,
    });
    t.match(await zrep('status -w 2h -c 6h'), {
      code: 2,
      stdout: new RegExp(
        `^ZREP CRITICAL - ${first}/a is missing: its pool ${first} is not imported\\. Import it: zpool import ${first}; 2 of \\d .*\\n\\[CRITICAL\\] ${first}/a from fileserver:${source('a')}: is missing`,
      ),
    });
    t.match(await zrep(`status -c 6h ${first}/b`), { code: 2, stdout: /^ZREP CRITICAL - \S+\/b is missing/ });
    t.match(await zrep(`status -c 6h ${vault}/home/c`), { code: 0 }, 'one that is here is well by itself');
    t.match(await zrep('status -a'), { code: 0, stderr: /^WARNING: \S+\/a is missing: .*\n(.*\n){2}$/ });
    t.match(await zrep('status --verify'), {
      code: 1,
      stdout: /\/a: the next pull would FAIL: it is missing/,
    });
    const json = JSON.parse((await zrep('status --json')).stdout);
    t.match(json, { state: 'critical', missing: [{ dataset: `${first}/a`, why: 'no-pool' }, {}] });
    t.match(await zrep(`status --prometheus ${PROM}`), { code: 0, stdout: '', stderr: '' });
    const prom = await backup.readFile(PROM);
    t.match(prom, new RegExp(`^zrep_missing\\{filesystem="${first}/a",.*\\} 1$`, 'm'));
    t.match(
      prom,
      new RegExp(`^zrep_last_sent_timestamp_seconds\\{filesystem="${first}/a",.*\\} 1\\d{9}$`, 'm'),
    );
    t.match(prom, new RegExp(`^zrep_missing\\{filesystem="${vault}/home/c",.*\\} 0$`, 'm'));
    const found = await look('--here');
    t.same(found.codes, ['pool-missing', 'pool-missing']);
    t.same(found.lines[0], [`zpool import ${first}`]);
    t.same((await look('--here', `${first}/b`)).codes, ['pool-missing'], 'by name, too');
    await second.importIt();
    await wellAgain(t, 3);
  });

  t.test('a copy that was destroyed is missed until it is copied anew, or forgotten', async (t) => {
    const now = second.name;
    await backup.run(['zfs', 'destroy', '-r', `${now}/b`]);
    const { code, stderr, stdout } = await zrep('refresh all');
    t.equal(code, 1);
    t.match(stdout, 'refresh: 2 of 3 file systems done, 1 MISSING\n');
    t.match(
      stderr,
      /\/b is missing: it does not exist any more; last refreshed .*\nTo copy it anew: zrep init --pull --anew \S+ \S+\/b. If that was on purpose, .*: zrep retire \S+\/b\n$/,
    );
    const found = await look('--here');
    t.same(found.codes, ['copy-missing']);
    const [forget = '', init = ''] = found.lines[0] ?? [];
    t.equal(forget, `zrep retire ${now}/b`);
    t.match(await zrep(`retire ${now}/b`), {
      code: 1,
      stderr: /nothing was done, .*: zrep retire -f \S+\/b\n$/,
    });
    t.match(await zrep(init.replace('zrep ', '')), { code: 0 });
    await wellAgain(t, 3);
    await backup.run(['zfs', 'destroy', '-r', `${now}/b`]);
    t.match(await zrep(`retire -f ${now}/b`), {
      code: 0,
      stdout: /is forgotten: nobody misses it any more\n$/,
    });
    await wellAgain(t, 2);
    await backup.run(['zfs', 'create', `${now}/b`]);
    t.match(await zrep(`retire ${now}/b`), { code: 1, stderr: /is no copy under the tag zrep/ });
  });

  t.test(
    'a copy that has lost its properties is missed; one that was cleared, or took over, is not',
    async (t) => {
      const copy = `${second.name}/a`;
      const names = ['src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount'];
      await backup.script(names.map((name) => `zfs inherit zrep:${name} ${copy}`).join('\n'));
      const { code, stderr } = await zrep('refresh all');
      t.equal(code, 1);
      t.match(stderr, /\/a is missing: it is there, but its zrep properties are gone; /);
      t.same((await look('--here')).codes, ['copy-unconfigured']);
      const [, line = ''] = /^Set them again: zrep (.*)$/m.exec(stderr) ?? [];
      t.equal(line, `changeconfig -d ${copy} fileserver ${source('a')}`);
      t.match(await zrep(line), { code: 0 });
      await wellAgain(t, 2);
      t.match(await zrep(`takeover -L ${copy}`), { code: 0 });
      t.match(await zrep('refresh all'), { code: 0 }, 'a master is no missing copy');
      t.same(await recorded(), [`${vault}/home/c`]);
      t.match(await zrep(`failover -L -f ${copy}`), { code: 0 });
      await wellAgain(t, 2);
      t.match(await zrep(`clear -f ${copy}`), { code: 0 });
      t.match(await zrep('refresh all'), { code: 0, stderr: '' });
      t.same(await recorded(), [`${vault}/home/c`]);
    },
  );

  t.test(
    'a record that is broken, or that others could have written, is named, and stops no refresh',
    async (t) => {
      const spoilt: Readonly<Record<string, RegExp>> = {
        [`chmod o+w ${RECORD}`]: /can be written by others than root; run: chmod go-w/,
        [`echo 'zrep a/b c d e f' >>${RECORD}`]: /has a line that is no record of a copy, line 3; run: mv /,
      };
      for (const [spoil, problem] of Object.entries(spoilt)) {
        await backup.script(spoil);
        const all = await zrep('refresh all');
        t.equal(all.code, 0, spoil);
        t.match(all.stderr, problem, spoil);
        t.match(await zrep('status -c 6h'), {
          code: 3,
          stdout: /^ZREP UNKNOWN - copies that are missing may not/,
        });
        const { codes, lines } = await look('--here');
        t.same(codes, ['record-unusable'], spoil);
        await backup.script(lines[0]?.join('\n') ?? 'false');
        t.match(await zrep('refresh all'), { code: 0, stderr: '' });
        t.match(await zrep('status -c 6h'), { code: 0 });
      }
    },
  );
});
