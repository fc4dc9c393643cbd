/** The program: from the command line to the exit code, with a zfs that tells what it was asked. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { buildBeside } from '../fixtures/gate/build.ts';

const program = `${buildBeside(t)}/zrep-expire.cjs`;
const folder = mkdtempSync(`${tmpdir()}/zrep-expire-`);
t.teardown(() => rmSync(folder, { recursive: true }));
const zfs = `${folder}/zfs`;
writeFileSync(
  zfs,
  `#!/bin/sh
echo "$*" >>${folder}/asked
case "$*" in
  list*) printf 'tank\\ntank/a\\n' ;;
  get*tank/none) echo "cannot open 'tank/none': dataset does not exist" >&2; exit 1 ;;
  get*tank/a) cat ${folder}/listing ;;
esac
`,
  { mode: 0o755 },
);
const NOW = Math.floor(Date.now() / 1000);
const DAY = 86_400;

/** tank/a as zfs tells of it: zrep snapshots of these ages in days, all sent. */
function snapshots(ages: readonly number[]): void {
  const lines = ages.flatMap((age, index) => {
    const name = `tank/a@zrep_${index.toString(16).padStart(6, '0')}`;
    const row = {
      guid: index + 1,
      createtxg: index + 10,
      creation: NOW - age * DAY,
      userrefs: 0,
      used: 1024,
    };
    return [
      ...Object.entries(row).map(([property, value]) => `${name}\t${property}\t${value}\t-\n`),
      `${name}\tzrep:sent\t1\tlocal\n`,
    ];
  });
  writeFileSync(`${folder}/listing`, `tank/a\tguid\t1\t-\n${lines.join('')}`);
}

function run(words: readonly string[], input = '') {
  rmSync(`${folder}/asked`, { force: true });
  // By env, since tap would have each of them load tap.
  const environment = [`PATH=${process.env['PATH']}`, `ZREP_ZFS=${zfs}`, `ZREP_RUNDIR=${folder}`];
  const argv = ['-i', ...environment, process.execPath, program, ...words];
  const { status, stdout, stderr } = spawnSync('/usr/bin/env', argv, { encoding: 'utf8', input });
  return { status, stdout, stderr };
}

const asked = () => (existsSync(`${folder}/asked`) ? readFileSync(`${folder}/asked`, 'utf8') : '');

function config(text: string, name = 'config'): string {
  writeFileSync(`${folder}/${name}`, text);
  chmodSync(`${folder}/${name}`, 0o644);
  return `${folder}/${name}`;
}

snapshots([9, 8, 1, 0.5, 0.1]);

t.test('help and version go to standard output', async (t) => {
  for (const word of ['--help', '-h'])
    t.match(run([word]), { status: 0, stdout: /^Usage: zrep-expire \[OPTION\]/, stderr: '' });
  t.match(run(['--version']), { status: 0, stdout: /^zrep-expire \d+\.\d+\.\d+\n$/, stderr: '' });
});

t.test('the schedules in the help are schedules', async (t) => {
  const { stdout } = run(['--help']);
  const lines = stdout
    .split('\n')
    .filter((line) => /^ {2}(?:\d+ \w+ +:|every|daily|yearly|time zone|newest)/.test(line));
  t.equal(lines.length, 8);
  t.equal(run(['--check', '-c', config(lines.slice(0, 3).join('\n'))]).status, 0);
  t.equal(run(['--check', '-c', config(lines.slice(3).join('\n'))]).status, 0);
});

t.test('wrong usage is 2, in one line, and asks zfs for nothing', async (t) => {
  for (const words of [
    ['--frobnicate'],
    ['-k', 'some'],
    ['-t', 'A B'],
    ['-t', ''],
    ['tank/a@b'],
    ['--json', 'tank/a'],
    ['--now', '5', 'tank/a'],
    ['--explain', 'tank/a'],
    ['--simulate', 'x', 'tank/a'],
    ['--simulate', 'x', '-a'],
    ['--check', '--forecast', '2y'],
    ['--forecast', 'soon'],
    ['--forecast', '2y', '--every', '0s'],
    ['--forecast', '2y', '--every', '1s'],
  ])
    t.match(run(words), { status: 2, stdout: '', stderr: /^zrep-expire: .+\n$/ }, words.join(' '));
  t.equal(asked(), '');
});

t.test('without file systems nothing is done, as with the original, and that is said', async (t) => {
  t.match(run([]), { status: 0, stdout: '', stderr: /no file system was named/ });
  t.match(run(['-c', config('1 day : 1 hour')]), {
    status: 0,
    stdout: '',
    stderr: /no file system was named/,
  });
  t.equal(asked(), '');
});

