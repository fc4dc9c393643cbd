/** Settings: what each variable and switch says, its default, and what is said of one that makes no sense. */

import fc from 'fast-check';
import t from 'tap';
import {
  type Machine,
  readSettings,
  type Settings,
  type Switches,
  thisMachine,
} from '../../../src/client/words/settings.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';
import { foreignText } from '../../fixtures/command/texts.ts';

const MACHINE: Machine = { nodeName: 'backup1.example.org', root: true, zfs: '/sbin/zfs' };

const DEFAULTS: object = {
  tag: 'zrep',
  zrepPath: 'zrep',
  ssh: ['ssh'],
  recursive: false,
  debug: false,
  force: false,
  verbose: false,
  resume: false,
  outFilter: undefined,
  inFilter: [],
  incrementFlag: '-I',
  sendFlags: [],
  resumeFlags: [],
  skipExpire: false,
  hostName: 'backup1',
  rundir: '/var/run',
  statedir: '/var/lib/zrep-gate',
  remembers: true,
  saveCount: 5,
  saveCountGiven: false,
  createFlags: [],
  initRemoteProperties: [],
  renameUnsent: true,
  changedOnly: false,
  waitSeconds: 0,
  dateFormat: '%Y/%m/%d-%H:%M:%S',
  zfs: '/sbin/zfs',
};

type Variables = Record<string, string>;
const read = (variables: Variables, switches: Switches = {}, machine = MACHINE) =>
  readSettings(variables, switches, machine).settings;

