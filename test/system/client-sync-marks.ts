/** Which snapshot both sides have, for the side that sends: what is lost on the way and found again, rolled back, or said. */

import t from 'tap';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { inSharedPushLab, names, pairMaker, theSame } from '../fixtures/system/push-lab.ts';

await inSharedPushLab(t, async (lab) => {
  const { fileserver, backup, zrep, wire, trouble } = lab;
  const newPair = await pairMaker(lab);
  const needing = await testsNeeding(t, backup, ['resume']);
  const change = ({ source }: Pair, file = 'news') => writeData(fileserver, source, file, 64);

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
      t.match(asked.stderr, new RegExp(`^ {2}${destination}@${lost}, made \\d{4}-`, 'm'), 'it is listed');
    t.same((await names(lab, pair))[1]?.length, 3, 'and nothing is gone');
    await wire();

    const { code, stdout, stderr } = await zrep(['sync', '-f', `${source}@zrep_000000`]);
    t.equal(code, 0);
    t.match(
      stderr,
      new RegExp(`^On backup these would be destroyed, .*\\n {2}${destination}@zrep_000001, `),
      'it is listed with -f, too',
    );
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

  needing(
    ['resume'],
    'bug 1: what had come of a stream is gone on with by -r, and its own snapshot is the one that is marked',
    async (t) => {
      const pair = await newPair({ savecount: 9 });
      await writeData(fileserver, pair.source, 'much', 4096);
      await trouble('*"zfs recv -s"*', 'head -c 1000000 | sh -c "$SSH_ORIGINAL_COMMAND"; exit 1');
      const cut = await zrep(['sync', '-r', pair.source]);
      t.equal(cut.code, 1);
      t.match(cut.stderr, /^Error: Problem doing sync for \S+@zrep_000001; backup ended with 1/m);
      t.not(await propertyOf(backup, 'receive_resume_token', pair.destination), '-', 'there is a token');
      const plain = await zrep(['sync', pair.source]);
      t.match(plain.stderr, new RegExp(`in the way; to go on with it: zrep sync -r ${pair.source}`));
      await wire();
      const { code, stdout, stderr } = await zrep(['sync', pair.source], { env: { ZREP_RESUME: '1' } });
      t.same({ code, stderr }, { code: 0, stderr: '' });
      t.match(stdout, /^sending \S+@zrep_000001 to \S+\nsending \S+@zrep_000003 to /);
      const asked = await wire();
      t.equal(asked[1], `zfs get -H -o value receive_resume_token ${pair.destination}`);
      t.match(asked[4], /^zfs get -Hp -o name,value guid \S+@zrep_000001$/);
      t.match(asked[5], /^zfs set zrep:sent=\d+ \S+@zrep_000001$/);
      const marks = (await snapshotsOf(backup, pair.destination)).map(({ name, sent }) => [
        name,
        sent !== '',
      ]);
      t.same(marks, [
        ['zrep_000000', true],
        ['zrep_000001', true],
        ['zrep_000002_unsent', false],
        ['zrep_000003', true],
      ]);
      t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
    },
  );

  needing(
    ['resume'],
    'a token of a snapshot that is gone is thrown away there, and that is said',
    async (t) => {
      const pair = await newPair();
      await writeData(fileserver, pair.source, 'much', 4096);
      await trouble('*"zfs recv -s"*', 'head -c 1000000 | sh -c "$SSH_ORIGINAL_COMMAND"; exit 1');
      await zrep(['sync', '-r', pair.source]);
      await fileserver.run(['zfs', 'destroy', `${pair.source}@zrep_000001`]);
      const { code, stderr } = await zrep(['sync', '-r', pair.source]);
      t.equal(code, 0, 'done', { said: stderr });
      t.match(stderr, /cannot be resumed \(its snapshot is not here any more\)\. What it left is discarded/);
    },
  );

  needing(
    ['resume'],
    'a snapshot that another tool makes there meanwhile costs what had come, and no more than that',
    async (t) => {
      const pair = await newPair();
      await writeData(fileserver, pair.source, 'much', 4096);
      await trouble('*"zfs recv -s"*', 'head -c 1000000 | sh -c "$SSH_ORIGINAL_COMMAND"; exit 1');
      await zrep(['sync', '-r', pair.source]);
      await wire();
      await backup.run(['zfs', 'snapshot', `${pair.destination}@autosnap_hourly`]);
      const { code, stderr } = await zrep(['sync', '-r', pair.source]);
      t.equal(code, 0, 'done', { said: stderr });
      t.match(stderr, /@autosnap_hourly was made there since\)\. What it left is discarded/);
    },
  );

  needing(['resume'], 'before a rollback, clones of what would go are listed as well', async (t) => {
    const pair = await newPair();
    await change(pair);
    await zrep(['sync', pair.source]);
    const clone = `${backup.pool}/home/clone`;
    await backup.run(['zfs', 'clone', `${pair.destination}@zrep_000001`, clone]);
    const { stderr } = await zrep(['sync', `${pair.source}@zrep_000000`]);
    t.match(stderr, `  ${clone}, a clone of ${pair.destination}@zrep_000001, with all that is in it\n`);
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