t.test('a configuration that is missing, or has one senseless line, destroys nothing', async (t) => {
  t.match(run(['-c', `${folder}/none`, '-a']), { status: 1, stderr: /none cannot be read \(ENOENT\)/ });
  t.match(run(['-c', folder, '-a']), { status: 1, stderr: /cannot be read \(EISDIR\)/ });
  const bad = config('1 day : 1 hour\n7am : 1 day\n', 'bad');
  for (const words of [
    ['-a'],
    ['tank/a'],
    ['-n', 'tank/a'],
    ['--check'],
    ['--forecast', '1y'],
    ['--explain', 'tank/a@zrep_000000'],
  ])
    t.match(run(['-c', bad, ...words]), {
      status: 1,
      stdout: '',
      stderr: /^Error: \S+bad, line 2: "7am" .*\nError: Nothing is destroyed until that is mended\n$/,
    });
  t.equal(asked(), '');
});

t.test(
  'what others could have written is not destroyed by, as root',
  { skip: process.geteuid?.() !== 0 && 'not root' },
  async (t) => {
    const open = config('1 day : 1 hour', 'open');
    chmodSync(open, 0o666);
    t.match(run(['-c', open, 'tank/a']), { status: 1, stderr: /open can be written by others.*chmod go-w/ });
    t.equal(asked(), '');
    t.match(
      run(['-n', '-c', open, 'tank/a']),
      { status: 0, stdout: /^tank\/a: 5 snapshots/ },
      'but may be looked at',
    );
  },
);

t.test('-n says what would go and why, and asks zfs for nothing but properties', async (t) => {
  const { status, stdout, stderr } = run(['-n', '-k', '1', '-c', config('2 days : 1 day'), '-a']);
  t.same([status, stderr], [0, '']);
  const [title, ...lines] = stdout.split('\n');
  t.match(title, /^tank\/a: 5 snapshots, 3 would be destroyed; at least 3\.0 KiB would come free$/);
  t.match(
    lines[0],
    /^ {2}destroy {2}zrep_000000 {2}\S+ \S+ UTC {6}9 days old {2}older than 2 days, the longest age$/,
  );
  t.match(lines[2], /^ {2}keep {5}zrep_000002 .* the oldest within 2 days$/);
  t.match(lines[4], /^ {2}keep {5}zrep_000004 .* the newest snapshot$/);
  t.notMatch(asked(), /^(?:destroy(?! -n)|set|inherit)/m);
  const json = run(['-n', '--json', '-k', '0', '-c', config('2 days : 1 day'), 'tank/a'])
    .stdout.trim()
    .split('\n');
  t.same(JSON.parse(json[0] ?? ''), {
    snapshot: 'tank/a@zrep_000000',
    action: 'destroy',
    reason: 'older than 2 days, the longest age',
  });
  t.equal(json.length, 5);
});

t.test('--explain tells of one snapshot, whether by the clock or as of another time', async (t) => {
  const words = ['-k', '1', '-c', config('2 days : 1 day')];
  t.match(run([...words, '--explain', 'tank/a@zrep_000003']), {
    status: 0,
    stdout:
      /^tank\/a@zrep_000003 would be destroyed\n {2}why: less than 1 day after zrep_000002 \(up to 2 days\)\n/,
  });
  t.match(run([...words, '--explain', 'tank/a@nope']), {
    status: 1,
    stderr: /there is no snapshot tank\/a@nope/,
  });
  t.match(run([...words, '--explain', 'tank/none@a']), { status: 1, stderr: /tank\/none cannot be read/ });
  t.match(run([...words, '--now', String(NOW - DAY), '--explain', 'tank/a@zrep_000003']), {
    stdout: /stays\n {2}why: the clock looks wrong: tank\/a@zrep_000004 is newer than now/,
  });
});

t.test('a snapshot from the future keeps everything, and is a failure', async (t) => {
  snapshots([9, 8, 1, -1]);
  t.match(run(['-k', '1', '-c', config('2 days : 1 day'), 'tank/a']), {
    status: 1,
    stdout: '',
    stderr: /^Error: the clock looks wrong, so nothing is destroyed: tank\/a@zrep_000003 is newer than now/,
  });
  t.notMatch(asked(), /^(?:destroy|set)/m);
  snapshots([9, 8, 1, 0.5, 0.1]);
});

t.test('one a few seconds ahead is waited for', async (t) => {
  const made = Math.floor(Date.now() / 1000) + 3;
  snapshots([9, 8, 1, (NOW - made) / DAY]);
  const words = ['-k', '1', '-c', config('9 years : 0 s'), 'tank/a'];
  t.match(run(['-n', ...words]), { status: 1 }, 'when only looking, it is told');
  t.match(run(words), { status: 0, stderr: '' });
  t.ok(Date.now() / 1000 >= made);
  snapshots([9, 8, 1, 0.5, 0.1]);
});

