/** `zrep init` from the side that sends: what it says on the wire, what it leaves, and what it makes of a stream that was cut off. */

import t, { type Test } from 'tap';
import { snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { inPushLab } from '../fixtures/system/push-lab.ts';

/** More than zfs needs to begin, less than all. */
const CUT = 'head -c 1000000 | sh -c "$SSH_ORIGINAL_COMMAND"; exit 255';

await inPushLab(t, async (lab) => {
  const { fileserver, backup, zrep, wire, trouble } = lab;
  const needing = await testsNeeding(t, backup, ['resume']);
  // zfs-fuse shows what the mount has.
  const careful = (await backup.run(['test', '-d', '/sys/module/zfs'], { allowFail: true })).code === 0;
  for (const [host, pool] of [
    [fileserver, fileserver.pool],
    [backup, backup.pool],
  ] as const)
    await host.run(['zfs', 'create', `${pool}/home`]);

  async function newSource(name: string) {
    const source = `${fileserver.pool}/home/${name}`;
    await fileserver.run(['zfs', 'create', source]);
    await writeData(fileserver, source, 'much', 4096);
    await wire();
    return { source, destination: `${backup.pool}/home/${name}` };
  }

  /** The pair is whole: the same snapshot, its configuration on both sides, and a master. */
  async function isWhole(t: Test, source: string, destination: string): Promise<void> {
    const [here, there] = [await snapshotsOf(fileserver, source), await snapshotsOf(backup, destination)];
    t.same([here.map(({ name }) => name), here[0]?.guid], [['zrep_000000'], there[0]?.guid]);
    t.equal(await propertyOf(fileserver, 'zrep:master', source), 'yes');
    if (careful) t.equal(await propertyOf(backup, 'readonly', destination), 'on');
    for (const [name, value] of [
      ['src-fs', source],
      ['src-host', 'fileserver'],
      ['dest-fs', destination],
      ['dest-host', 'backup'],
      ['savecount', '5'],
    ] as const)
      for (const [host, dataset] of [
        [fileserver, source],
        [backup, destination],
      ] as const)
        t.equal(await propertyOf(host, `zrep:${name}`, dataset), value, `${name} on ${host.name}`);
    t.equal((await zrep(['sync', source])).code, 0, 'and it can be synced');
  }

  t.test('a pair begins with one command, and begins once', async (t) => {
    const { source, destination } = await newSource('whole');
    const { code, stdout, stderr } = await zrep(['init', source, 'backup', destination]);
    t.same([code, stderr], [0, '']);
    t.match(
      stdout,
      /^Setting zrep properties on .*\nCreating snapshot .*\n[\s\S]*complete\nFilesystem will not be mounted\n$/,
    );
    await isWhole(t, source, destination);
    await wire();
    t.match(await zrep(['init', source, 'backup', destination]), {
      code: 1,
      stderr: /already exists! Will not/,
    });
    t.same(await wire(), [`zfs list ${destination}`], 'nothing else was asked');
    const elsewhere = await zrep(['init', source, 'backup', `${destination}-2`]);
    t.match(elsewhere, { code: 1, stderr: /zrep:master detected!!/ });
  });

  t.test('what was cut off takes back what was set here', async (t) => {
    const { source, destination } = await newSource('back');
    await trouble('*"zfs recv"*', CUT);
    const { code, stderr } = await zrep(['init', source, 'backup', destination]);
    t.equal(code, 1);
    t.match(stderr, /^Error: Error transferring .* Resetting /m);
    t.same(await snapshotsOf(fileserver, source), []);
    t.equal(await propertyOf(fileserver, 'zrep:dest-fs', source), '-');
  });

  t.test('with ZREP_RESUME it stays, and only the same init goes on', async (t) => {
    const { source, destination } = await newSource('stays');
    const env = { ZREP_RESUME: 'yes' };
    await trouble('*"zfs recv"*', 'exit 255');
    const { code, stderr } = await zrep(['init', source, 'backup', destination], { env });
    t.equal(code, 1);
    t.match(stderr, /RESUME set\. Not clearing .*: the same command goes on/);
    t.equal((await snapshotsOf(fileserver, source)).length, 1);
    t.match((await zrep(['init', source, 'backup', `${destination}-2`])).stderr, /use zrep clear/);
    const other = await zrep(['init', source, 'backup', `${destination}-2`], { env });
    t.match(other.stderr, /is one to backup:.*\/stays\. To begin another, first use zrep clear/);
    // Of which the other side has nothing.
    t.match((await zrep(['init', source, 'backup', destination], { env })).stderr, /no resume token found/);
    t.equal(await propertyOf(fileserver, 'zrep:master', source), '-');
  });

  needing(
    ['resume'],
    'what had come of the first stream is not sent again, however often it is cut off',
    async (t) => {
      const { source, destination } = await newSource('goes-on');
      const env = { ZREP_RESUME: 'yes' };
      for (const attempt of ['first', 'second']) {
        await trouble('*"zfs recv"*', CUT);
        const { code } = await zrep(['init', source, 'backup', destination], { env });
        t.equal(code, 1, attempt);
        t.not(await propertyOf(backup, 'receive_resume_token', destination), '-');
      }
      await wire();
      const { code, stdout, stderr } = await zrep(['init', source, 'backup', destination], { env });
      t.equal(code, 0, 'done', { said: stderr });
      t.match(stdout, /Partially complete init detected\. Attempting to resume send\n/);
      t.same(await wire(), [
        `zfs get -H -o value receive_resume_token ${destination}`,
        ` zfs recv -u -s ${destination}`,
        `zfs get -Hp -o name,value guid ${destination}@zrep_000000`,
      ]);
      await isWhole(t, source, destination);
    },
  );

  needing(['resume'], 'a token of another snapshot is not gone on with', async (t) => {
    const { source, destination } = await newSource('forged');
    const other = await newSource('secret');
    await fileserver.run(['zfs', 'snapshot', `${other.source}@zrep_000000`]);
    const env = { ZREP_RESUME: 'yes' };
    await trouble('*"zfs recv"*', 'exit 255');
    await zrep(['init', source, 'backup', destination], { env });
    // What a backup server could make, had it once been sent the beginning of the other.
    const script = `zfs send ${other.source}@zrep_000000 | head -c 1000000 | zfs receive -s ${fileserver.pool}/forge`;
    await fileserver.script(`${script} || true`);
    const token = await propertyOf(fileserver, 'receive_resume_token', `${fileserver.pool}/forge`);
    await trouble('*receive_resume_token*', `echo ${token}; exit 0`);
    const { code, stderr } = await zrep(['init', source, 'backup', destination], { env });
    t.equal(code, 1);
    t.match(stderr, /no resume token found/);
    t.notOk(
      (await wire()).some((command) => command.includes('zfs recv -u -s')),
      'nothing was sent',
    );
  });
});
