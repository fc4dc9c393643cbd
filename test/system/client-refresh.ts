/** `zrep refresh` on the backup server, through the gate. */

import t, { type Test } from 'tap';
import type { Host } from '../../lab/host.ts';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { startSleeper } from '../fixtures/system/sleeper.ts';

const POLICY = homePolicy('["pull", "expire"]');

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  const zrep = (...words: string[]) => backup.run(['zrep', ...words], { allowFail: true });
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  let pairs = 0;
  const newPair = () => {
    pairs += 1;
    return makePair(gate, `home/p${pairs}`, { savecount: 2 });
  };

  t.test(
    'a refresh brings what is new, marks it on both sides, expires on both, and says what stock says',
    async (t) => {
      const pair = await newPair();
      for (let round = 1; round <= 3; round += 1) {
        await writeData(fileserver, pair.source, `round${round}`, 64);
        const { code, stdout, stderr } = await zrep('refresh', pair.destination);
        t.same(
          { code, stdout, stderr },
          { code: 0, stdout: `Expiring zrep snaps on ${pair.source}\n`, stderr: '' },
        );
      }
      const there = await snapshotsOf(fileserver, pair.source);
      t.same(await snapshotsOf(backup, pair.destination), there);
      t.same(
        there.map(({ name }) => name),
        ['zrep_000002', 'zrep_000003'],
      );
      t.ok(
        there.every(({ sent }) => /^\d+$/.test(sent)),
        'all are marked',
      );
      await nothingHeld(t, gate.fileserver, backup, pair);
    },
  );

  t.test('where ssh reads no standard input of ours, a refresh goes without a session', async (t) => {
    const pair = await newPair();
    for (const SSH of ['ssh -n', 'ssh -o StdinNull=yes', '/root/no-input']) {
      await backup.script(
        `printf '#!/bin/sh\\nexec ssh "$@" </dev/null\\n' >/root/no-input; chmod +x /root/no-input`,
      );
      await writeData(fileserver, pair.source, 'news', 64);
      const ended = await backup.run(['zrep', 'refresh', pair.destination], {
        allowFail: true,
        env: { SSH },
      });
      t.match(ended, { code: 0, stderr: '' }, SSH);
    }
    t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
  });

  t.test('what the system refuses is named, with a command that helps, and no stack', async (t) => {
    const pair = await newPair();
    const refused = async (env: Record<string, string>) => {
      const ended = await backup.run(['zrep', 'refresh', pair.destination], { allowFail: true, env });
      t.equal(ended.code, 1);
      t.notMatch(ended.stderr, / at |itself/);
      return ended.stderr;
    };
    t.match(
      await refused({ ZREP_RUNDIR: '/run/nowhere' }),
      /^Error: cannot open \/run\/nowhere\/zrep\.lock\S*: .*\(ENOENT\); make its folder: install -d -m 755 \/run\/nowhere\n$/,
    );
    const onTmp = async (options: string) => {
      await backup.run(['mount', '-t', 'tmpfs', '-o', options, 'none', '/tmp']);
      const said = await refused({});
      await backup.run(['umount', '/tmp']);
      return said;
    };
    t.match(
      await onTmp('ro'),
      /^Error: cannot make a folder \/tmp\/\S+: .*\(EROFS\); .*: findmnt -T \/tmp\n$/m,
    );
    t.match(
      await onTmp('nr_inodes=1'),
      /^Error: cannot make a folder \/tmp\/\S+: .*\(ENOSPC\); .*: df -h \/tmp; df -i \/tmp\n$/m,
    );
    t.equal((await zrep('refresh', pair.destination)).code, 0);
  });

  t.test('of several that are refreshed one that fails holds up no other, and is counted', async (t) => {
    const [one, two] = [await newPair(), await newPair()];
    const { code, stdout, stderr } = await zrep('refresh', one.destination, `${vault}/home`, two.destination);
    t.equal(code, 1);
    t.match(stderr, new RegExp(`^Error: ${vault}/home is not the copy of anything`));
    t.match(stdout, /refresh: 2 of 3 file systems done, 1 FAILED\n$/);
    for (const { source } of [one, two])
      t.same(await snapshotNames(fileserver, source), ['zrep_000000', 'zrep_000001']);
  });

  t.test('all are those that are the copy of another', async (t) => {
    await backup.run(['zfs', 'create', `${vault}/home/plain`]);
    const { code, stdout } = await zrep('refresh', 'all');
    t.equal(code, 0);
    t.match(stdout, new RegExp(`refresh: ${pairs} of ${pairs} file systems done\n$`));
  });

  t.test('a completion that was lost is made good by the next refresh', async (t) => {
    const pair = await newPair();
    await writeData(fileserver, pair.source, 'news', 64);
    const name = (await gate.ask(`zrep snaponly ${pair.source}`)).stdout;
    const script = `ssh fileserver "zrep  _refreshpull ${name}  " | zfs receive ${pair.destination}`;
    await backup.script(script);
    const { code, stderr } = await zrep('refresh', pair.destination);
    t.equal(code, 0, 'done', { said: stderr });
    t.match(stderr, /had been received before; now both sides have it marked as sent/);
    t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
  });

  t.test('what cannot be refreshed is told with what mends it', async (t) => {
    const missing = await zrep('refresh', `${vault}/nosuch`);
    t.equal(missing.code, 1);
    t.match(missing.stderr, /nosuch does not exist; to set a pair up: zrep init --pull HOST:SOURCE/);
    const none = await zrep('refresh');
    t.same([none.code, none.stderr], [1, 'Error: no filesystems specified for refresh\n']);
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'zrep:master=yes', pair.destination]);
    const master = await zrep('refresh', pair.destination);
    // Behind stock's words, where it is a copy as well.
    const words = `Error: Sorry, you cant run refresh on a master mode fs ${pair.destination}. By its other properties it is a copy: zrep doctor `;
    t.ok(master.stderr.startsWith(words), master.stderr);
    t.equal(master.code, 1);
  });

  t.test('a copy that was changed is told of, and -f gives the changes up', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'readonly=off', pair.destination]);
    await writeData(backup, pair.destination, 'change', 64);
    const refused = await zrep('refresh', pair.destination);
    t.equal(refused.code, 1);
    t.match(refused.stderr, new RegExp(`zrep refresh -f ${pair.destination}`));
    const forced = await zrep('refresh', '-f', pair.destination);
    t.equal(forced.code, 0, 'done', { said: forced.stderr });
    t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
  });

  t.test('a file system that another zrep is at work on is left alone', async (t) => {
    const pair = await newPair();
    const pid = await startSleeper(backup);
    await backup.run(['zfs', 'set', `zrep:lock-pid=${pid}`, pair.destination]);
    const { code, stderr } = await zrep('refresh', pair.destination);
    t.equal(code, 1);
    t.match(stderr, new RegExp(`^Error: Cannot lock ${pair.destination}. Cannot continue`));
    t.same(await snapshotNames(fileserver, pair.source), ['zrep_000000'], 'no snapshot was made');
  });

  t.test('a host that is not there is one sentence', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'zrep:src-host=nosuch.invalid', pair.destination]);
    const { code, stderr } = await zrep('refresh', pair.destination);
    t.equal(code, 1);
    t.match(stderr, /^Error: cannot connect to nosuch\.invalid: ssh: /);
  });
});

/** No lock, no connection and no folder of a run is left. */
async function nothingHeld(t: Test, fileserver: Host, backup: Host, pair: Pair): Promise<void> {
  t.equal(await propertyOf(fileserver, 'zrep:lock-pid', pair.source), '-');
  t.equal(await propertyOf(backup, 'zrep:lock-pid', pair.destination), '-');
  const left = await backup.script('ls -d /tmp/zrep-* /var/run/zrep.lock* 2>/dev/null || true');
  t.equal(left.stdout, '');
}
