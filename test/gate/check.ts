/** `zrep-gate check`: every mistake with file, place and what to write; the examples; what would not work here. */

import { chmodSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { checkPolicy } from '../../src/gate/check.ts';
import { makeFolder, SAMPLE, writePolicy } from '../fixtures/gate/policy.ts';

const NOW = 1_700_000_000;
const GRANT = '[[client.a.grant]]\ndataset = "tank/x"\noperations = []\n';
const client = (grant: string) => `[[client.a.grant]]\noperations = []\n${grant}\n`;
const example = (keys: string) => `${GRANT}[[example]]\nclient = "a"\ncommand = "zfs list tank/y"\n${keys}\n`;

t.test('a mistake is told with file, place, and what to write instead', async (t) => {
  const cases: [string, string, string | RegExp][] = [
    ['', 'the file', 'it is empty; a policy has at least one [client.NAME]'],
    ['zfs = 5', 'zfs', 'expected an absolute path without blanks, such as "/usr/sbin/zfs"'],
    ['zfs = "zfs"', 'zfs', 'expected an absolute path without blanks, such as "/usr/sbin/zfs"'],
    ['zfz = "/sbin/zfs"', 'zfz', 'is not a key that is known here; known are: zfs, zrep, audit, limits, client, filter, example. Did you mean zfs?'],
    ['["__proto__"]\nx = 1', '__proto__', 'is not a key that is known here; known are: zfs, zrep, audit, limits, client, filter, example'],
    ['[zrep]\nsrc-host = "a b"', 'zrep.src-host', 'expected a host name as uname -n has it, up to its first dot'],
    ['[zrep]\nsend-flags = "-c"', 'zrep.send-flags', 'expected a list: ["..."]'],
    ['[zrep]\nsend-flags = ["-c", "-R"]', 'zrep.send-flags[2]', 'expected one of -L, -b, -c, -e, -p, -w or their long names'],
    ['[audit]\nsyslog = "remote"', 'audit.syslog', 'expected "local", "local:/path/of/socket", "udp://host:514", "tcp://host:514" or "off"'],
    ['[audit]\nfacility = "auth0"', 'audit.facility', /^expected one of "kern", "user", .*"authpriv", .*"local7"\. Did you mean "auth"\?$/],
    ['[audit]\nrequired = "yes"', 'audit.required', 'expected true or false'],
    ['audit = []', 'audit', 'expected a table'],
    ['[client."a b"]', 'client.a b', 'expected letters, digits and "_.-", without a blank, such as "backup1"'],
    ['[client.a]\nfrom = []', 'client.a.from', 'expected at least 1 entry; leave the key out for its default'],
    ['[client.a]\nfrom = ["::1", "here"]', 'client.a.from[2]', 'expected an address or prefix, such as "192.0.2.10" or "2001:db8::/32"'],
    [client(''), 'client.a.grant[1].dataset', 'is missing'],
    [client('dataset = "/tank"'), 'client.a.grant[1].dataset', 'expected the name of a dataset, such as "tank/home"'],
    [`${GRANT}${client('dataset = "t"\ntags = ["Z"]')}`, 'client.a.grant[2].tags[1]', 'expected a zrep tag: lower-case letters, digits and "_.:-", such as "zrep"'],
    [client('dataset = "t"\nraw = "no"'), 'client.a.grant[1].raw', 'expected one of "forbidden", "optional", "required"'],
    [client('dataset = "t"\nreadonly = true'), 'client.a.grant[1].readonly', 'is not a key that is known here; known are: dataset, subtree, except, tags, operations, recursive, properties, raw, resume, filters, streams-per-dataset, snapshots-per-hour, snapshots, free-space, stall-seconds, keep-at-least, keep-for, bookmarks'],
    ['[[client.a.grant]]\ndataset = "t"\noperations = ["pull", "push"]', 'client.a.grant[1].operations[2]', 'expected one of "pull", "expire", "read", "send", "init"'],
    ['[filter.x]\nargv = []', 'filter.x.argv[1]', 'is missing'],
    ['[filter.x]\nargv = ["pigz"]', 'filter.x.argv[1]', 'expected an absolute path without blanks, such as "/usr/sbin/zfs"'],
    [example('verdict = "maybe"'), 'example[1].verdict', 'expected one of "allow", "deny"'],
    [`${GRANT}${GRANT}`, 'client.a.grant[2]', 'is a second grant for "tank/x"; merge the two'],
    [client('dataset = "t"\nexcept = ["t/x"]'), 'client.a.grant[1]', 'has "except" without subtree = true; add it, or drop "except"'],
    [client('dataset = "t/a"\nsubtree = true\nexcept = ["t/ab"]'), 'client.a.grant[1]', 'excepts "t/ab", which does not lie below "t/a"'],
    [client('dataset = "t"\nfilters = ["x"]'), 'client.a.grant[1]', 'names the filter "x", which is not defined; add [filter.x] argv = [\\u2026]'],
    [`[zrep]\nsend-flags = ["-w"]\n${client('dataset = "t"\nraw = "forbidden"')}`, 'client.a.grant[1]', 'has raw = "forbidden", but zrep.send-flags has -w'],
    ['[[example]]\nclient = "b"\ncommand = "x"\nverdict = "deny"', 'example[1].client', 'there is no client "b"'],
  ]; // biome-ignore format: one table
  for (const [text, place, problem] of cases) {
    const { path, errors, summary } = await check(text);
    const [error = '', ...more] = errors;
    const head = `${path}: ${place}: `;
    t.equal(error.slice(0, head.length), head, `file and place: ${JSON.stringify(text)}`);
    if (typeof problem === 'string') t.equal(error.slice(head.length), problem);
    else t.match(error.slice(head.length), problem);
    t.same(
      more.filter((other) => other !== error),
      [],
      'and nothing else',
    );
    t.equal(summary, '', 'and no summary of a policy that is none');
  }
});

t.test('what is no TOML is told with line and column', async (t) => {
  const cases: [string, string][] = [
    ['zfs = "/sbin/zfs"\nzfs = "/sbin/zfs"', 'line 2, column 1'],
    ['[client.a\n', 'line 1, column 10'],
    ['\n\n[zrep]\nrundir = /var/run', 'line 4, column 10'],
  ];
  for (const [text, place] of cases) {
    const { path, errors } = await check(text);
    const head = `${path}: ${place}: `;
    t.equal(errors[0]?.slice(0, head.length), head, JSON.stringify(text));
    t.match(errors[0], /: line \d+, column \d+: \S.*\S$/, 'and with the problem, in one line');
  }
});

t.test('all mistakes are told in one run, on printable lines', async (t) => {
  const { errors } = await check('zfs = ""\n"\\u001b[31m" = 1\n[zrep]\nrundir = "x"\n[audit]\nrequired = 1');
  t.equal(errors.length, 4);
  t.match(errors.join(), '\\x1b[31m: is not a key that is known here');
  for (const error of errors) t.match(error, /^[\x20-\x7e]+$/);
});

t.test('a sound policy is summed up', async (t) => {
  const { errors, summary } = await check(SAMPLE);
  t.same(errors, []);
  t.equal(summary, '2 clients, 4 grants, 0 examples');
  t.equal((await check(example('verdict = "deny"'))).summary, '1 client, 1 grant, 1 example');
});

t.test(
  'an example with another verdict than its author meant is told with its place and the reason',
  async (t) => {
    const tail = [
      ['backup1', 'zrep snaponly tank/home', 'allow'],
      ['backup1', 'zrep snaponly tank/home', 'deny'],
      ['backup2', 'zfs list tank/home', 'allow'],
      ['backup1', 'zrep _refreshcomplete tank/home@zrep_00000a zrep:sent={NOW}', 'allow'],
      ['backup1', 'zrep _refreshcomplete tank/home@zrep_00000a zrep:sent=1', 'allow'],
      ['backup1', 'id', 'deny'],
    ].map(
      ([who, command, verdict]) => `[[example]]\nclient="${who}"\ncommand="${command}"\nverdict="${verdict}"`,
    );
    const { path, errors, summary } = await check(`${SAMPLE}\n${tail.join('\n')}`);
    t.same(errors, [
      `${path}: example[2]: "zrep snaponly tank/home" should be "deny", but is "allow": the grant for "tank/home" allows it`,
      `${path}: example[5]: "zrep _refreshcomplete tank/home@zrep_00000a zrep:sent=1" should be "allow", but is "deny": ` +
        "a sent mark must lie between 31 days ago and a day ahead; check this host's clock",
    ]);
    t.equal(summary, '2 clients, 4 grants, 6 examples');
  },
);

t.test('warned is of programs that are not here, of those only that a grant can start', async (t) => {
  const text = `zfs = "/nowhere/zfs"\n[filter.here]\nargv = ["/bin/sh"]\n[filter.gone]\nargv = ["/nowhere/gone"]
    [filter.unused]\nargv = ["/nowhere/unused"]\n${GRANT}filters = ["here", "gone"]`;
  const { warnings } = await check(text);
  t.same(
    warnings.filter((warning) => warning.endsWith('is not an executable here')),
    ['/nowhere/zfs is not an executable here', '/nowhere/gone is not an executable here'],
  );
});

t.test('warned is of a limit that the floors alone fill, where snapshots are made', async (t) => {
  const said = async (keys: string) =>
    (await check(`${GRANT.replace('[]', '["pull"]')}${keys}`)).warnings.filter((one) =>
      one.includes('keep-at-least'),
    );
  t.same(await said('snapshots = 5'), [
    'client.a.grant[1]: snapshots = 5 is not more than keep-at-least = 5, so with 5 snapshots the gate refuses every new one; raise snapshots',
  ]);
  t.same(await said('snapshots = 6'), []);
  t.same(await said('snapshots = 5\nkeep-at-least = 4'), []);
  const { warnings } = await check(`${GRANT}snapshots = 5`);
  t.same(
    warnings.filter((one) => one.includes('keep-at-least')),
    [],
  );
});

t.test('warned is of whatever would make serve refuse the file where it lies', async (t) => {
  const path = writePolicy(t, GRANT);
  chmodSync(path, 0o666);
  const { warnings } = await checkPolicy(path, NOW);
  t.match(
    warnings.join('\n'),
    `serve would refuse this file: ${path} can be written by others than root; run: chmod go-w ${path}`,
  );
  const link = `${makeFolder(t)}/link`;
  symlinkSync(dirname(path), link);
  const through = await checkPolicy(`${link}/policy.toml`, NOW);
  t.same(through.errors, []);
  t.match(
    through.warnings.join('\n'),
    `serve would refuse this file: ${link} is a symbolic link; use the real path`,
  );
});

t.test('a file that cannot be read is told with the reason', async (t) => {
  const folder = makeFolder(t);
  await t.rejects(checkPolicy(folder, NOW), { message: `${folder} is not a regular file` });
  symlinkSync(writePolicy(t, GRANT), `${folder}/link`);
  await t.rejects(checkPolicy(`${folder}/link`, NOW), {
    message: `${folder}/link: is a symbolic link; use the real path`,
  });
  const latin = writePolicy(t, Buffer.from('# \xe9', 'latin1'));
  await t.rejects(checkPolicy(latin, NOW), { message: `${latin} is not UTF-8 text` });
  const huge = writePolicy(t, '#'.repeat(1024 * 1024 + 1));
  await t.rejects(checkPolicy(huge, NOW), {
    message: `${huge} has 1048577 bytes, more than the 1048576 allowed`,
  });
});

async function check(text: string) {
  const path = writePolicy(t, text);
  return { path, ...(await checkPolicy(path, NOW)) };
}