t.test('what cannot be read is told, and is 1', async (t) => {
  t.match(run(['-n', 'tank/none', 'tank/a']), {
    status: 1,
    stdout: /^tank\/a: /,
    stderr: /tank\/none cannot be read: .*does not exist/,
  });
});

t.test('with sections and without names, those that have one are expired', async (t) => {
  const file = config('[tank/*]\n2 days : 1 day\n');
  t.match(run(['-n', '-c', file]), { status: 0, stdout: /^tank\/a: 5 snapshots, none/, stderr: '' });
  t.match(run(['-n', '-c', config('[tank/none]\n2 days : 1 day\n')]), {
    status: 1,
    stderr: /tank\/none cannot be read/,
  });
});

t.test('--simulate decides over a listing without zfs', async (t) => {
  const rows = [9, 8, 1, 0.5, 0.1]
    .map((age, index) => `tank/b@zrep_00000${index}\t5\t${NOW - age * DAY}\n`)
    .join('');
  writeFileSync(`${folder}/rows`, rows);
  const words = ['--now', String(NOW), '-c', config('2 days : 1 day'), '-k', '1'];
  const { status, stdout, stderr } = run(['--simulate', `${folder}/rows`, ...words, '--json']);
  t.same([status, stderr], [0, '']);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.same(
    lines.map(({ snapshot, action }) => `${snapshot} ${action}`),
    [
      'tank/b@zrep_000000 destroy',
      'tank/b@zrep_000001 destroy',
      'tank/b@zrep_000002 keep',
      'tank/b@zrep_000003 destroy',
      'tank/b@zrep_000004 keep',
    ],
  );
  t.same(Object.keys(lines[0]), ['snapshot', 'action', 'reason']);
  t.equal(
    run(['--simulate', `${folder}/rows`, ...words]).stdout,
    stdout,
    'not on a terminal, it is the same without --json',
  );
  t.equal(run(['--simulate', '-', ...words], rows).stdout, stdout, 'on standard input');
  t.match(run(['--simulate', '-', ...words, '--explain', 'tank/b@zrep_000001'], rows), {
    status: 0,
    stdout: /^tank\/b@zrep_000001 would be destroyed\n/,
  });
  t.match(run(['--simulate', '-', ...words, '--now', String(NOW - 9 * DAY)], rows), {
    status: 0,
    stdout:
      /^(?:\{"snapshot":"[^"]*","action":"keep","reason":"the clock looks wrong: tank\/b@zrep_000004 is newer than now"\}\n){5}$/,
    stderr: /the clock looks wrong/,
  });
  t.match(run(['--simulate', '-', ...words], `${rows}nonsense\n`), {
    status: 1,
    stdout: '',
    stderr: /line 6: "nonsense" is not FS@NAME/,
  });
  t.equal(asked(), '');
});

t.test('ten thousand lines arrive whole, whoever reads them, and however slowly', async (t) => {
  const rows = Array.from({ length: 10_000 }, (_, index) => {
    return `tank/b@zrep_${index.toString(16).padStart(6, '0')}\t5\t${NOW - (10_000 - index) * 3600}\n`;
  });
  writeFileSync(`${folder}/rows`, rows.join(''));
  const script = '"$@" | { sleep 1; wc -l; }';
  const words = [process.execPath, program, '--simulate', `${folder}/rows`];
  const { stdout } = spawnSync('/usr/bin/env', ['-i', '/bin/sh', '-c', script, 'sh', ...words], {
    encoding: 'utf8',
  });
  t.equal(stdout.trim(), '10000');
});

t.test('--check and --forecast ask zfs for nothing either', async (t) => {
  const file = config('every snapshot for 1 day\n[tank/a]\nkeep everything');
  t.match(run(['--check', '-c', file]), { status: 0, stdout: /^\[tank\/a\] \(line 2\):\n/ });
  t.match(run(['--check', '-c', file, 'tank/a', 'tank/b']), {
    stdout:
      /^tank\/a, by section \[tank\/a\]:\n {2}everything is kept.*\n\ntank\/b, by what is for every file system:\n/,
  });
  t.match(run(['--forecast', '3 days', '--every', '2h', '-c', file]), {
    status: 0,
    stdout:
      /^\[tank\/a\]: a snapshot every 2 hours, for 3 days\n\n {2}nothing is destroyed: 36 snapshots by then\n\nevery other file system: .*\n\n {2}every snapshot for 1 day {2}12 /,
  });
  t.equal(asked(), '');
});