/** The message of the UsageError that reading ends in; undefined when it does not. */
function mistake(...[variables, switches, machine]: Parameters<typeof read>): string | undefined {
  try {
    read(variables, switches, machine);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return undefined;
}

t.test('without anything said the settings are those of stock', async (t) => {
  t.strictSame(readSettings({}, {}, MACHINE), { settings: DEFAULTS, warnings: [] });
  const user = read({}, {}, { ...MACHINE, root: false });
  t.strictSame(
    user,
    { ...DEFAULTS, rundir: '/tmp', remembers: false },
    'whose folder for locks is another for who is not root, and who remembers nothing',
  );
  const folder = read({ ZREP_STATEDIR: '/home/zrep/state' }, {}, { ...MACHINE, root: false });
  t.match(folder, { statedir: '/home/zrep/state', remembers: true }, 'but in a folder that was named');
});

t.test('each variable says its own, and nothing else', async (t) => {
  const said: [Variables, Partial<Record<keyof Settings, unknown>>][] = [
    [{ ZREPTAG: 'off' }, { tag: 'off', zrepPath: 'zrep -t off', incrementFlag: '-i' }],
    [{ ZREPTAG: 'zrep' }, {}],
    [{ ZREP_PATH: 'sudo /usr/local/bin/zrep' }, { zrepPath: 'sudo /usr/local/bin/zrep' }],
    [{ ZREP_PATH: ' sudo  zrep ' }, { zrepPath: ' sudo  zrep ' }],
    [
      { ZREP_PATH: 'sudo zrep', ZREPTAG: 'a' },
      { tag: 'a', zrepPath: 'sudo zrep -t a', incrementFlag: '-i' },
    ],
    [{ SSH: ' ssh -p 2222  -l "b u" ' }, { ssh: ['ssh', '-p', '2222', '-l', 'b u'] }],
    [{ ZREP_R: '-R' }, { recursive: true }],
    [{ DEBUG: '0' }, { debug: true }],
    [{ ZREP_FORCE: '-f' }, { force: true }],
    [{ ZREP_VERBOSE: 'yes' }, { verbose: true }],
    [{ ZREP_WAIT: '10min' }, { waitSeconds: 600 }],
    [{ ZREP_RESUME: '1' }, { resume: true }],
    [{ ZREP_OUTFILTER: 'lz4 -c | cat' }, { outFilter: 'lz4 -c | cat' }],
    [{ ZREP_INFILTER: 'cat | lz4 -d' }, { inFilter: [['cat'], ['lz4', '-d']] }],
    [{ ZREP_INC_FLAG: '-i' }, { incrementFlag: '-i' }],
    [
      { ZREP_INC_FLAG: '-I', ZREPTAG: 'a' },
      { tag: 'a', zrepPath: 'zrep -t a', incrementFlag: '-I' },
    ],
    [{ ZREP_SEND_FLAGS: '-c --raw' }, { sendFlags: ['-c', '--raw'] }],
    [{ ZREP_RESUME_FLAGS: '-v' }, { resumeFlags: ['-v'] }],
    [{ ZREP_SKIP_EXPIRE: '1' }, { skipExpire: true }],
    [{ ZREP_SRC_HOST: 'a.example.org' }, { hostName: 'a.example.org' }],
    [{ ZREP_RUNDIR: '/run/zrep' }, { rundir: '/run/zrep' }],
    [{ ZREP_STATEDIR: '/srv/zrep' }, { statedir: '/srv/zrep' }],
    [{ ZREP_SAVE_COUNT: '12' }, { saveCount: 12, saveCountGiven: true }],
    [{ ZREP_CREATE_FLAGS: '-o compression=on' }, { createFlags: ['-o', 'compression=on'] }],
    [{ ZREP_INIT_REMOTE_PROPERTIES: 'a=1 b:c=2' }, { initRemoteProperties: ['a=1', 'b:c=2'] }],
    [{ ZREP_RENAME_UNSENT: 'no' }, { renameUnsent: false }],
    [{ ZREP_CHANGEDONLY: 'yes' }, { changedOnly: true }],
    [{ ZREP_DATEFORMAT: '%s' }, { dateFormat: '%s' }],
    [{ ZREP_ZFS: '/opt/zfs' }, { zfs: '/opt/zfs' }],
    [{ HOME: '/root', LANG: 'C' }, {}],
  ];
  for (const [variables, differing] of said)
    t.strictSame(read(variables), { ...DEFAULTS, ...differing }, JSON.stringify(variables));
});

t.test('--wait speaks louder than ZREP_WAIT, and what is no time is refused', async (t) => {
  t.equal(read({ ZREP_WAIT: '10min' }, { wait: '2h' }).waitSeconds, 7200);
  t.match(mistake({ ZREP_WAIT: 'long' }), /^ZREP_WAIT: /);
  t.match(mistake({}, { wait: '5 parsecs' }), /^--wait: /);
});

t.test('a variable that is set but empty says nothing', async (t) => {
  const names = [
    'SSH',
    'BBCP',
    'MBUFFER',
    'DEBUG',
    'ZREPTAG',
    'ZREP_PATH',
    'ZREP_R',
    'ZREP_INC_FLAG',
    'ZREP_SAVE_COUNT',
  ];
  t.strictSame(read(Object.fromEntries(names.map((name) => [name, '']))), DEFAULTS);
});

t.test('a switch goes before its variable', async (t) => {
  t.match(read({ ZREPTAG: 'a' }, { tag: 'b' }), { tag: 'b', zrepPath: 'zrep -t b' });
  for (const name of ['recursive', 'debug', 'force', 'verbose', 'resume'] as const) {
    t.strictSame(read({}, { [name]: true }), { ...DEFAULTS, [name]: true }, name);
    t.strictSame(
      read(
        { ZREP_R: '-R', DEBUG: '1', ZREP_FORCE: '-f', ZREP_VERBOSE: '1', ZREP_RESUME: '1' },
        { [name]: false },
      )[name],
      true,
      `${name}, which takes nothing away`,
    );
  }
});

t.test('MBUFFER is taken for both filters, with the warnings of stock', async (t) => {
  const { settings, warnings } = readSettings({ MBUFFER: 'mbuffer -m 1G' }, {}, MACHINE);
  t.match(settings, { outFilter: ' mbuffer -m 1G', inFilter: [['mbuffer', '-m', '1G']] });
  t.same(warnings, [
    'WARNING: MBUFER variable deprecated in zrep',
    'WARNING: use ZREP_OUTFILTER and ZREP_INFILTER instead',
  ]);
  for (const name of ['ZREP_OUTFILTER', 'ZREP_INFILTER'])
    t.match(mistake({ MBUFFER: 'mbuffer', [name]: 'cat' }), /^MBUFFER is set besides .* unset it/, name);
});

t.test('BBCP cannot be, and it is said what can', async (t) => {
  t.match(
    mistake({ BBCP: 'bbcp -s 8' }),
    /^BBCP is set, .* unset BBCP, also in \/etc\/default\/zrep, and use ZREP_OUTFILTER/,
  );
});

t.test('what makes no sense is said, with what to write', async (t) => {
  const wrong: [Variables, RegExp][] = [
    [{ ZREPTAG: 'Off' }, /^ZREPTAG: "Off" cannot be a zrep tag; take .* e\.g\. zrep-offsite$/],
    [{ ZREP_PATH: 'zrep; id' }, /^ZREP_PATH is "zrep; id", which has shell syntax .*, e\.g\. ZREP_PATH="sudo/],
    [{ ZREP_PATH: 'a | b' }, /^ZREP_PATH can be one command, without \|; write e\.g\. ZREP_PATH=/],
    [{ ZREP_PATH: '-o x' }, /^ZREP_PATH begins with an option; write/],
    [{ ZREP_PATH: 'zrep\n' }, /^ZREP_PATH is "zrep\\n", which/],
    [{ ZREP_PATH: ' ' }, /^ZREP_PATH is " ", which has .* no words/],
    [{ SSH: 'ssh -i ~/.ssh/id' }, /^SSH is "ssh -i ~\/\.ssh\/id", which .* \(no ~, \$, or \*\), e\.g\. SSH="ssh -p/],
    [{ SSH: 'ssh $X' }, /^SSH is/],
    [{ SSH: 'ssh | x' }, /^SSH can be one command/],
    [{ ZREP_R: 'yes' }, /^ZREP_R is "yes", but can only be -R, or unset; write ZREP_R=-R$/],
    [{ ZREP_FORCE: 'yes' }, /^ZREP_FORCE is "yes", but can only be -f, or unset/],
    [{ ZREP_OUTFILTER: 'a\nb' }, /^ZREP_OUTFILTER is "a\\nb"; write it in one line/],
    [{ MBUFFER: 'a\tb' }, /^MBUFFER is " a\\tb"; write it in one line/],
    [{ ZREP_INFILTER: 'a > b' }, /^ZREP_INFILTER is "a > b", which .* e\.g\. ZREP_INFILTER="lz4 -d"$/],
    [{ ZREP_INFILTER: 'a && b' }, /^ZREP_INFILTER is/],
    [{ ZREP_INC_FLAG: '-x' }, /^ZREP_INC_FLAG is "-x", but can only be -I .* or -i/],
    [{ ZREP_SEND_FLAGS: '-c tank/a' }, /^ZREP_SEND_FLAGS can hold options of zfs send alone, and "tank\/a" is none/],
    [{ ZREP_SEND_FLAGS: '-c | id' }, /^ZREP_SEND_FLAGS can be one command/],
    [{ ZREP_RESUME_FLAGS: '-' }, /^ZREP_RESUME_FLAGS can hold options/],
    [{ ZREP_SRC_HOST: '-oProxyCommand=id' }, /^this host is called "-oProxyCommand=id", which is no host name; set ZREP_SRC_HOST/],
    [{ ZREP_SRC_HOST: 'a b' }, /^this host is called "a b"/],
    [{ ZREP_RUNDIR: 'run' }, /^ZREP_RUNDIR is "run"; write a path in full/],
    [{ ZREP_ZFS: 'zfs' }, /^ZREP_ZFS is "zfs"; write a path in full/],
    ...['0', '-1', '1.5', '5 ', 'five', '1e3', '09', '9999999999'].map((count): [Variables, RegExp] => [{ ZREP_SAVE_COUNT: count }, /^ZREP_SAVE_COUNT is ".*"; write a whole number of at least 1/]),
    [{ ZREP_CREATE_FLAGS: '-o $(id)' }, /^ZREP_CREATE_FLAGS is/],
    [{ ZREP_INIT_REMOTE_PROPERTIES: 'compression' }, /^ZREP_INIT_REMOTE_PROPERTIES: "compression" is not property=value/],
    [{ ZREP_INIT_REMOTE_PROPERTIES: '-r a=b' }, /^ZREP_INIT_REMOTE_PROPERTIES: "-r"/],
    [{ ZREP_DATEFORMAT: 'a\x1b' }, /^ZREP_DATEFORMAT is "a\\x1b"; write it/],
  ]; // biome-ignore format: one table
  for (const [variables, message] of wrong)
    t.match(mistake(variables) ?? '', message, JSON.stringify(variables));
  t.match(mistake({ ZREPTAG: 'a' }, { tag: 'B' }), /^-t: "B" cannot/);
  t.match(mistake({}, {}, { ...MACHINE, nodeName: 'bäckup' }), /^this host is called "b\\xe4ckup"/);
  t.match(
    mistake({}, {}, { ...MACHINE, zfs: undefined }),
    /^there is no zfs in .*\/usr\/local\/sbin\/zfs; install it .* or set ZREP_ZFS/,
  );
});

t.test('whatever a variable holds, it is words and printable, or a complaint that is', async () => {
  const names = [
    'SSH',
    'ZREP_PATH',
    'ZREP_INFILTER',
    'ZREP_OUTFILTER',
    'ZREP_SEND_FLAGS',
    'ZREPTAG',
    'ZREP_SRC_HOST',
    'MBUFFER',
    'ZREP_CREATE_FLAGS',
    'ZREP_DATEFORMAT',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...names), foreignText, (name, text) => {
      const said = mistake({ [name]: text }) ?? JSON.stringify(readSettings({ [name]: text }, {}, MACHINE));
      return /^[\x20-\x7e]*$/.test(said);
    }),
    { numRuns: 1000 },
  );
});

t.test('this machine is this one', async (t) => {
  t.match(thisMachine(), { nodeName: /./, root: process.geteuid?.() === 0 });
});
