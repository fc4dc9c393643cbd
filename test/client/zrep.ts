/** The program: from the command line to the exit code, with a zfs that tells what it was asked. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { buildBeside } from '../fixtures/gate/build.ts';

const folder = mkdtempSync(`${tmpdir()}/zrep-`);
t.teardown(() => rmSync(folder, { recursive: true }));
const zfs = `${folder}/zfs`;
const program = `${buildBeside(t)}/zrep.cjs`;
writeFileSync(
  zfs,
  `#!/bin/sh\necho "$*" >>${folder}/asked\necho "cannot open 'tank/none': dataset does not exist" >&2\nexit 1\n`,
  { mode: 0o755 },
);

function run(words: readonly string[], variables: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ZREP_ZFS: zfs, ZREP_RUNDIR: folder, ...variables },
  });
  return { status, stdout, stderr };
}

t.test('help goes to standard output and is no failure, also where nothing was asked', async (t) => {
  for (const words of [[], ['--help'], ['help'], ['-h']])
    t.match(run(words), { status: 0, stdout: /^zrep: keeps copies/, stderr: '' });
  t.match(run(['refresh', '--help']), { status: 0, stdout: /^zrep refresh \[-f \[--yes\]\]/, stderr: '' });
});

t.test('help and version are there whatever the variables are', async (t) => {
  for (const word of ['help', 'version'])
    t.match(run([word], { BBCP: 'bbcp', ZREPTAG: '%' }), { status: 0, stderr: '' }, word);
});

t.test('the version begins as that of stock does, whose place it takes', async (t) => {
  t.match(run(['version']).stdout, /^zrep 2\.0\.2\nin its place: zrep-gate \d+\.\d+\.\d+\n$/);
});

t.test('wrong usage and variables that make no sense are 2, in one line', async (t) => {
  t.match(run(['refresh', 'tank/a', '-q']), {
    status: 2,
    stdout: '',
    stderr: /^zrep: "-q" is no option of zrep refresh.*\n$/,
  });
  t.match(run(['synch', 'tank/a']), {
    status: 2,
    stdout: '',
    stderr: /^zrep: unrecognized zrep subcommand "synch"\. Did you mean zrep sync\?\n$/,
  });
  t.match(run(['refresh', 'tank/a'], { BBCP: 'bbcp' }), {
    status: 2,
    stdout: '',
    stderr: /^zrep: BBCP is set.*\n$/,
  });
  t.match(run(['-t', 'A B', 'refresh', 'tank/a']), {
    status: 2,
    stdout: '',
    stderr: /^zrep: -t: "A B" cannot.*\n$/,
  });
  t.match(run(['_refreshpull', 'tank/a']), {
    status: 2,
    stdout: '',
    stderr: /^zrep: "tank\/a" is not a snapshot.*\n$/,
  });
});

t.test('refresh without a name is 1, in the words of stock', async (t) => {
  t.same(run(['refresh']), {
    status: 1,
    stdout: '',
    stderr: 'Error: no filesystems specified for refresh\n',
  });
});

t.test('every verb gets as far as zfs, and what that cannot is 1', async (t) => {
  for (const words of [
    ['refresh', 'tank/none'],
    ['snaponly', 'tank/none'],
    ['init', '-f', 'tank/none', 'backup', 'pool/a'],
    ['expire', '-L', 'tank/none'],
    ['_refreshpull', 'tank/none@zrep_000000'],
    ['_refreshcomplete', 'tank/none@zrep_000000', 'zrep:sent=1'],
  ])
    t.match(run(words), { status: 1, stderr: /^Error: .*tank\/none/ }, words.join(' '));
  // Before the host is called.
  for (const dry of [['--dry-run'], []])
    t.match(run(['init', '--pull', ...dry, 'fileserver:tank/a', 'tank/none']), {
      status: 1,
      stdout: '',
      stderr:
        'Error: there is no pool tank here. If it is not imported: zpool import tank. Nothing was done\n',
    });
  t.match(run(['init', '--pull', '--undo', '--dry-run', 'fileserver:tank/a', 'tank/none']), {
    status: 0,
    stdout: /^On fileserver, by ssh:\n {2}zrep _uninit tank\/a \S+ tank\/none\nNothing was done\.\n$/,
  });
});

t.test('warnings come before what is done', async (t) => {
  const { status, stderr } = run(['snaponly', 'tank/none'], { MBUFFER: 'mbuffer' });
  t.equal(status, 1);
  t.match(stderr, /^WARNING: MBUFER variable deprecated in zrep\nWARNING: use .*\nError: /);
});
