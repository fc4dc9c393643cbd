/** list, status, getlastsent and uptodate, from the command line to the exit code, over a pretend zfs. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { looking, type State } from '../../fixtures/client/looking.ts';

const look = looking(t);

const pair = (source: string, destination: string): string[][] => [
  ['type', 'filesystem', '-'],
  ['zrep:src-fs', source, 'local'],
  ['zrep:src-host', 'fileserver', 'local'],
  ['zrep:dest-fs', destination, 'local'],
  ['zrep:dest-host', 'backup', 'local'],
];
const snapshot = (createtxg: number, sent?: number): string[][] => [
  ['type', 'snapshot', '-'],
  ['guid', String(createtxg), '-'],
  ['createtxg', String(createtxg), '-'],
  ['creation', 'a day', '-', '86400'],
  ...(sent === undefined ? [] : [['zrep:sent', String(sent), 'local']]),
];
const MASTER = ['zrep:master', 'yes', 'local'];

const FILESERVER: State = {
  tank: [['type', 'filesystem', '-']],
  'tank/home': [...pair('tank/home', 'vault/home'), MASTER],
  'tank/home@zrep_000000': snapshot(1, 1_000_000_000),
  'tank/home@zrep_000001': snapshot(2),
  'tank/home@zrep_000002': snapshot(3),
  'tank/new': [...pair('tank/new', 'vault/new'), MASTER],
  'tank/new@zrep_000000': snapshot(4),
};
const BACKUP: State = {
  'vault/home': pair('tank/home', 'vault/home'),
  'vault/home@zrep_000000': snapshot(1, 1_000_000_000),
};

t.test('ZREP_DATEFORMAT and TZ are gone by, in figures and in words', async (t) => {
  const last = (variables: Record<string, string>) =>
    look('fileserver', FILESERVER, 'status tank/home', variables).stdout.replace(/^.*last: /, '');
  t.equal(last({}), '2001/09/09-01:46:40\n');
  t.equal(last({ TZ: 'America/New_York' }), '2001/09/08-21:46:40\n');
  t.equal(last({ ZREP_DATEFORMAT: '%s' }), '1000000000\n');
  t.equal(last({ ZREP_DATEFORMAT: '%A %Z', TZ: 'Europe/Berlin', LC_ALL: 'C' }), 'Sunday CEST\n');
  t.match(look('fileserver', FILESERVER, 'status', { ZREP_DATEFORMAT: '%A', PATH: '/nowhere' }), {
    code: 1,
    stdout: '',
    stderr: /^Error: date cannot write times in the form that ZREP_DATEFORMAT has/,
  });
});

t.test('stock bug 21: status -m comes to an end, and tells of snapshots that pile up', async (t) => {
  t.match(look('fileserver', FILESERVER, 'status -m'), {
    code: 1,
    stdout: 'WARNING: tank/home has 2 snapshots that were not sent\nWARNING: tank/new was never sent\n',
    stderr: '',
  });
  t.match(look('backup', BACKUP, 'status -m -a'), { code: 0, stdout: '', stderr: '' });
});

t.test('stock bug 21: status -v -a on the backup side knows the host that it is on', async (t) => {
  t.match(look('backup', BACKUP, 'status -v -a'), {
    code: 0,
    stdout: `${'tank/home'.padEnd(25)}->${'backup:vault/home'.padEnd(35)} 2001/09/09-01:46\n`,
    stderr: '',
  });
  t.equal(look('backup', BACKUP, 'status -a -v').stdout, look('backup', BACKUP, 'status -v all').stdout);
});

t.test(
  'one that was never sent says so, with its direction too, whatever was told in front of it',
  async (t) => {
    const { stdout } = look('fileserver', FILESERVER, 'status -v');
    t.match(stdout.split('\n')[1], /^tank\/new .* \[NEVER\]$/);
  },
);

t.test('what a stream brought cannot steer the terminal of who lists it', async (t) => {
  const state = {
    'vault/home': [...pair('tank/home', 'vault/home'), ['evil:note', '\x1b[2JB\u00fcro\tx', 'received']],
  };
  const { stdout } = look('backup', state, 'list -v');
  t.match(stdout, /^evil:note\t\\x1b\[2JB\u00fcro\tx$/m);
});

t.test(
  'what is not there is told in stock words, with exit code 1, and what was in front of it stands',
  async (t) => {
    t.match(look('fileserver', FILESERVER, 'list tank/home tank/none tank/new'), {
      code: 1,
      stdout: 'tank/home\n',
      stderr: 'Error: Expecting filesystem, but got tank/none\n',
    });
    for (const name of ['tank/home@zrep_000000', 'tank/a%b'])
      t.match(
        look('fileserver', FILESERVER, `list ${name}`),
        { code: 1, stderr: /^Error: Expecting filesystem, but got "/ },
        name,
      );
    t.match(look('fileserver', FILESERVER, 'status tank/home tank tank/new'), {
      code: 1,
      stdout: /^tank\/home .*\n$/,
      stderr: 'Error: tank is not a zrep registered filesystem\n',
    });
    t.match(look('fileserver', FILESERVER, 'list -s tank/none tank/new'), {
      code: 1,
      stdout: /^NAME +CREATION\ntank\/new@zrep_000000 /,
      stderr: /^Error: zfs failed for tank\/none: cannot open 'tank\/none'/,
    });
    t.match(look('fileserver', FILESERVER, 'getlastsent tank/none'), {
      code: 1,
      stdout: '',
      stderr: 'Error: tank/none does not exist; what there is: zrep list\n',
    });
  },
);

t.test('getlastsent prints an empty line where nothing was sent, as scripts expect', async (t) => {
  const { code, stdout } = look('fileserver', FILESERVER, 'getlastsent tank/new tank/home');
  t.same({ code, stdout }, { code: 0, stdout: '\ntank/home@zrep_000000\n' });
});

t.test('uptodate asks since the last snapshot that was sent, not since the newest', async (t) => {
  const written = (since: string, rest = '0') => ({
    ...FILESERVER,
    'tank/home': [
      ...(FILESERVER['tank/home'] ?? []),
      ['written', rest, '-'],
      ['written@zrep_000000', since, '-'],
    ],
    'tank/home/below': [
      ['type', 'filesystem', '-'],
      ['written@zrep_000000', '512', '-'],
    ],
  });
  const ask = (state: State, words = 'uptodate tank/home') => look('fileserver', state, words);
  t.match(ask(written('0')), { code: 0, stdout: '', stderr: '' });
  t.match(ask(written('512')), { code: 1, stdout: '', stderr: '' });
  t.match(ask(written('0'), '-R uptodate tank/home'), { code: 1 }, 'what is below was written to');
  t.match(ask(written('0'), 'uptodate tank/home tank/new'), { code: 1 }, 'one of two was never sent');
  t.match(ask(FILESERVER, 'uptodate tank/none'), { code: 1, stderr: /^Error: tank\/none does not exist/ });
  t.match(ask(FILESERVER, 'uptodate'), {
    code: 1,
    stderr: 'Error: zrep uptodate requires the name of a zrep managed fs\n',
  });
});

t.test('the exit codes of a monitoring plugin', async (t) => {
  const healthy = { tank: [], ...only(FILESERVER, 'tank/home') };
  const ask = (words: string, state: State = healthy, variables = {}) =>
    look('fileserver', state, `status ${words}`, variables);
  t.match(ask('--warn 200y'), {
    code: 0,
    stdout: /^ZREP OK - 1 file system, .*\n\[OK\] tank\/home /,
    stderr: '',
  });
  t.match(ask('--warn 2h'), { code: 1, stdout: /^ZREP WARNING - tank\/home was last sent \d+y/ });
  t.match(ask('--warn 2h --critical 6h'), { code: 2, stdout: /^ZREP CRITICAL - / });
  t.match(ask('--critical 200y', FILESERVER), {
    code: 2,
    stdout: /^ZREP CRITICAL - tank\/new was never sent/,
  });
  t.match(ask('--critical 6h', BACKUP), { code: 2 }, 'copies are judged without -a');
});

t.test('a monitoring plugin has the letters and words that others have', async (t) => {
  const ask = (words: string) => look('backup', BACKUP, `status ${words}`);
  for (const words of ['-w 2h -c 200y', '--warning 2h --crit 200y', '-c 200y --warn 2h'])
    t.match(ask(words), { code: 1, stdout: /^ZREP WARNING - vault\/home was last sent/, stderr: '' }, words);
});

t.test('what cannot be judged is unknown, in the line that a plugin is read by', async (t) => {
  const unknown = (words: string, line: RegExp, variables: Record<string, string> = {}) =>
    t.match(look('fileserver', FILESERVER, words, variables), { code: 3, stdout: line }, words);
  unknown('status --warn 2h tank', /^ZREP UNKNOWN - Error: tank is not a zrep registered filesystem\n$/);
  unknown(
    '-t off status --warn 2h',
    /^ZREP UNKNOWN - Error: no file system here belongs to a pair under the tag off\n$/,
  );
  unknown('status --warn two', /^ZREP UNKNOWN - zrep: --warn: "two" is no length of time/);
  unknown('status --warn 2h --nosuch', /^ZREP UNKNOWN - zrep: "--nosuch" is no option/);
  for (const words of [
    '-w',
    '-w 2h -c',
    '-w2h',
    '-W 2h',
    '--warn=2h',
    '--crit=2h',
    '-w 6h -c 2h',
    '-w 2h -m',
  ])
    unknown(`status ${words}`, /^ZREP UNKNOWN - zrep: .*\n$/);
  unknown('-t off -t on status -w 2h', /^ZREP UNKNOWN - zrep: two tags were given.*\n$/);
  unknown('-w 2h status', /^ZREP UNKNOWN - zrep: unrecognized zrep subcommand "-w".*\n$/);
  unknown('-s --critical 2h', /^ZREP UNKNOWN - zrep: BBCP is set/, { BBCP: 'bbcp' });
  unknown('status --warn 2h', /^ZREP UNKNOWN - Error: zfs failed for all: .*ENOENT/, {
    ZREP_ZFS: '/nowhere/zfs',
  });
  t.match(
    look('fileserver', FILESERVER, 'refresh --warn 2h'),
    { code: 2, stdout: '' },
    'no other verb is a plugin',
  );
});

t.test('a doctor that was called wrongly could not look: 2 would be critical to who watches', async (t) => {
  const ask = (words: string, variables = {}) => look('backup', BACKUP, words, variables);
  for (const words of ['doctor --nosuch', 'doctor all vault/home', '-t off doctor a@b', 'doctor -w 2h'])
    t.match(ask(words), { code: 3, stdout: /^ZREP UNKNOWN - zrep: .*\n$/, stderr: /^zrep: / }, words);
  t.match(ask('doctor', { BBCP: 'bbcp' }), { code: 3, stdout: /^ZREP UNKNOWN - zrep: BBCP is set/ });
  t.match(ask('doctor --json --nosuch'), { code: 3, stdout: '', stderr: /^zrep: / });
});

t.test('for programs there is one object, with all sources and copies', async (t) => {
  const { code, stdout } = look('fileserver', FILESERVER, 'status --json');
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    host: 'fileserver',
    tag: 'zrep',
    state: 'critical',
    datasets: [
      {
        dataset: 'tank/home',
        state: 'ok',
        unsent: 2,
        lastCommon: { snapshot: 'tank/home@zrep_000000', sent: 1e9 },
      },
      { dataset: 'tank/new', state: 'critical', lastCommon: null },
    ],
  });
  t.equal(look('fileserver', FILESERVER, 'status --json --warn 2h').code, 2);
});

t.test('the file for Prometheus is written, and nothing is said about it', async (t) => {
  const file = `${t.testdir()}/zrep.prom`;
  t.match(look('backup', BACKUP, `status --prometheus ${file}`), { code: 0, stdout: '', stderr: '' });
  t.match(
    readFileSync(file, 'utf8'),
    /^zrep_last_sent_timestamp_seconds\{filesystem="vault\/home".*\} 1000000000$/m,
  );
  t.match(look('backup', BACKUP, 'status --prometheus /nowhere/zrep.prom'), {
    code: 1,
    stderr: /^Error: \/nowhere\/zrep\.prom cannot be written \(ENOENT\)/,
  });
  t.match(look('backup', BACKUP, 'status --warn 2h --prometheus /nowhere/zrep.prom'), {
    code: 3,
    stdout: /^ZREP UNKNOWN - Error: \/nowhere/,
  });
});

t.test('a far side that cannot be reached is a pull that would fail', async (t) => {
  const unreachable = { SSH: '/bin/false' };
  t.match(look('backup', BACKUP, 'status --verify', unreachable), {
    code: 1,
    stdout:
      /^vault\/home: whether the next pull would succeed cannot be told: fileserver did not answer zfs get/,
  });
  t.match(
    look('fileserver', FILESERVER, 'status --verify', unreachable),
    { code: 0, stdout: '' },
    'of sources nothing is pulled',
  );
  t.match(look('fileserver', FILESERVER, 'status --verify tank/home', unreachable), {
    code: 1,
    stdout: /it is the source; ask on backup: zrep status --verify vault\/home\n$/,
  });
});

t.test(
  'snapshots shows each one with what keeps it by the schedule of zrep-expire, and a timeline',
  async (t) => {
    const folder = t.testdir({ 'good.conf': '1 hour : 1 minute\n', 'bad.conf': '1 day : 1 hour\nrubbish\n' });
    const { code, stdout } = look('fileserver', FILESERVER, `snapshots -c ${folder}/good.conf -k 1`);
    t.equal(code, 0);
    t.match(stdout, /^tank\/home, source of backup:vault\/home: 3 snapshots\n {2}SNAPSHOT /);
    t.match(
      stdout,
      /\n {2}zrep_000000 {2}2001\/09\/09-01:46:40 {2}1970\/01\/02-00:00:00 .* {2}the newest that was sent/,
    );
    t.match(stdout, /\n {2}zrep_000001 {2}- .* {2}never sent\n/);
    t.match(stdout, /\ntank\/home {2}#\.+\ntank\/new {3}o\.+\n\| a snapshot/);
    const json = JSON.parse(look('fileserver', FILESERVER, 'snapshots --json tank/new').stdout);
    t.match(json, {
      host: 'fileserver',
      tag: 'zrep',
      datasets: [
        {
          dataset: 'tank/new',
          role: 'source',
          snapshots: [
            {
              name: 'zrep_000000',
              guid: '4',
              sent: null,
              creation: 86_400,
              gapSeconds: null,
              action: 'keep',
            },
          ],
        },
      ],
    });
    const asked = look('backup', BACKUP, 'snapshots --verify vault/home', { SSH: '/bin/false' });
    t.match(asked, {
      code: 0,
      stdout:
        /^vault\/home, copy of .*\n {2}which snapshot the next increment begins with is not known: fileserver did not answer/,
    });
    t.notMatch(look('backup', BACKUP, 'snapshots vault/home').stdout, 'increment', 'nobody is asked without');
    t.match(look('fileserver', FILESERVER, `snapshots -c ${folder}/bad.conf`), {
      code: 1,
      stderr: /bad\.conf, line 2: .*; zrep-expire --check -c .*bad\.conf tells of all mistakes\n$/,
    });
    t.match(look('fileserver', FILESERVER, 'snapshots -c /nowhere/x'), {
      code: 1,
      stderr: /\/nowhere\/x cannot be read \(ENOENT\)/,
    });
    t.match(look('fileserver', FILESERVER, 'snapshots tank/none'), {
      code: 1,
      stderr: /^Error: tank\/none does not exist/,
    });
    t.match(look('fileserver', FILESERVER, '-t off snapshots'), {
      code: 1,
      stderr: /belongs to a pair under the tag off; name one/,
    });
  },
);

t.test('status asks zfs twice, however many file systems there are', async (t) => {
  const many: Record<string, string[][]> = {};
  for (let index = 0; index < 200; index += 1) {
    many[`tank/f${index}`] = [...pair(`tank/f${index}`, `vault/f${index}`), MASTER];
    many[`tank/f${index}@zrep_000000`] = snapshot(index, 1_000_000_000);
  }
  const prometheus = `${t.testdir()}/zrep.prom`;
  for (const words of [
    'status',
    'status -v -a',
    'status -m',
    'status tank/f1 tank/f2',
    `status --json --warn 2h --critical 6h --prometheus ${prometheus}`,
  ])
    t.equal(look('fileserver', many, words).calls.length, 2, words);
  t.equal(look('fileserver', many, 'status').stdout.split('\n').length, 201);
});

function only(state: State, dataset: string): State {
  return Object.fromEntries(
    Object.entries(state).filter(([name]) => name === dataset || name.startsWith(`${dataset}@`)),
  );
}
