/** `zrep retire`: a copy out of service keeps its snapshots and marks, nobody refreshes, expires or watches it, and it can come back. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';

await inGateLab(t, homePolicy('["pull", "expire", "read"]'), async (gate) => {
  const { fileserver, backup, vault } = gate;
  for (const program of ['zrep', 'zrep-expire']) await provideBuild(backup, { program });
  await gate.share();
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  const zrep = (words: string) => backup.run(['zrep', ...words.split(' ')], { allowFail: true });
  const live = await makePair(gate, 'home/live');
  const old = await makePair(gate, 'home/old');
  // As stock's init leaves a copy, whose properties came with the stream.
  const names = ['src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount'];
  const properties = async (dataset: string) => {
    const argv = ['zfs', 'get', '-H', '-o', 'property,value,source', '-s', 'local,received', 'all', dataset];
    return (await backup.run(argv)).stdout;
  };
  const refresh = async () => {
    await writeData(fileserver, old.source, 'news', 16);
    return zrep('refresh all');
  };
  await refresh();
  await refresh();
  const before = await snapshotsOf(backup, old.destination);
  const settings = await properties(old.destination);
  const copy = old.destination;

  t.test('it asks, and without a terminal it wants -f', async (t) => {
    const { code, stderr } = await zrep(`retire ${copy}`);
    t.equal(code, 1);
    t.match(stderr, /^\S+ would be taken out of service\. Its snapshots and their marks stay; these end:\n/);
    t.match(stderr, `  refreshes from fileserver:${old.source}\n`);
    t.match(stderr, `to do it: zrep retire -f ${copy}\n`);
    t.equal(await properties(copy), settings);
    t.match(await zrep(`retire -f ${live.source}`), { code: 1 }, 'only a copy can be retired');
    t.match(await zrep(`retire -f ${vault}/home`), { code: 1, stderr: /is no copy under the tag zrep/ });
    t.match(await zrep(`retire --undo ${copy}`), {
      code: 1,
      stderr: /is not retired; what is: zrep list --r/,
    });
  });

  t.test('nothing of it goes, and nothing refreshes or watches it any more', async (t) => {
    const { code, stdout } = await zrep(`retire -f ${copy}`);
    t.equal(code, 0);
    t.match(stdout, `${copy} is retired. Its snapshots and their marks stay.\n`);
    t.match(stdout, `: zrep retire --undo ${copy}\n`);
    t.match(await zrep(`retire ${copy}`), { code: 0, stdout: /is retired already, since \d+s\n/ });
    t.same(await snapshotsOf(backup, copy), before);
    const all = await refresh();
    t.same([all.code, all.stderr], [0, '']);
    t.notMatch(all.stdout, old.source);
    t.same(await snapshotsOf(backup, copy), before);
    t.match(await zrep(`refresh ${copy}`), {
      code: 1,
      stderr: new RegExp(`^Error: ${copy} is retired, since .*: zrep retire --undo ${copy}\n$`),
    });
    const check = await zrep('status -w 2h');
    t.equal(check.code, 0);
    t.match(check.stdout, new RegExp(`\n\\[RETIRED\\] ${copy} from fileserver:${old.source}: since `));
    t.notMatch(check.stdout.split('\n')[0], copy);
    t.match(await zrep(`status -w 2h ${copy}`), { code: 3, stdout: /^ZREP UNKNOWN - Error: \S+ is retired/ });
    const lines = (await zrep('status -a')).stdout.split('\n');
    t.match(
      lines.find((line) => line.startsWith(`${copy} `)),
      / {2}retired: \d{4}\//,
    );
    t.match(JSON.parse((await zrep('status --json')).stdout), { retired: [{ dataset: copy }] });
    await zrep('status --prometheus /run/lab/zrep.prom');
    t.notMatch(await backup.readFile('/run/lab/zrep.prom'), copy);
    t.same((await zrep('list --retired')).stdout, `${copy}\n`);
    const found = (await doctor(backup, '--here', copy, live.destination)).findings;
    t.match(found, [{ code: 'copy-retired', severity: 'note', where: copy }]);
    t.equal(found.length, 1);
  });

  t.test('a stock zrep finds neither the copy nor its fileserver', async (t) => {
    const ask = async (...words: string[]) => (await backup.run(['zfs', 'get', '-H', ...words])).stdout;
    t.notMatch(await ask('-o', 'name', '-s', 'local,received', 'zrep:dest-fs'), copy);
    t.notMatch((await zrep('list')).stdout, copy);
    t.equal(await ask('-o', 'value', 'zrep:src-host', copy), '-\n');
  });

  t.test('nothing expires on it', async (t) => {
    await backup.writeFile('/run/lab/expire.conf', '1 second : 1 day\n');
    const expire = await backup.run(
      ['zrep-expire', '-k', '1', '-d', '-c', '/run/lab/expire.conf', copy, live.destination],
      { allowFail: true },
    );
    t.equal(expire.code, 0);
    t.match(expire.stdout, /the copy is retired under the tag zrep \(zrep retire\): its snapshots stay/);
    t.match(await zrep(`expire -L ${copy}`), { code: 1, stderr: /is retired, since / });
    t.notMatch((await zrep('expire -L all')).stdout, copy);
    t.same(await snapshotsOf(backup, copy), before);
    t.ok(
      (await snapshotsOf(backup, live.destination)).length < before.length,
      'the other one was thinned out',
    );
  });

  t.test('no other verb takes it for a copy, and the record is not what knows it', async (t) => {
    await backup.run(['rm', '-f', '/var/lib/zrep-gate/copies']);
    for (const words of [
      `takeover -L ${copy}`,
      `failover -L ${copy}`,
      `changeconfig -f -d ${copy} other tank/x`,
      `init --pull -f fileserver:${old.source} ${copy}`,
      `init -f ${copy} other tank/x`,
    ])
      t.match(await zrep(words), { code: 1, stderr: /is retired, since .*: zrep retire --undo / }, words);
    t.match(await zrep('refresh all'), { code: 0, stderr: '' });
  });

  t.test('it comes back, under the name that it has by then, and goes on where it was', async (t) => {
    const moved = `${vault}/home/moved`;
    // zfs-fuse renames nothing that is mounted.
    await backup.script(`zfs unmount ${copy} 2>/dev/null || true; zfs rename ${copy} ${moved}`);
    const { code, stdout } = await zrep(`retire --undo ${moved}`);
    t.match(
      [code, stdout],
      [0, `${moved} is in service again. To bring it up to date: zrep refresh ${moved}\n`],
    );
    const is = (await properties(moved)).split('\n').filter((line) => line.startsWith('zrep:'));
    const was = settings.split('\n').filter((line) => line.startsWith('zrep:'));
    t.same(
      is,
      was.map((line) => line.replace(copy, moved)),
    );
    t.equal(is.length, names.length);
    t.match(await zrep('refresh all'), { code: 0, stderr: '' });
    const after = await snapshotsOf(backup, moved);
    t.same(after.slice(0, before.length), before);
    t.equal(after.length, before.length + 1);
  });
});
