/** The words of list, status, getlastsent and uptodate. */

import t from 'tap';
import { Failure } from '../../../src/client/run/failure.ts';
import { readCommandLine } from '../../../src/client/words/command-line.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';

const read = (text: string) => readCommandLine(text.split(' ').filter((word) => word !== '')).command;
const LIST = { kind: 'list', datasets: [], verbose: false, masters: false, snapshots: false };
const STATUS = {
  kind: 'status',
  datasets: [],
  all: false,
  verbose: false,
  unsent: false,
  monitoring: undefined,
};

t.test('each has the names and options of stock, in any order', async (t) => {
  const commands: [string, object][] = [
    ['list', LIST],
    ['-l tank/a tank/b', { ...LIST, datasets: ['tank/a', 'tank/b'] }],
    ['list -v', { ...LIST, verbose: true }],
    ['list tank/a -L', { ...LIST, datasets: ['tank/a'], masters: true }],
    ['list -L -v', { ...LIST, masters: true, verbose: true }],
    ['list -s tank/a', { ...LIST, datasets: ['tank/a'], snapshots: true }],
    ['status', STATUS],
    ['-s -v tank/a', { ...STATUS, datasets: ['tank/a'], verbose: true }],
    ['status -a', { ...STATUS, all: true }],
    ['status all', { ...STATUS, all: true }],
    ['status -v -m -a', { ...STATUS, verbose: true, unsent: true, all: true }],
    ['getlastsent tank/a', { kind: 'getlastsent', datasets: ['tank/a'] }],
    ['lastsent tank/a tank/b', { kind: 'getlastsent', datasets: ['tank/a', 'tank/b'] }],
    ['snapshots', { kind: 'snapshots', datasets: [], config: undefined, keep: 5, json: false }],
    ['snapshots all', { kind: 'snapshots', datasets: [] }],
    ['snapshots -c /x -k 0 --json tank/a', { datasets: ['tank/a'], config: '/x', keep: 1, json: true }],
    ['uptodate tank/a', { kind: 'uptodate', datasets: ['tank/a'] }],
  ];
  for (const [text, command] of commands) t.match(read(text), command, text);
});

t.test('status for monitoring takes ages in words, and a file of the right ending', async (t) => {
  const none = { json: false, warn: undefined, critical: undefined, prometheus: undefined, verify: false };
  const commands: [string[], object][] = [
    [['status', '--json'], { ...none, json: true }],
    [['status', '--warn', '2h', '--critical', '1 day'], { ...none, warn: 7200, critical: 86_400 }],
    [['-s', '--critical', '90min'], { ...none, critical: 5400 }],
    [['status', '-w', '2h', '-c', '6h'], { ...none, warn: 7200, critical: 21_600 }],
    [['status', '--warning', '2h', '--crit', '6h'], { ...none, warn: 7200, critical: 21_600 }],
    [
      ['status', '--prometheus', '/x/zrep.prom', '--verify'],
      { ...none, prometheus: '/x/zrep.prom', verify: true },
    ],
  ];
  for (const [argv, monitoring] of commands)
    t.match(readCommandLine(argv).command, { kind: 'status', monitoring }, argv.join(' '));
  const wrong: [string, RegExp][] = [
    ['status --warn 2h --critical 1h', /^--critical is less than --warn; the form is/],
    ['status --critical', /^--critical needs a AGE behind it/],
    ['status --warn 90m', /^--warn: "90m" could be minutes or months/],
    ['status --prometheus /x/zrep.txt', /^"\/x\/zrep\.txt" does not end in \.prom/],
    ['status --prometheus .prom', /^"\.prom" does not end/],
    ['status -m --json', /^-m is for people/],
  ];
  for (const [text, message] of wrong) t.throws(() => read(text), { message }, text);
});

t.test('what fails in stock fails in its words, and is no wrong usage', async (t) => {
  const failures = {
    'list tank/a@b': 'Expecting filesystem, but got "tank/a@b"',
    'status tank/a@b': '"tank/a@b" is not a zrep registered filesystem',
    getlastsent: 'zrep getlastsent requires the name of a zrep managed fs',
    uptodate: 'zrep uptodate requires the name of a zrep managed fs',
  };
  for (const [text, message] of Object.entries(failures))
    t.throws(() => read(text), new Failure(message), text);
});

t.test('what makes no sense is told with the form', async (t) => {
  t.throws(() => read('list -s -v'), { message: /^-s stands alone; the form is: zrep list/ });
  t.throws(() => read('uptodate tank/a@b'), { message: /is not the name of a file system; the form is/ });
  t.throws(() => read('snapshots -k many'), { message: /^-k: "many" is not a whole number; the form is/ });
  for (const text of ['list -s -L', 'list -Lv', 'getlastsent tank/a@b', 'status -x'])
    t.ok(isWrongUsage(text), text);
});

function isWrongUsage(text: string): boolean {
  try {
    read(text);
    return false;
  } catch (error) {
    return error instanceof UsageError;
  }
}
