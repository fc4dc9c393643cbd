/** `zrep sync` and what belongs to it: the fileserver pushes, by plain ssh, with stock's words, to a backup server. */

import t, { type Test } from 'tap';
import { makePair, type Pair, type PairOptions, snapshotsOf, writeData } from '../../lab/pair.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { inPushLab, type PushLab } from '../fixtures/system/push-lab.ts';

await inPushLab(t, async (lab) => {
  const { fileserver, backup, zrep, wire, trouble } = lab;
  for (const { pool, run } of [fileserver, backup].map((host) => ({
    pool: host.pool,
    run: host.run.bind(host),
  })))
    await run(['zfs', 'create', `${pool}/home`]);
  let pairs = 0;
  const newPair = async (options: PairOptions = {}) => {
    pairs += 1;
    const pair = await makePair(lab, `home/p${pairs}`, { savecount: 2, ...options });
    await wire();
    return pair;
  };
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
    t.same({ code, stderr }, { code: 0, stderr: '' });
    const asked = await wire();
    t.equal(asked[1], `gzip -dc | zfs recv  -F ${destination}`);
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
    t.equal((await wire())[1], ` zfs recv   ${pair.destination}`, 'and nothing is asked besides');
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

  t.test('what cannot be sent is called _unsent, as with stock, and the next sync goes on', async (t) => {
    const pair = await newPair();
    await change(pair);
    await trouble('*"zfs recv"*', `head -c 20000 | zfs recv ${pair.destination}; exit 1`);
    const failed = await zrep(['sync', pair.source]);
    t.equal(failed.code, 1);
    t.match(
      failed.stderr,
      new RegExp(`^Error: Problem doing sync for (${pair.source}@zrep_000001). Renamed to \\1_unsent`, 'm'),
    );
    t.same(await names(lab, pair), [['zrep_000000', 'zrep_000001_unsent'], ['zrep_000000']]);
    const { code, stderr } = await zrep(['sync', pair.source]);
    t.same({ code, stderr }, { code: 0, stderr: '' });
    t.same(await names(lab, pair), [
      ['zrep_000001_unsent', 'zrep_000002'],
      ['zrep_000001_unsent', 'zrep_000002'],
    ]);
  });

  t.test('with ZREP_RENAME_UNSENT=no it goes', async (t) => {
    const pair = await newPair();
    await change(pair);
    await trouble('*"zfs recv"*', 'cat >/dev/null; exit 1');
    const { code, stderr } = await zrep(['sync', pair.source], { env: { ZREP_RENAME_UNSENT: 'no' } });
    t.equal(code, 1);
    t.match(stderr, /Problem doing sync for \S+@zrep_000001, which is gone; backup ended with 1/);
    t.same(await names(lab, pair), [['zrep_000000'], ['zrep_000000']]);
  });

  t.test('both ends of the pipe count: a stream that zfs send broke off is not marked', async (t) => {
    const pair = await newPair();
    await change(pair);
    await fileserver.writeFile('/root/zfs', SHORT_ZFS, { mode: 0o755 });
    const { code, stderr } = await zrep(['sync', pair.source], { env: { ZREP_ZFS: '/root/zfs' } });
    t.equal(code, 1);
    t.match(stderr, /Problem doing sync .*zfs send: no more/);
    t.equal((await snapshotsOf(fileserver, pair.source)).at(-1)?.sent, '');
  });

  t.test('what has come whole is marked, though the way back broke', async (t) => {
    const pair = await newPair();
    await change(pair);
    await trouble('*"zfs recv"*', 'sh -c "$SSH_ORIGINAL_COMMAND"; exit 255');
    const { code, stderr } = await zrep(['sync', pair.source]);
    t.equal(code, 0, 'done', { said: stderr });
    t.match(stderr, /has come to backup whole all the same: the connection to backup broke/);
    await theSame(t, lab, pair, ['zrep_000000', 'zrep_000001']);
  });

  t.test('bug 11: a mark that was lost is made good by the next sync', async (t) => {
    const pair = await newPair();
    await change(pair);
    // As often as it is tried.
    await backup.writeFile('/run/lab/trouble', 'case "$SSH_ORIGINAL_COMMAND" in *sent=*) exit 255;; esac\n');
    const failed = await zrep(['sync', pair.source]);
    await backup.run(['rm', '/run/lab/trouble']);
    t.equal(failed.code, 1);
    t.match(failed.stderr, /zrep_000001 was received, but backup could not be told so/);
    t.equal((await snapshotsOf(fileserver, pair.source)).at(-1)?.sent, '', 'nor is it marked here');
    await change(pair, 'more');
    const { code, stderr } = await zrep(['sync', pair.source]);
    t.equal(code, 0);
    t.match(stderr, /zrep_000001 had come to backup before; now both sides have it marked as sent/);
    await theSame(t, lab, pair, ['zrep_000001', 'zrep_000002']);
  });

  t.test('bug 20: what was called _unsent, though it has come, gets its name back', async (t) => {
    const pair = await newPair();
    await change(pair);
    const unknown = `case "$SSH_ORIGINAL_COMMAND" in *"zfs recv"*) sh -c "$SSH_ORIGINAL_COMMAND"; exit 1;; *guid*) exit 1;; esac\n`;
    await backup.writeFile('/run/lab/trouble', unknown);
    t.match((await zrep(['sync', pair.source])).stderr, /Renamed to \S+@zrep_000001_unsent/);
    await backup.run(['rm', '/run/lab/trouble']);
    t.same(await names(lab, pair), [
      ['zrep_000000', 'zrep_000001_unsent'],
      ['zrep_000000', 'zrep_000001'],
    ]);
    await change(pair, 'more');
    const { code, stderr } = await zrep(['sync', pair.source]);
    t.equal(code, 0, 'done', { said: stderr });
    await theSame(t, lab, pair, ['zrep_000001', 'zrep_000002']);
  });

  t.test('a snapshot of the same name that is another one is no common one', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'snapshot', `${pair.destination}@zrep_000001`]);
    await zrep(['snaponly', pair.source]);
    const { code, stderr } = await zrep(['sync', pair.source]);
    t.equal(code, 1);
    t.match(stderr, /are different snapshots of one name: the two sides have parted/);
  });

  t.test('a copy that was changed is told of, and -f gives the changes up', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'readonly=off', pair.destination]);
    await writeData(backup, pair.destination, 'change', 64);
    await change(pair);
    const refused = await zrep(['sync', pair.source]);
    t.equal(refused.code, 1);
    t.match(refused.stderr, new RegExp(`To give those changes up: zrep sync -f ${pair.source}`));
    const forced = await zrep(['sync', '-f', pair.source]);
    t.equal(forced.code, 0, 'done', { said: forced.stderr });
  });

  t.test('bug 13: sync FS@SNAPSHOT rolls the other side back to the oldest one, too', async (t) => {
    const pair = await newPair({ savecount: 9 });
    const { source, destination } = pair;
    for (const file of ['one', 'two']) {
      await change(pair, file);
      await zrep(['sync', source]);
    }
    const asked = await zrep(['sync', `${source}@zrep_000000`]);
    t.equal(asked.code, 1);
    t.match(asked.stderr, `zrep sync -f ${source}@zrep_000000`);
    for (const lost of ['zrep_000001', 'zrep_000002'])
      t.match(asked.stderr, new RegExp(`^ {2}${destination}@${lost}, of \\d{4}-`, 'm'), 'it is listed');
    t.same((await names(lab, pair))[1]?.length, 3, 'and nothing is gone');
    await wire();

    const { code, stdout, stderr } = await zrep(['sync', '-f', `${source}@zrep_000000`]);
    t.same({ code, stderr }, { code: 0, stderr: '' });
    const made = (
      await fileserver.run(['zfs', 'get', '-H', '-o', 'value', 'creation', `${source}@zrep_000000`])
    ).stdout;
    t.equal(
      stdout,
      `Validating remote snap
WARNING: We will be rolling back  ${destination}, on backup
   to  zrep_000000, made at: ${made}
All newer snapshots on remote side will be destroyed
You should have paused ongoing sync jobs for ${destination} before continuing
backup:${destination} rolled back successfully to zrep_000000
Now cleaning up local snapshots
`,
    );
    const commands = await wire();
    t.equal(commands[0], `zfs list -t snapshot ${destination}@zrep_000000`);
    t.equal(commands.at(-1), `zfs rollback -Rr ${destination}@zrep_000000`);
    const marks = (await snapshotsOf(fileserver, source)).map(({ sent }) => sent !== '');
    t.same(marks, [true, false, false], 'what the other side does not have any more is not marked as sent');
    t.equal((await zrep(['sync', source])).code, 0, 'and the next sync goes on from there');
    t.equal((await snapshotsOf(backup, destination)).at(-1)?.name, 'zrep_000003');
  });

  t.test('bug 12: sentsync marks what the other side has, and wipes no mark that is true', async (t) => {
    const pair = await newPair({ savecount: 9 });
    const { source, destination } = pair;
    await change(pair);
    await zrep(['snaponly', source]);
    const refused = await zrep(['sentsync', `${source}@zrep_000001`]);
    t.equal(refused.code, 1);
    t.match(refused.stderr, /does not have \S+@zrep_000001, or does not say so; nothing was marked/);
    await backup.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/root/.ssh/unused']);
    const byHand = `zfs send -I ${source}@zrep_000000 ${source}@zrep_000001 | ssh backup zfs recv ${destination}`;
    await fileserver.script(byHand);
    await wire();
    const { code, stdout, stderr } = await zrep(['sentsync', `${source}@zrep_000001`]);
    t.same({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
    t.match((await wire()).at(-1), /^zfs set zrep:sent=\d+ \S+@zrep_000001$/);
    await theSame(t, lab, pair, ['zrep_000000', 'zrep_000001']);

    // Another one that nobody has but this side, and that is marked all the same.
    await zrep(['snaponly', source]);
    await fileserver.run(['zfs', 'set', 'zrep:sent=1', `${source}@zrep_000002`]);
    const cleared = await zrep(['sentsync', `${source}@zrep_000001`]);
    t.equal(cleared.code, 0);
    t.equal(cleared.stderr, `WARNING: clearing sent value from  ${source}@zrep_000002\n`);
    t.same(
      (await snapshotsOf(fileserver, source)).map(({ sent }) => sent !== ''),
      [true, true, false],
    );
  });

  t.test('sentsync -L asks nobody', async (t) => {
    const pair = await newPair();
    await zrep(['snaponly', pair.source]);
    t.equal((await zrep(['sentsync', '-L', `${pair.source}@zrep_000001`])).code, 0);
    t.same(await wire(), []);
    t.match((await snapshotsOf(fileserver, pair.source)).at(-1)?.sent, /^\d+$/);
  });

  t.test('one that is locked holds up no other, and -q passes over it', async (t) => {
    const [busy, free] = [await newPair(), await newPair()];
    const holder = fileserver.spawn(['sleep', '100']);
    t.teardown(() => holder.killGroup());
    const pid = (await fileserver.run(['pgrep', '-n', '-x', 'sleep'])).stdout.trim();
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
    t.notMatch(verbose, /zfs get -Hp|DEBUG/);
    const debug = await zrep(['-D', 'sync', source]);
    t.match(debug.stderr, /^DEBUG: exit 0, \d+ ms: zfs get -Hp/m);
    t.equal((await wire()).at(-1), `zrep -D expire ${destination}`);
  });

  t.test('recursively: a lost mark is made good when every child has come, and not before', async (t) => {
    const pair = await newPair({ savecount: 9 });
    const { source, destination } = pair;
    await fileserver.script(`zfs create ${source}/child; zfs snapshot ${source}/child@zrep_000000`);
    // It is received, but has no place to be mounted at: the copy above it is readonly.
    await fileserver.script(
      `zfs send ${source}/child@zrep_000000 | ssh backup zfs recv ${destination}/child`,
      { allowFail: true },
    );
    await fileserver.script(`zfs snapshot -r ${source}@zrep_000001`);
    await fileserver.script(
      `zfs send -I ${source}@zrep_000000 ${source}@zrep_000001 | ssh backup zfs recv ${destination}`,
    );
    await wire();
    await zrep(['-R', 'sync', source]);
    t.equal((await snapshotsOf(fileserver, source))[1]?.sent, '', 'the child has not come: no mark');
    await fileserver.script(
      `zfs send -I ${source}/child@zrep_000000 ${source}/child@zrep_000001 | ssh backup zfs recv ${destination}/child`,
      { allowFail: true },
    );
    const { stderr } = await zrep(['-R', 'sync', source]);
    t.match((await snapshotsOf(fileserver, source)).map(({ sent }) => sent).join(' '), /\d+/, 'marked', {
      said: stderr,
    });
  });
});

