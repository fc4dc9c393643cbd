/** `zrep sync` and what belongs to it: the fileserver pushes, by plain ssh, with stock's words, to a backup server. */

import t from 'tap';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { inPushLab, names, pairMaker, theSame } from '../fixtures/system/push-lab.ts';
import { startSleeper } from '../fixtures/system/sleeper.ts';

await inPushLab(t, async (lab) => {
  const { fileserver, backup, zrep, wire, trouble } = lab;
  const newPair = await pairMaker(lab);
  const needing = await testsNeeding(t, backup, ['resume']);
  const change = ({ source }: Pair, file = 'news') => writeData(fileserver, source, file, 64);

  t.test('a sync says what stock says, here and on the wire, and leaves both sides the same', async (t) => {
    const pair = await newPair();
    const { source, destination } = pair;
    for (let round = 1; round <= 3; round += 1) {
      await change(pair, `round${round}`);
      const snapshot = `zrep_00000${round}`;
      const { code, stdout, stderr } = await zrep(['sync', source]);
      t.same({ code, stderr }, { code: 0, stderr: '' });
      t.equal(
        stdout,
        `sending ${source}@${snapshot} to backup:${destination}
Expiring zrep snaps on ${source}
Also running expire on backup:${destination} now...
Expiring zrep snaps on ${destination}
`,
      );
      const { sent } = (await snapshotsOf(backup, destination)).at(-1) ?? {};
      t.same(await wire(), [
        `zfs get -H -o value -s local zrep:master ${destination}`,
        ` zfs recv   ${destination}`,
        `zfs get -Hp -o name,value guid ${destination}@${snapshot}`,
        `zfs set zrep:sent=${sent} ${destination}@${snapshot}`,
        `zfs get -H -o value -s local zrep:master ${destination}`,
        `zrep expire ${destination}`,
      ]);
    }
    await theSame(t, lab, pair, ['zrep_000002', 'zrep_000003']);
  });

  t.test('with a tag, filters and -f', async (t) => {
    const pair = await newPair({ tag: 'off' });
    const { source, destination } = pair;
    await change(pair);
    const env = { ZREP_OUTFILTER: 'gzip -c', ZREP_INFILTER: 'gzip -dc' };
    const { code, stderr } = await zrep(['-t', 'off', '-S', '-f', source], { env });
    t.equal(code, 0, 'done', { said: stderr });
    const asked = await wire();
    const stream = asked.indexOf(`gzip -dc | zfs recv  -F ${destination}`);
    t.match(asked[1], /^zfs get .*,written,clones,/, 'what would go is looked at first');
    t.match(asked[stream - 1], /^zfs get .* guid,createtxg,/, 'and that is all');
    t.equal(asked.at(-1), `zrep -t off expire ${destination}`);
    await theSame(t, lab, pair, ['off_000000', 'off_000001']);
  });

  t.test('snaponly, then synconly; what was sent already is not sent again', async (t) => {
    const pair = await newPair();
    await change(pair);
    await zrep(['snaponly', pair.source]);
    const { code, stdout } = await zrep(['synconly', pair.source]);
    t.equal(code, 0);
    t.match(stdout, /^sending \S+@zrep_000001 to \S+\nAlso running expire on /);
    const asked = await wire();
    t.equal(asked[1], ` zfs recv   ${pair.destination}`, 'nothing is asked besides before it');
    t.equal(asked[2], `zfs get -Hp -o name,value guid ${pair.destination}@zrep_000001`);
    t.match((await zrep(['synconly', pair.source])).stdout, /@zrep_000001 already sent\n/);
    await theSame(t, lab, pair, ['zrep_000000', 'zrep_000001']);
  });

  t.test('bug 19: where the other side is a master, too, nothing is made or sent', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'zrep:master=yes', pair.destination]);
    const { code, stderr } = await zrep(['sync', pair.source]);
    t.same(
      { code, stderr },
      {
        code: 1,
        stderr: `Error: Other side (backup:${pair.destination}) is also master. Split brain detected\n`,
      },
    );
    t.same(await names(lab, pair), [['zrep_000000'], ['zrep_000000']]);
    t.match((await zrep(['expire', pair.source])).stderr, /also marked as master\.\nError: .*Split brain/);
  });

  t.test('a copy that was changed is told of, and -f gives the changes up', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'readonly=off', pair.destination]);
    await writeData(backup, pair.destination, 'change', 64);
    await change(pair);
    const refused = await zrep(['sync', pair.source]);
    t.equal(refused.code, 1);
    t.match(refused.stderr, new RegExp(`to give those changes up: zrep sync -f ${pair.source}`));
    const forced = await zrep(['sync', '-f', pair.source]);
    t.equal(forced.code, 0, 'done', { said: forced.stderr });
  });

  t.test('where -f would destroy snapshots there, it stops and lists them; --yes lets them go', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'readonly=off', pair.destination]);
    await writeData(backup, pair.destination, 'change', 64);
    await backup.run(['zfs', 'snapshot', `${pair.destination}@by-hand`]);
    const before = await names(lab, pair);
    const stopped = await zrep(['sync', '-f', pair.source]);
    t.equal(stopped.code, 1);
    t.match(stopped.stderr, `  ${pair.destination}@by-hand, made 20`);
    t.match(stopped.stderr, `to do it: zrep sync -f --yes ${pair.source}\n`);
    t.same(await names(lab, pair), before, 'nothing was made or destroyed');
    const other = `${pair.destination}@off_000001`;
    await backup.run(['zfs', 'snapshot', other]);
    const kept = await zrep(['sync', '-f', '--yes', pair.source]);
    t.equal(kept.code, 1);
    t.match(kept.stderr, `because other streams or people need: ${other} (of the tag off`);
    await backup.run(['zfs', 'destroy', other]);
    const done = await zrep(['sync', '-f', '--yes', pair.source]);
    t.equal(done.code, 0, 'done', { said: done.stderr });
    await theSame(t, lab, pair, ['zrep_000000', 'zrep_000001']);
  });

  t.test('one that is locked holds up no other, and -q passes over it', async (t) => {
    const [busy, free] = [await newPair(), await newPair()];
    const pid = await startSleeper(fileserver);
    await fileserver.run(['zfs', 'set', `zrep:lock-pid=${pid}`, busy.source]);
    const { code, stderr } = await zrep(['sync', busy.source, free.source]);
    t.equal(code, 1);
    t.match(stderr, new RegExp(`^Error: Cannot lock ${busy.source}. Cannot continue`));
    t.match(stderr, /^sync: 1 of 2 file systems FAILED$/m);
    await theSame(t, lab, free, ['zrep_000000', 'zrep_000001']);
    const quiet = await zrep(['sync', '-q', '600', busy.source]);
    t.equal(quiet.code, 0);
    t.match(quiet.stdout, new RegExp(`^Quiet mode: skipping busy fs ${busy.source} at \\w{3} \\w{3} `));
    await fileserver.run(['zfs', 'set', 'zrep:sent=1', `${busy.source}@zrep_000000`]);
    const long = await zrep(['sync', '-q', '600', busy.source]);
    t.same(
      [long.code, long.stderr],
      [1, `Error: quiet time limit of 600 seconds exceeded for busy fs ${busy.source}\n`],
    );
  });

  t.test('SIGTERM ends a sync, which lets go of its lock; the next one goes on', async (t) => {
    const pair = await newPair();
    await change(pair);
    await trouble('*"zfs recv"*', ': >/run/lab/stalling; sleep 100; exit 1');
    const { child, kill } = fileserver.spawn(['zrep', 'sync', pair.source]);
    const stalling = () => backup.run(['test', '-e', '/run/lab/stalling'], { allowFail: true });
    await eventually(stalling, ({ code }) => code === 0);
    t.not(await propertyOf(fileserver, 'zrep:lock-pid', pair.source), '-', 'it was locked');
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    kill('SIGTERM');
    t.equal(await ended, 143);
    t.equal(await propertyOf(fileserver, 'zrep:lock-pid', pair.source), '-');
    t.equal((await zrep(['sync', pair.source])).code, 0);
    t.same(await names(lab, pair), [
      ['zrep_000001', 'zrep_000002'],
      ['zrep_000001', 'zrep_000002'],
    ]);
  });

  t.test('--json says an event a line, and nothing else', async (t) => {
    const pair = await newPair();
    const { stdout } = await zrep(['sync', '--json', pair.source]);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.match(events, [
      { event: 'sync', dataset: pair.source },
      { event: 'snapshot', snapshot: `${pair.source}@zrep_000001` },
      { event: 'sent', snapshot: `${pair.source}@zrep_000001` },
      { event: 'synced', dataset: pair.source, base: 'zrep_000000' },
      { event: 'summary', done: 1, failed: 0 },
    ]);
  });

  t.test('a pair on one host needs no ssh, and no filters', async (t) => {
    const source = `${fileserver.pool}/home/here`;
    const copy = `${fileserver.pool}/home/there`;
    await fileserver.script(`
      zfs create ${source}; zfs snapshot ${source}@zrep_000000
      zfs send ${source}@zrep_000000 | zfs recv ${copy}
      for one in src-fs=${source} src-host=fileserver dest-fs=${copy} dest-host=fileserver savecount=1; do
        zfs set zrep:$one ${source}; zfs set zrep:$one ${copy}
      done
      zfs set zrep:sent=1 ${source}@zrep_000000; zfs set zrep:master=yes ${source}`);
    const env = { ZREP_OUTFILTER: 'gzip -c', ZREP_INFILTER: 'gzip -dc' };
    const { code, stdout, stderr } = await zrep(['sync', source], { env });
    t.same({ code, stderr }, { code: 0, stderr: '' });
    t.match(stdout, `Expiring zrep snaps on ${copy}\n`);
    t.same(
      (await snapshotsOf(fileserver, copy)).map(({ name }) => name),
      ['zrep_000001'],
    );
  });

  t.test('-v says each command and what changes something here, -D everything', async (t) => {
    const pair = await newPair();
    const { source, destination } = pair;
    const verbose = (await zrep(['sync', '-v', source])).stderr;
    for (const line of [
      `+ ssh backup 'zfs get -H -o value -s local zrep:master ${destination}'`,
      `+ zfs snapshot ${source}@zrep_000001`,
      `+ zfs send -I ${source}@zrep_000000 ${source}@zrep_000001`,
      `+ ssh backup ' zfs recv   ${destination}'`,
    ])
      t.ok(verbose.split('\n').includes(line), line);
    t.notMatch(verbose, /^\+ zfs get|DEBUG/m);
    const debug = await zrep(['-D', 'sync', source]);
    t.match(debug.stderr, /^DEBUG: exit 0, \d+ ms: zfs get -Hp/m);
    t.equal((await wire()).at(-1), `zrep -D expire ${destination}`);
  });

  needing(['resume'], 'with -c nothing is made or asked where nothing was written', async (t) => {
    const pair = await newPair();
    const before = await snapshotsOf(fileserver, pair.source);
    // Of what was written, zfs knows when it has come to the disk.
    await fileserver.run(['sync']);
    t.same((await zrep(['expire', '-L', pair.source])).code, 0);
    const { code, stdout } = await zrep(['sync', '-c', pair.source]);
    t.equal(code, 0);
    t.notMatch(stdout, /^sending/);
    t.same(
      (await snapshotsOf(fileserver, pair.source)).map(({ name }) => name),
      before.map(({ name }) => name),
    );
    await change(pair);
    await fileserver.run(['sync']);
    t.match((await zrep(['sync', '-c', pair.source])).stdout, /^sending \S+@zrep_000001 to /);
  });

  t.test('bug 15: an init that fails leaves what was there before', async (t) => {
    const [source, destination] = [`${fileserver.pool}/home/begun`, `${backup.pool}/home/precious`];
    await fileserver.run(['zfs', 'create', source]);
    await backup.script(`zfs create ${destination}; zfs snapshot ${destination}@precious`);
    await trouble('*"zfs recv"*', 'exit 1');
    const { code } = await zrep(['init', '-f', source, 'backup', destination]);
    t.equal(code, 1);
    t.same(
      (await snapshotsOf(backup, destination)).map(({ name }) => name),
      ['precious'],
    );
    t.notOk((await wire()).some((command) => command.includes('destroy')));
  });
});
