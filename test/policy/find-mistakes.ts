/** What a mistake in a policy is called: where it is, and what to write instead. */

import { parse as parseToml } from 'smol-toml';
import t from 'tap';
import { findMistakes } from '../../src/policy/find-mistakes.ts';
import { describeMistake } from '../../src/policy/mistakes.ts';
import { policyFile } from '../../src/policy/schema.ts';

const PATH = 'expected an absolute path without blanks, such as "/usr/sbin/zfs"';
const DATASET = 'expected the name of a dataset, such as "tank/home"';
const ADDRESS = 'expected an address or prefix, such as "192.0.2.10" or "2001:db8::/32"';
const UNKNOWN = 'is not a key that is known here';
const KNOWN = `${UNKNOWN}; known are:`;
const TOP = `${KNOWN} zfs, zrep, audit, limits, client, filter, example`;
const AT_LEAST_ONE = 'expected at least 1 entry; leave the key out for its default';

const grant = (rest: string): string => `client.a.grant = [{ dataset = "t", operations = [] }, { ${rest} }]`;

/** [TOML, its mistakes]. */
const MISTAKES: [string, string[]][] = [
  ['zfs = "zfs"', [`zfs: ${PATH}`]],
  ['zfs = 1', [`zfs: ${PATH}`]],
  ['zfs = "/usr/sbin/zfs -x"', [`zfs: ${PATH}`]],
  ['zsf = "/usr/sbin/zfs"', [`zsf: ${TOP}. Did you mean zfs?`]],
  ['zrep.rundri = "/run"', [`zrep.rundri: ${KNOWN} src-host, rundir, send-flags. Did you mean rundir?`]],
  ['zrep = []', ['zrep: expected a table']],
  ['zrep = 2026-11-23', ['zrep: expected a table']],
  ['audit = 10:00:00', ['audit: expected a table']],
  [
    'zrep.send-flags = ["-L", "-R"]',
    ['zrep.send-flags[2]: expected one of -L, -b, -c, -e, -p, -w or their long names'],
  ],
  ['zrep.send-flags = "-L"', ['zrep.send-flags: expected a list: ["..."]']],
  ['audit.required = "yes"', ['audit.required: expected true or false']],
  ['audit.facility = "auth0"', [`audit.facility: expected one of ${facilities()}. Did you mean "auth"?`]],
  ['client = 1', ['client: expected a table']],
  ['client.a = 1', ['client.a: expected a table']],
  ['client.a.from = []', [`client.a.from: ${AT_LEAST_ONE}`]],
  ['client.a.from = ["192.0.2.1", 7]', [`client.a.from[2]: ${ADDRESS}`]],
  [
    'client."a b".from = ["::1"]',
    ['client.a b: expected letters, digits and "_.-", without a blank, such as "backup1"'],
  ],
  [
    'client."\\u001b[2J" = {}',
    ['client.\\x1b[2J: expected letters, digits and "_.-", without a blank, such as "backup1"'],
  ],
  ['client.a.grant = { dataset = "t" }', ['client.a.grant: write it with two brackets: [[client.a.grant]]']],
  ['[client.a.grant]\ndataset = "t"', ['client.a.grant: write it with two brackets: [[client.a.grant]]']],
  ['[example]\nclient = "a"', ['example: write it with two brackets: [[example]]']],
  ['[[client.a]]', ['client.a: write it with one bracket: [client.a]']],
  ['client.a.grant = 1', ['client.a.grant: expected a list: ["..."]']],
  [
    grant('dataset = "u", operations = ["pul"]'),
    [
      'client.a.grant[2].operations[1]: expected one of "pull", "expire", "read", "send", "init". Did you mean "pull"?',
    ],
  ],
  [grant('dataset = "u"'), ['client.a.grant[2].operations: is missing']],
  [grant('operations = []'), ['client.a.grant[2].dataset: is missing']],
  [grant('dataset = "/u", operations = []'), [`client.a.grant[2].dataset: ${DATASET}`]],
  [grant('dataset = "u@s", operations = []'), [`client.a.grant[2].dataset: ${DATASET}`]],
  [
    grant('dataset = "u", operations = ["pull", "all"]'),
    ['client.a.grant[2].operations[2]: expected one of "pull", "expire", "read", "send", "init"'],
  ],
  [grant('dataset = "u", operations = [], tags = []'), [`client.a.grant[2].tags: ${AT_LEAST_ONE}`]],
  [
    grant('dataset = "u", operations = [], tags = ["Zrep"]'),
    ['client.a.grant[2].tags[1]: expected a zrep tag: lower-case letters, digits and "_.:-", such as "zrep"'],
  ],
  [
    grant('dataset = "u", operations = [], raw = true'),
    ['client.a.grant[2].raw: expected one of "forbidden", "optional", "required"'],
  ],
  [grant('dataset = "u", operations = [], resume = 1'), ['client.a.grant[2].resume: expected true or false']],
  ['limits.sessions = 0', ['limits.sessions: expected a whole number from 1 to 1000']],
  ['limits.sessions = "4"', ['limits.sessions: expected a whole number from 1 to 1000']],
  ['limits.stall-seconds = 9.5', ['limits.stall-seconds: expected a whole number from 10 to 86400']],
  ['limits.keep-for = 7', ['limits.keep-for: expected a time such as "7 days", "12 hours" or "0 seconds"']],
  [
    'limits.keep-for = "a week"',
    ['limits.keep-for: expected a time such as "7 days", "12 hours" or "0 seconds"'],
  ],
  [
    'limits.free-space = "100%"',
    ['limits.free-space: expected a part of the pool or a size, such as "2%" or "10G"'],
  ],
  ['client.a.keep-for = "1 day"', [`client.a.keep-for: ${KNOWN} from, grant, sessions, streams`]],
  [
    grant('dataset = "u", operations = [], keep-at-least = 0'),
    ['client.a.grant[2].keep-at-least: expected a whole number from 1 to 1000000'],
  ],
  ['filter.x = {}', ['filter.x.argv: is missing']],
  ['filter.x.argv = ["pigz"]', [`filter.x.argv[1]: ${PATH}`]],
  ['filter.x.argv = ["/pigz", "é"]', ['filter.x.argv[2]: expected printable ASCII']],
  [
    'example = [{ client = "a", command = "", verdict = "no" }]',
    ['example[1].verdict: expected one of "allow", "deny"'],
  ],
  ['__proto__ = 1', [`__proto__: ${TOP}`]],
  ['client.a.__proto__ = {}', [`client.a.__proto__: ${KNOWN} from, grant, sessions, streams`]],
  ['client.__proto__ = {}', [`client.__proto__: ${UNKNOWN}`]],
  ['filter.x = { argv = ["/x"], constructor = 1 }', [`filter.x.constructor: ${KNOWN} argv`]],
];

t.test('a mistake is named by its place and by what to write instead', async (t) => {
  for (const [text, mistakes] of MISTAKES) {
    t.strictSame(findMistakes(policyFile, parseToml(text)).map(describeMistake), mistakes, text);
  }
});

t.test('all mistakes of a file are found at once', async (t) => {
  const text = 'a = 1\nzfs = 1\nzrep.b = 1\naudit.required = 1\nclient.x.from = ["y", "z"]';
  const places = findMistakes(policyFile, parseToml(text)).map(({ place }) => place);
  t.strictSame(places.sort(), [
    'a',
    'audit.required',
    'client.x.from[1]',
    'client.x.from[2]',
    'zfs',
    'zrep.b',
  ]);
});

function facilities(): string {
  const words =
    'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp local0 local1 local2 local3 local4 local5 local6 local7';
  return words.replaceAll(/\w+/g, '"$&"').replaceAll(' ', ', ');
}