/** A zfs whose streams come to their end, and which says that they did not. */
const SHORT_ZFS = `#!/bin/sh
[ "$1" = send ] || exec /usr/sbin/zfs "$@"
/usr/sbin/zfs "$@" 2>/dev/null | head -c 20000
echo no more >&2
exit 1
`;

/** The names of both sides' snapshots. */
async function names({ fileserver, backup }: PushLab, { source, destination }: Pair): Promise<string[][]> {
  const both = [await snapshotsOf(fileserver, source), await snapshotsOf(backup, destination)];
  return both.map((side) => side.map(({ name }) => name));
}

/** Both sides have these snapshots, under the same GUIDs, with the same marks; and nothing is held. */
async function theSame(
  t: Test,
  lab: PushLab,
  { source, destination, tag }: Pair,
  wanted: string[],
): Promise<void> {
  const { fileserver, backup } = lab;
  const [here, there] = [await snapshotsOf(fileserver, source), await snapshotsOf(backup, destination)];
  t.same(
    here.map(({ name }) => name),
    wanted,
  );
  t.same(there, here);
  t.ok(
    here.every(({ sent }) => /^\d+$/.test(sent)),
    'all are marked',
  );
  t.equal(await propertyOf(fileserver, `${tag}:lock-pid`, source), '-');
  t.equal(await propertyOf(backup, `${tag}:lock-pid`, destination), '-');
  const left = await fileserver.script('ls -d /tmp/zrep-* /var/run/zrep.lock* 2>/dev/null || true');
  t.equal(left.stdout, '');
}
