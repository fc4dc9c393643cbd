/** Refreshes and first streams that do not come to their end, and what the next run makes of them. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import {
  CUTTING_SSH,
  cutNext,
  installCuttingSsh,
  SHARED_CUTTING_SSH,
  STALLING,
  stallNext,
} from '../fixtures/system/cutting-ssh.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { propertyOf, receive } from '../fixtures/system/partial.ts';

const POLICY = homePolicy('["pull", "expire", "init"]');
/** More than zfs needs to begin, less than all. */
const CUT = 1_000_000;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await installCuttingSsh(backup);
  await gate.share();
  for (const [host, root] of [
    [fileserver, tank],
    [backup, vault],
  ] as const)
    await host.run(['zfs', 'create', '-p', `${root}/home`]);
  const zrep = (...words: string[]) =>
    backup.run(['zrep', ...words], { allowFail: true, env: SHARED_CUTTING_SSH });
  const needing = await testsNeeding(t, backup, ['resume']);
  const same = async (t: Test, source: string, destination: string) => {
    t.same(await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source));
    t.equal(await propertyOf(backup, 'zrep:lock-pid', destination), '-');
    t.equal(await propertyOf(fileserver, 'zrep:lock-pid', source), '-');
  };

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    t.test(`${signal} ends a refresh, which lets go of its lock`, async (t) => {
      const pair = await makePair(gate, `home/${signal.toLowerCase()}`);
      await backup.run(['rm', '-f', STALLING]);
      await stallNext(backup);
      const { child, kill } = backup.spawn(['zrep', 'refresh', pair.destination], { env: CUTTING_SSH });
      const stalling = () => backup.run(['test', '-e', STALLING], { allowFail: true });
      await eventually(stalling, ({ code }) => code === 0);
      t.not(await propertyOf(backup, 'zrep:lock-pid', pair.destination), '-', 'it was locked');
      const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
      kill(signal);
      t.equal(await ended, { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
      t.equal(await propertyOf(backup, 'zrep:lock-pid', pair.destination), '-');
      t.equal((await backup.script('ls -d /tmp/zrep-* 2>/dev/null || true')).stdout, '');
      t.equal((await zrep('refresh', pair.destination)).code, 0);
      await same(t, pair.source, pair.destination);
    });
  }

  t.test('what a refresh left that was killed is ended and removed by the next one', async (t) => {
    const pair = await makePair(gate, 'home/killed');
    await backup.run(['rm', '-f', STALLING]);
    await stallNext(backup);
    const { child, kill } = backup.spawn(['zrep', 'refresh', pair.destination], { env: CUTTING_SSH });
    const stalling = () => backup.run(['test', '-e', STALLING], { allowFail: true });
    await eventually(stalling, ({ code }) => code === 0);
    const ended = new Promise((resolve) => child.on('exit', resolve));
    kill('SIGKILL');
    await ended;
    const left = () =>
      backup.script('ls -d /tmp/zrep-* 2>/dev/null || true; pgrep -f [C]ontrolPath=/tmp/zrep- || true');
    t.match((await left()).stdout, /^\/tmp\/zrep-.*\n\d+\n/, 'a folder, and the ssh of a connection');
    await eventually(
      () => zrep('refresh', pair.destination),
      ({ code }) => code === 0,
    );
    await same(t, pair.source, pair.destination);
    t.equal((await eventually(left, ({ stdout }) => stdout === '')).stdout, '');
  });

  const comesAgain = async (t: Test) => {
    const pair = await makePair(gate, 'home/cut', { savecount: 9 });
    await writeData(fileserver, pair.source, 'much', 4096);
    await cutNext(backup, CUT);
    const cut = await zrep('refresh', pair.destination);
    t.equal(cut.code, 1);
    t.match(cut.stderr, /^Error: Unforseen error pulling snapshot /m);
    const again = await zrep('refresh', pair.destination);
    t.equal(again.code, 0, 'done', { said: again.stderr });
    t.same((await snapshotNames(backup, pair.destination)).at(-1), 'zrep_000002');
    t.same(
      (await snapshotsOf(backup, pair.destination)).map(({ guid }) => guid),
      (await snapshotsOf(fileserver, pair.source)).map(({ guid }) => guid),
    );
  };
  // Where zfs can resume, the next test has all of this.
  if (gate.zfs === 'zfs-fuse') t.test('a stream that was cut off comes with the next refresh', comesAgain);

  needing(
    ['resume'],
    'what had come of a stream is not sent again, and the snapshot that it is of is marked',
    async (t) => {
      const pair = await makePair(gate, 'home/resumed', { savecount: 9 });
      await writeData(fileserver, pair.source, 'much', 4096);
      await cutNext(backup, CUT);
      const cut = await zrep('refresh', pair.destination);
      t.match(cut, { code: 1, stderr: /^Error: Unforseen error pulling snapshot /m });
      t.not(await propertyOf(backup, 'receive_resume_token', pair.destination), '-', 'there is a token');
      const { code, stderr } = await zrep('refresh', pair.destination);
      t.equal(code, 0, 'done', { said: stderr });
      t.equal(stderr, '');
      const there = await snapshotsOf(fileserver, pair.source);
      t.same(
        there.map(({ name }) => name),
        ['zrep_000000', 'zrep_000001', 'zrep_000002'],
      );
      t.ok(
        there.every(({ sent }) => /^\d+$/.test(sent)),
        'each is marked',
        { said: there },
      );
      await same(t, pair.source, pair.destination);
    },
  );

  needing(['resume'], 'a token whose snapshot is gone is thrown away, and that is said', async (t) => {
    const pair = await makePair(gate, 'home/gone', { savecount: 9 });
    await writeData(fileserver, pair.source, 'much', 4096);
    await cutNext(backup, CUT);
    await zrep('refresh', pair.destination);
    await fileserver.run(['zfs', 'destroy', `${pair.source}@zrep_000001`]);
    const { code, stderr } = await zrep('refresh', pair.destination);
    t.equal(code, 0, 'done', { said: stderr });
    t.match(
      stderr,
      /an interrupted stream cannot be resumed \(fileserver cannot resume it\)\. What it left is discarded/,
    );
    await same(t, pair.source, pair.destination);
  });

  needing(
    ['resume'],
    'a snapshot that another tool makes on the copy meanwhile costs what had come, and no more than that',
    async (t) => {
      for (const there of ['stays', 'is destroyed after somebody tried']) {
        const pair = await makePair(gate, `home/other-tool-${there.length}`, { savecount: 9 });
        await writeData(fileserver, pair.source, 'much', 4096);
        await cutNext(backup, CUT);
        await zrep('refresh', pair.destination);
        const foreign = `${pair.destination}@zfs-auto-snap_hourly`;
        await backup.run(['zfs', 'snapshot', foreign]);
        if (there !== 'stays') {
          const token = await propertyOf(backup, 'receive_resume_token', pair.destination);
          const again = await receive(gate, `zrep  _refreshpull ${pair.source}@zrep_000001 ${token} `, [
            '-s',
            pair.destination,
          ]);
          t.not(again.code, 0, 'zfs cannot resume it');
          await backup.run(['zfs', 'destroy', foreign]);
        }
        const { code, stderr } = await zrep('refresh', pair.destination);
        t.equal(code, 0, there, { said: stderr });
        if (there === 'stays') t.match(stderr, `${foreign} was made on this host since`);
        t.match(stderr, /^(?:[^\n]*discarded[^\n]*\n)?$/, 'one line at most');
        t.same(
          (await snapshotNames(backup, pair.destination)).filter((name) => name.startsWith('zrep_')),
          await snapshotNames(fileserver, pair.source),
        );
        t.equal((await zrep('refresh', pair.destination)).code, 0, 'and again');
      }
    },
  );

  t.test('zrep init --pull sets up a pair that can be refreshed', async (t) => {
    const [source, destination] = [`${tank}/home/new`, `${vault}/home/new`];
    await fileserver.run(['zfs', 'create', source]);
    await writeData(fileserver, source, 'first', 64);
    const plan = await zrep('init', '--pull', '--dry-run', `fileserver:${source}`, destination);
    t.match(plan.stdout, /^On fileserver, by ssh:\n {2}zrep _init [\s\S]*Nothing was done\.\n$/);
    t.same(await snapshotNames(fileserver, source), [], 'nothing was done');
    const { code, stderr } = await zrep('init', '--pull', `fileserver:${source}`, destination);
    t.same([code, stderr], [0, '']);
    t.equal((await zrep('refresh', destination)).code, 0);
    await same(t, source, destination);
    const again = await zrep('init', '--pull', `fileserver:${source}`, destination);
    t.equal(again.code, 1);
    t.match(again.stderr, /is set up already: zrep refresh/);
  });

  t.test('what came whole and was marked there alone is marked here by the same command', async (t) => {
    const [source, destination] = [`${tank}/home/halfway`, `${vault}/home/halfway`];
    await fileserver.run(['zfs', 'create', source]);
    t.equal((await zrep('init', '--pull', `fileserver:${source}`, destination)).code, 0);
    await backup.run(['zfs', 'inherit', 'zrep:sent', `${destination}@zrep_000000`]);
    const again = await zrep('init', '--pull', `fileserver:${source}`, destination);
    t.same([again.code, again.stderr], [0, '']);
    await same(t, source, destination);
  });

  t.test('where something else is in the way, nothing is touched', async (t) => {
    const [source, destination] = [`${tank}/home/other`, `${vault}/home/there`];
    await fileserver.run(['zfs', 'create', source]);
    await backup.run(['zfs', 'create', destination]);
    const { code, stderr } = await zrep('init', '--pull', `fileserver:${source}`, destination);
    t.equal(code, 1);
    t.match(
      stderr,
      /exists already, and was not begun by this command\. Nothing was done\. .* zfs rename \S+ \S+_old\n$/,
    );
    t.same(await snapshotNames(fileserver, source), [], 'nor there');
    await backup.run(['zfs', 'create', `${destination}/below`]);
    const forced = await zrep('init', '--pull', '-f', `fileserver:${source}`, destination);
    t.equal(forced.code, 1);
    t.match(
      forced.stderr,
      `${destination} has ${destination}/below, which -f does not destroy. Nothing was done.`,
    );
    t.same(await snapshotNames(fileserver, source), [], 'nor there, with -f');
  });

  needing(['resume'], 'a first stream that was cut off goes on with the same command', async (t) => {
    const [source, destination] = [`${tank}/home/long`, `${vault}/home/long`];
    await fileserver.run(['zfs', 'create', source]);
    await writeData(fileserver, source, 'much', 4096);
    await cutNext(backup, CUT);
    const cut = await zrep('init', '--pull', `fileserver:${source}`, destination);
    t.equal(cut.code, 1);
    t.match(cut.stderr, /the same command goes on/);
    const refreshed = await zrep('refresh', destination);
    t.equal(refreshed.code, 1);
    t.match(refreshed.stderr, /to complete it: zrep init --pull fileserver:/);
    const { code, stdout, stderr } = await zrep('init', '--pull', `fileserver:${source}`, destination);
    t.equal(code, 0, 'done', { said: stderr });
    t.match(stdout, /^Resuming the first stream /m);
    t.equal(await propertyOf(backup, 'readonly', destination), 'on');
    t.equal((await zrep('refresh', destination)).code, 0);
    await same(t, source, destination);
  });
});
