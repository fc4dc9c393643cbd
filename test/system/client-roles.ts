/** Roles change: failover and takeover of pairs that are pushed, and of one that is pulled through the gate; clear and changeconfig. */

import t, { type Test } from 'tap';
import { switchTo } from '../../lab/gate.ts';
import type { Host } from '../../lab/host.ts';
import { installPolicy, letInAs } from '../../lab/installation.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { authorize, sshKey } from '../../lab/ssh.ts';
import manifest from '../../package.json' with { type: 'json' };
import { eventually } from '../fixtures/eventually.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { inPushLab, letIn } from '../fixtures/system/push-lab.ts';

await inPushLab(t, async (lab) => {
  const { fileserver, backup, wire, trouble } = lab;
  const on =
    (host: Host) =>
    async (words: string, env: Record<string, string> = {}) => {
      const { code, stdout, stderr } = await host.run(['zrep', ...words.split(' ')], {
        allowFail: true,
        env,
      });
      return { code, stdout, stderr };
    };
  const [there, here] = [on(fileserver), on(backup)];
  const master = async ({ source, destination }: Pair) => [
    await propertyOf(fileserver, 'zrep:master', source),
    await propertyOf(backup, 'zrep:master', destination),
  ];
  const files = async (host: Host, dataset: string) =>
    (await host.script(`ls "$(zfs get -H -o value mountpoint ${dataset})"`)).stdout.trim().split('\n');
  const writable = async (host: Host, dataset: string) =>
    (await host.script(`touch "$(zfs get -H -o value mountpoint ${dataset})/touched"`, { allowFail: true }))
      .code === 0;
  let pairs = 0;
  const newPair = async (kibibytes = 16) => {
    pairs += 1;
    const pair = await makePair(lab, `p${pairs}`);
    await writeData(fileserver, pair.source, 'news', kibibytes);
    await wire();
    return pair;
  };

  t.test('failover says and does what stock does, and the pair goes on in the other direction', async (t) => {
    const pair = await newPair();
    const { source, destination } = pair;
    t.same(await there(`failover ${source}`), {
      code: 0,
      stdout: `Setting readonly on local ${source}, then syncing
sending ${source}@zrep_000001 to backup:${destination}
Reversing master properties for fileserver:${source}
Setting master on backup:${destination}
Setting master properties for backup:${destination}
`,
      stderr: '',
    });
    const asked = (await wire()).map((line) => line.replace(/=\d+ /, '=SENT '));
    t.same(asked, [
      `zfs get -H -o value -s local zrep:master ${destination}`,
      ` zfs recv   ${destination}`,
      `zfs get -Hp -o name,value guid ${destination}@zrep_000001`,
      `zfs set zrep:sent=SENT ${destination}@zrep_000001`,
      `zrep takeover -L ${destination}`,
    ]);
    t.same(await master(pair), ['-', 'yes']);
    for (const [host, dataset] of [
      [fileserver, source],
      [backup, destination],
    ] as const) {
      const names = ['src-fs', 'src-host', 'dest-fs', 'dest-host', 'lock-pid'];
      const values = await Promise.all(names.map((name) => propertyOf(host, `zrep:${name}`, dataset)));
      t.same(values, [destination, 'backup', source, 'fileserver', '-']);
    }
    t.same([await writable(fileserver, source), await writable(backup, destination)], [false, true]);

    await letIn(backup, fileserver);
    const synced = await here(`sync ${destination}`);
    t.equal(synced.code, 0, 'the copy is now the source', { said: synced.stderr });
    t.ok((await files(fileserver, source)).includes('touched'));
    const back = await there(`takeover ${source}`);
    t.match(back, {
      code: 0,
      stdout: /^Starting failover from remote side backup\nSetting readonly on local /,
    });
    t.match(back.stdout, new RegExp(`\nSetting master properties for fileserver:${source}\n$`));
    t.same(await master(pair), ['yes', '-']);
    t.same([await writable(fileserver, source), await writable(backup, destination)], [true, false]);
    t.same(await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source));
  });

  t.test('FS@SNAP goes back on both sides; whoever is asked answers on the terminal (bug 14)', async (t) => {
    const pair = await newPair();
    const { source, destination } = pair;
    await there(`sync ${source}`);
    t.same((await files(backup, destination)).sort(), ['first', 'news']);
    const script = `printf '%s\\n' "$1" | script -qec "zrep failover ${source}@zrep_000000" /dev/null`;
    const typed = (answer: string) =>
      fileserver.run(['bash', '-c', script, 'bash', answer], { allowFail: true });
    const no = await typed('no');
    t.match(no.stdout, `${source} would go back to zrep_000000, and lose:\r\n  ${source}@zrep_000001, made `);
    t.match(no.stdout, `\r\n  on backup: ${destination}@zrep_000001, made `);
    t.match(no.stdout, 'nothing was done, since the answer was not yes');
    t.same(await master(pair), ['yes', '-']);
    const yes = await typed('yes');
    t.match(yes.stdout, `Rolling back backup to ${destination}@zrep_000000\r\n`);
    t.same(await master(pair), ['-', 'yes']);
    t.same(await files(backup, destination), ['first']);
    t.same(await files(fileserver, source), ['first']);
    const synced = await here(`sync ${destination}`);
    t.equal(synced.code, 0, 'and the pair goes on from there', { said: synced.stderr });
  });

  t.test('a copy that refuses leaves the master the master, and writable', async (t) => {
    const pair = await newPair();
    await trouble('*takeover*', 'echo "it cannot" >&2; exit 1');
    const { code, stderr } = await there(`failover ${pair.source}`);
    t.equal(code, 1);
    t.match(
      stderr,
      `Error: backup:${pair.destination} did not take over (it cannot): ${pair.source} is the master again`,
    );
    t.same(await master(pair), ['yes', '-']);
    t.ok(await writable(fileserver, pair.source));
    t.equal((await there(`failover ${pair.source}`)).code, 0, 'the same command does it when that is mended');
    t.same(await master(pair), ['-', 'yes']);
  });

  t.test(
    'where the connection breaks as the copy is to take over, it is said who is what, and the same command goes on',
    async (t) => {
      const pair = await newPair();
      await trouble('*takeover*', 'exit 255');
      const { code, stderr } = await there(`failover ${pair.source}`);
      t.equal(code, 1);
      t.match(
        stderr,
        `${pair.source} is not the master any more, and backup:${pair.destination} need not be it yet. The same command goes on`,
      );
      t.same(await master(pair), ['-', '-']);
      t.same(await there(`failover ${pair.source}`), {
        code: 0,
        stdout: `Setting master on backup:${pair.destination}\nSetting master properties for backup:${pair.destination}\n`,
        stderr: `neither ${pair.source} nor backup:${pair.destination} is the master: going on with a failover that was cut off\n`,
      });
      t.same(await master(pair), ['-', 'yes']);
    },
  );

  t.test(
    'a failover that is killed or interrupted in its last sync leaves the master, and the same command goes on',
    async (t) => {
      const pair = await newPair(2048);
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        await trouble('*zfs*recv*', 'sleep 1000');
        const running = fileserver.spawn(['zrep', 'failover', pair.source]);
        const ended = new Promise((resolve) => running.child.once('exit', resolve));
        await eventually(
          () => backup.run(['pgrep', '-x', 'sleep'], { allowFail: true }),
          ({ code }) => code === 0,
        );
        running.kill(signal);
        await ended;
        t.same(await master(pair), ['yes', '-'], signal);
        await backup.run(['pkill', '-x', 'sleep'], { allowFail: true });
        if (signal === 'SIGTERM') t.ok(await writable(fileserver, pair.source), 'and readonly is put back');
      }
      const again = await there(`failover ${pair.source}`);
      t.equal(again.code, 0, 'goes on', { said: again.stderr });
      t.same(await master(pair), ['-', 'yes']);
      t.same(
        [await writable(fileserver, pair.source), await writable(backup, pair.destination)],
        [false, true],
      );
    },
  );

  t.test('both masters at once are seen before anything is changed', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'zrep:master=yes', pair.destination]);
    const { code, stderr } = await there(`failover ${pair.source}`);
    t.equal(code, 1);
    t.match(stderr, 'is also master. Split brain detected');
    t.ok(await writable(fileserver, pair.source));
    t.match(await here(`takeover ${pair.destination}`), {
      code: 1,
      stderr: /is already master on this host\. .*failover -L FS\n$/,
    });
  });

  pulledPairs(t);

  /** No way into the backup server, and a gate on the fileserver; another key of the backup server's is for going back. */
  function pulledPairs(t: Test) {
    t.test('a pair that is pulled through the gate', async (t) => {
      await backup.script(': >/root/.ssh/authorized_keys');
      await fileserver.script(': >/root/.ssh/authorized_keys');
      await switchTo(fileserver, manifest.version, 'zrep-gate');
      const grant = `dataset = "${fileserver.pool}"\nsubtree = true\noperations = ["pull", "expire"]\n`;
      await installPolicy(fileserver, `[client.backup1]\n[[client.backup1.grant]]\n${grant}`);
      await letInAs(lab, 'backup1', 'root');
      const { name, publicKey } = await sshKey(backup, 'going-back');
      await authorize(fileserver, 'root', `command="/root/bin/account" ${publicKey}`);
      const direct = { SSH: `ssh -i /root/.ssh/${name} -o IdentitiesOnly=yes` };

      t.test('a failover that the other side cannot be reached for tells the steps that do it', async (t) => {
        const { source, destination } = await newPairHere();
        const refused = await there(`failover ${source}`);
        t.equal(refused.code, 1);
        t.match(
          refused.stderr,
          `here zfs set readonly=on ${source}; there zrep refresh ${destination}; here zrep failover -L ${source}; there zrep takeover -L ${destination}`,
        );
        t.ok(await writable(fileserver, source));
        const offered = await here(`takeover ${destination}`);
        t.equal(offered.code, 1);
        t.match(offered.stderr, /"failover" is not offered here/);
        t.match(offered.stderr, `zrep takeover -L ${destination}`);
      });

      t.test(
        'planned, in steps without any new way in; between them nothing can be pulled (bug 19)',
        async (t) => {
          const pair = await newPairHere();
          const { source, destination } = pair;
          await fileserver.run(['zfs', 'set', 'readonly=on', source]);
          t.equal((await here(`refresh ${destination}`)).code, 0);
          t.equal((await there(`failover -L -f ${source}`)).code, 0);
          t.match(await here(`refresh ${destination}`), { code: 1, stderr: /would refuse \(not-master\)/ });
          t.same(await here(`takeover -L ${destination}`), {
            code: 0,
            stdout: `Setting master properties for backup:${destination}\n`,
            stderr: '',
          });
          t.same(await master(pair), ['-', 'yes']);
          t.ok((await files(backup, destination)).includes('news'));
          t.match(await here(`refresh ${destination}`), {
            code: 1,
            stderr: /cant run refresh on a master mode fs/,
          });

          t.ok(await writable(backup, destination));
          const back = await here(`failover ${destination}`, direct);
          t.equal(back.code, 0, 'and back, with a key for that alone', { said: back.stderr });
          t.same(await master(pair), ['yes', '-']);
          t.ok((await files(fileserver, source)).includes('touched'));
          t.equal((await here(`refresh ${destination}`)).code, 0, 'which goes on as before');
        },
      );

      t.test(
        'a dead fileserver is taken over from without asking it, and steps down when it is back',
        async (t) => {
          const pair = await newPairHere();
          const { source, destination } = pair;
          t.equal((await here(`refresh ${destination}`)).code, 0);
          await writeData(fileserver, source, 'never-pulled', 16);
          const dead = { SSH: '/bin/false' };
          t.equal((await here(`takeover -L ${destination}`, dead)).code, 0);
          t.equal(
            (await here(`takeover -L ${destination}`, dead)).code,
            0,
            'and again, which changes nothing',
          );
          t.ok(await writable(backup, destination));

          const asked = await there(`failover -L ${source}`);
          t.equal(asked.code, 1);
          t.match(
            asked.stderr,
            `${source} would go back to zrep_000001, and lose:\n  changes in ${source} since @zrep_000001: `,
          );
          t.match(asked.stderr, `to do it: zrep failover -L -f ${source}\n`);
          t.same(await master(pair), ['yes', 'yes'], 'nothing was done');
          t.same(await there(`failover -L -f ${source}`), {
            code: 0,
            stdout: `Setting readonly on local ${source}, then syncing
Failover for ${source} in LOCAL mode
Rolling back to last sync ${source}@zrep_000001
Reversing master properties for fileserver:${source}
`,
            stderr: asked.stderr.replace(/^(?:nothing was done|.*to do it: ).*\n/m, ''),
          });
          t.same(await master(pair), ['-', 'yes']);
          const synced = await here(`sync ${destination}`, direct);
          t.equal(synced.code, 0, 'from now on it is the copy', { said: synced.stderr });
          t.same((await files(fileserver, source)).sort(), ['first', 'news', 'touched']);
        },
      );
    });
  }

  /** As newPair, whose wire there is none of any more. */
  async function newPairHere() {
    pairs += 1;
    const pair = await makePair(lab, `p${pairs}`);
    await writeData(fileserver, pair.source, 'news', 16);
    return pair;
  }

  t.test('changeconfig and clear, on real file systems', async (t) => {
    const { source, destination } = await newPairHere();
    t.same(await there(`changeconfig ${source} elsewhere pool/x`), { code: 0, stdout: '', stderr: '' });
    t.same(await here(`-C -d ${destination} elsewhere pool/x`), { code: 0, stdout: '', stderr: '' });
    t.equal(await propertyOf(fileserver, 'zrep:dest-host', source), 'elsewhere');
    t.equal(await propertyOf(backup, 'zrep:src-fs', destination), 'pool/x');

    await fileserver.run(['zfs', 'snapshot', `${source}@zrep_before-upgrade`]);
    const asked = await there(`clear ${source}`);
    t.match(asked, {
      code: 1,
      stderr: new RegExp(`  ${source}@zrep_000000\n.*zrep:master of ${source}`, 's'),
    });
    t.same(await there(`clear -f ${source}`), {
      code: 0,
      stdout: `WARNING: Removing all zrep configs and snapshots from ${source}
 (for TAG=zrep)
Destroying any zrep-related snapshots from ${source}
Removing zrep-related properties from ${source}
`,
      stderr: '',
    });
    const left = await fileserver.run(['zfs', 'get', '-H', '-o', 'property', '-s', 'local', 'all', source]);
    t.notMatch(left.stdout, /zrep:/);
    t.same(
      (await snapshotsOf(fileserver, source)).map(({ name }) => name),
      ['zrep_before-upgrade'],
    );
    t.ok((await files(fileserver, source)).includes('news'));
  });
});
