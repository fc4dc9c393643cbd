/** What a refresh says of itself: how much came, what failed and why, and what is left out. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { zfsKind } from '../../lab/zfs.ts';
import { eventually } from '../fixtures/eventually.ts';
import { BREAKING_ZFS, breakNext, installBreakingZfs } from '../fixtures/system/breaking-zfs.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { insist } from '../fixtures/system/insist.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { startSleeper } from '../fixtures/system/sleeper.ts';
import { whileWaiting } from '../fixtures/system/waiting.ts';

const POLICY = `zfs = "${BREAKING_ZFS}"${homePolicy('["pull", "expire"]')}`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, vault } = gate;
  await installBreakingZfs(fileserver);
  await provideBuild(backup, { program: 'zrep' });
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  const zrep = (...words: string[]) => backup.run(['zrep', ...words], { allowFail: true });
  let pairs = 0;
  const newPair = () => {
    pairs += 1;
    return makePair(gate, `home/p${pairs}`, { savecount: 3 });
  };

  t.test('on a terminal a refresh ends with how much came, how fast, and since when', async (t) => {
    const { source, destination } = await newPair();
    await writeData(fileserver, source, 'news', 4096);
    const words = `stty cols 100; exec zrep refresh ${destination}`;
    const { code, stdout } = await backup.run(['script', '-qec', words, '/dev/null'], { allowFail: true });
    t.equal(code, 0, 'done', { said: stdout });
    const line = new RegExp(
      `${destination}: ([\\d.]+) MiB in [\\d.]+ s \\([\\d.]+ [KM]iB/s\\) since @zrep_000000\r?\n$`,
    );
    t.match(stdout, line);
    const amount = Number(line.exec(stdout)?.[1]);
    t.ok(amount >= 4 && amount < 5, `${amount} MiB`);
  });

  t.test('a program is told the same, and cron nothing', async (t) => {
    const { source, destination } = await newPair();
    await writeData(fileserver, source, 'news', 4096);
    const { stdout } = await zrep('refresh', '--json', destination);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const refreshed = events.find(({ event }) => event === 'refreshed');
    t.match(refreshed, { dataset: destination, seconds: Number, base: 'zrep_000000' });
    t.ok(refreshed.bytes >= 4 << 20 && refreshed.bytes < 5 << 20, `${refreshed.bytes} bytes`);
    const quiet = await zrep('refresh', destination);
    t.same([quiet.code, quiet.stderr], [0, '']);
  });

  t.test('of several, each that failed is named at the end, and all names what it leaves out', async (t) => {
    const [one, two] = [await newPair(), await newPair()];
    const pid = await startSleeper(backup);
    await backup.run(['zfs', 'set', `zrep:lock-pid=${pid}`, one.destination]);
    await backup.run(['zfs', 'create', `${vault}/home/other`]);
    for (const [name, value] of Object.entries({
      'src-fs': two.source,
      'src-host': 'fileserver',
      'dest-fs': two.destination,
      'dest-host': 'backup',
    }))
      await backup.run(['zfs', 'set', `zrep:${name}=${value}`, `${vault}/home/other`]);
    const { code, stdout, stderr } = await zrep('refresh', 'all');
    t.equal(code, 1);
    t.match(stdout, new RegExp(`refresh: ${pairs - 1} of ${pairs} file systems done, 1 FAILED\n$`));
    t.same(stderr.split('\n').slice(-3, -1), [
      `FAILED ${one.destination}: Cannot lock ${one.destination}. Cannot continue (another zrep is at work on it)`,
      `LEFT OUT ${vault}/home/other: zrep:dest-fs says that it is ${two.destination}, which is another file system here. For what to do: zrep doctor ${vault}/home/other`,
    ]);
    await backup.run(['zfs', 'inherit', 'zrep:lock-pid', one.destination]);
    await insist(backup, ['zfs', 'destroy', `${vault}/home/other`]);
  });

  t.test('with --wait a busy lock, here and there, is waited for', async (t) => {
    const { source, destination } = await newPair();
    for (const [host, dataset] of [
      [backup, destination],
      [fileserver, source],
    ] as const) {
      const pid = await startSleeper(host);
      await host.run(['zfs', 'set', `zrep:lock-pid=${pid}`, dataset]);
      const refused = await zrep('refresh', '--wait', '1s', destination);
      t.equal(refused.code, 1, dataset);
      t.match(refused.stderr, /locked by another zrep|another zrep is at work on it/);
      t.equal(refused.stderr.match(/locked by another zrep/g)?.length ?? 1, 1, 'it is told once');
      const waiting = backup.run(['zrep', 'refresh', destination], {
        allowFail: true,
        env: { ZREP_WAIT: '5min' },
      });
      const locker = host.script(`kill ${pid}`);
      t.same([(await waiting).code, (await waiting).stderr], [0, ''], dataset);
      await locker;
    }
    t.same(await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source));
  });

  t.test('with --wait a limit on streams is waited for', async (t) => {
    const { source, destination } = await newPair();
    await gate.policy(POLICY.replace('[limits]', '[limits]\nstreams = 1'));
    const other = await newPair();
    await writeData(fileserver, other.source, 'much', 16384);
    const name = (await gate.ask(`zrep snaponly ${other.source}`)).stdout;
    const slowly = 'head -c 1 >/dev/null; : >begun; until [ -e go-on ]; do sleep 0.1; done; cat >/dev/null';
    const streaming = backup.script(
      `cd /run/lab; ssh fileserver "zrep _refreshpull ${name}" | { ${slowly}; }`,
    );
    await eventually(
      () => backup.run(['test', '-e', '/run/lab/begun'], { allowFail: true }),
      ({ code }) => code === 0,
    );
    t.match(await zrep('refresh', destination), { code: 1, stderr: /refused \(too-many-streams\)/ });
    const refusals = () => fileserver.script("grep -c 'too-many-streams' /var/log/auth.log || true");
    const before = Number((await refusals()).stdout);
    const { code, said } = await whileWaiting(backup, `refresh --wait 5min ${destination}`, async () => {
      // By then it has waited for two seconds, and begins to wait for three more.
      await eventually(refusals, ({ stdout }) => Number(stdout) >= before + 3);
      await backup.writeFile('/run/lab/go-on', '');
      await streaming;
    });
    t.equal(code, 0, 'done', { said });
    const seconds = Number(/ in ([\d.]+) s/.exec(said)?.[1]);
    t.ok(seconds < 5, `the stream itself took ${seconds} s`);
    t.equal(
      (await snapshotsOf(backup, destination)).at(-1)?.guid,
      (await snapshotsOf(fileserver, source)).at(-1)?.guid,
    );
    await gate.policy(POLICY);
  });

  t.test('clocks that differ are told of, and marks do not go back', async (t) => {
    const { source, destination } = await newPair();
    const shift = '/root/shift-clock.cjs';
    await backup.writeFile(shift, 'const now = Date.now; Date.now = () => now() + 7200_000;');
    // The way into zrep lets no NODE_OPTIONS through.
    const ahead = await backup.script(
      `node --require ${shift} "$(readlink -f "$(command -v zrep)")" refresh ${destination}`,
      { allowFail: true },
    );
    t.equal(ahead.code, 0, 'done', { said: ahead.stderr });
    t.match(
      ahead.stderr,
      /^WARNING: the clock of fileserver is (?:2h|1h 59min) behind this host's\. [^\n]*\n$/,
    );
    const right = await zrep('refresh', destination);
    t.same([right.code, right.stderr], [0, '']);
    const marks = (await snapshotsOf(backup, destination)).map(({ sent }) => sent);
    t.equal(marks.at(-1), marks.at(-2), 'the newest mark that both have');
    t.same(await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source));
  });

  t.test('a clone of an old snapshot on the copy is a note, and no failure', async (t) => {
    const { source, destination } = await newPair();
    await backup.run(['zfs', 'clone', `${destination}@zrep_000000`, `${vault}/home/clone`]);
    for (let round = 0; round < 2; round += 1) await zrep('refresh', destination);
    const { code, stderr } = await zrep('refresh', destination);
    t.equal(code, 0);
    t.equal(
      stderr,
      `NOTE: ${destination}@zrep_000000 is not expired, since ${vault}/home/clone is a clone of it\n`,
    );
    await insist(backup, ['zfs', 'destroy', `${vault}/home/clone`]);
    await zrep('refresh', destination);
    t.same(await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source));
  });

  t.test('a connection that is lost in a stream is called that, and the next refresh resumes', async (t) => {
    const { source, destination } = await newPair();
    await writeData(fileserver, source, 'much', 16384);
    await breakNext(fileserver, 6_000_000);
    const { code, stderr } = await zrep('refresh', destination);
    t.equal(code, 1);
    const resumes = zfsKind() === 'kernel';
    const [after, next] = resumes ? [' after [\\d.]+ MiB', 'resumes the stream'] : ['', 'sends it anew'];
    t.match(
      stderr,
      new RegExp(
        `connection to fileserver lost${after} \\(.*(?:closed by remote host|reset by peer).*\\); the next refresh ${next}\n`,
      ),
    );
    t.notMatch(stderr, /invalid backup stream|incomplete stream/);
    if (resumes) t.not(await propertyOf(backup, 'receive_resume_token', destination), '-');
    await eventually(
      () => propertyOf(fileserver, 'zrep:lock-pid', source),
      (pid) => pid === '-',
    );
    const again = await zrep('refresh', destination);
    t.equal(again.code, 0, 'done', { said: again.stderr });
  });
});
