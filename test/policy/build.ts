/** The policy file's text into a policy with its defaults, or into its mistakes. */

import t from 'tap';
import { type Built, buildPolicy } from '../../src/policy/build.ts';
import { clientLimits, datasetLimits } from '../../src/policy/limits.ts';
import { describeMistake } from '../../src/policy/mistakes.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { FULL_POLICY } from '../fixtures/policy/full.ts';
import { policyFrom } from '../fixtures/policy/judge.ts';

const DEFAULT_AUDIT = {
  syslog: { kind: 'local', socket: '/dev/log' }, facility: 'authpriv', file: undefined, required: true,
}; // biome-ignore format: one table

t.test('a policy with every key says what was written', async (t) => {
  const policy = await policyFrom(FULL_POLICY);
  t.equal(policy.zfs, '/sbin/zfs');
  t.same(policy.zrep, { srcHost: 'fileserver', rundir: '/run/zrep', sendFlags: ['L', 'c'] });
  const syslog = { kind: 'remote', transport: 'udp', host: '2001:db8::1', port: 1514 };
  t.same(policy.audit, { syslog, facility: 'local3', file: '/var/log/gate.jsonl', required: false });
  t.same([...policy.clients.keys()], ['backup1', 'backup2']);
  t.same(policy.clients.get('backup1')?.from, ['192.0.2.10', '2001:db8::/32']);
  t.same(policy.clients.get('backup1')?.grants[0], {
    dataset: 'tank/home', subtree: true, except: ['tank/home/secret'], tags: ['zrep', 'off'],
    operations: ['pull', 'expire', 'read', 'send', 'init'], recursive: true, properties: true, raw: 'forbidden', resume: true,
    filters: ['lz4', 'pigz'],
    limits: {
      streamsPerDataset: 1, snapshotsPerHour: 12, snapshots: 100, freeSpace: { text: '5%', part: 0.05 },
      stallSeconds: 30, keepAtLeast: 2, keepFor: 43_200, bookmarks: true,
    },
  }); // biome-ignore format: one table
  t.same(policy.clients.get('backup1')?.limits, { sessions: 8, streams: 6 });
  t.same(policy.filters.get('pigz'), ['/usr/bin/pigz', '-c', 'two words']);
  t.same(policy.examples, [{ client: 'backup1', command: 'zrep snaponly tank/secret', verdict: 'deny' }]);
});

t.test('what is left out is what is least', async (t) => {
  const policy = await policyFrom(FULL_POLICY.slice(FULL_POLICY.indexOf('[client.backup1]')));
  t.equal(policy.zfs, '/usr/sbin/zfs');
  t.same(policy.zrep, { srcHost: undefined, rundir: '/var/run', sendFlags: [] });
  t.same(policy.audit, DEFAULT_AUDIT);
  t.same(policy.clients.get('backup1')?.grants[1], {
    dataset: 'tank/vm', subtree: false, except: [], tags: ['zrep'], operations: ['read'], recursive: false,
    properties: false, raw: 'optional', resume: false, filters: [], limits: datasetLimits({}, {}),
  }); // biome-ignore format: one table
  t.same(policy.clients.get('backup2'), { from: undefined, grants: [], limits: clientLimits({}, {}) });
});

t.test('each way to write where records go means one place', async (t) => {
  const remote = (transport: string, host: string, port: number) => ({
    kind: 'remote',
    transport,
    host,
    port,
  });
  const targets: [string, Partial<Policy['audit']['syslog']>][] = [
    ['off', { kind: 'off' }],
    ['local', { kind: 'local', socket: '/dev/log' }],
    ['local:/run/log', { kind: 'local', socket: '/run/log' }],
    ['udp://logs.example', remote('udp', 'logs.example', 514) as object],
    ['tcp://192.0.2.1:6514', remote('tcp', '192.0.2.1', 6514) as object],
    ['tcp://[::1]', remote('tcp', '::1', 514) as object],
    ['udp://logs:65535', remote('udp', 'logs', 65535) as object],
  ];
  for (const [written, target] of targets) {
    t.same((await policyFrom(`audit.syslog = "${written}"`)).audit.syslog, target, written);
  }
  for (const wrong of [
    '',
    'LOCAL',
    'local:',
    'local:log',
    'udp://',
    'udp://h:0',
    'udp://::1',
    'udp://h:65536',
    'tls://h',
  ]) {
    t.strictSame(placesIn(await buildPolicy(`audit.syslog = "${wrong}"`)), ['audit.syslog'], wrong);
  }
});

/** [grants and more, the mistakes]; each grant stands in client.a, in this order. */
const CONTRADICTIONS: Record<string, [string, string[]]> = {
  'two grants for one dataset': [
    'client.a.grant = [{ dataset = "t/x", operations = [] }, { dataset = "t", operations = [] }, { dataset = "t/x", operations = [] }]',
    ['client.a.grant[3]: is a second grant for "t/x"; merge the two'],
  ],
  'an exception without subtree': [
    'client.a.grant = [{ dataset = "t", operations = [], except = ["t/x"] }]',
    ['client.a.grant[1]: has "except" without subtree = true; add it, or drop "except"'],
  ],
  'an exception that is not below': [
    'client.a.grant = [{ dataset = "t/x", subtree = true, operations = [], except = ["t/xy", "t/x", "t", "t/x/y"] }]',
    ['t/xy', 't/x', 't'].map(
      (name) => `client.a.grant[1]: excepts "${name}", which does not lie below "t/x"`,
    ),
  ],
  'a filter that is not defined': [
    'client.a.grant = [{ dataset = "t", operations = [], filters = ["lz4", "pigz"] }]',
    ['client.a.grant[1]: names the filter "pigz", which is not defined; add [filter.pigz] argv = [\\u2026]'],
  ],
  'raw streams forbidden and always sent': [
    'zrep.send-flags = ["--raw"]\nclient.a.grant = [{ dataset = "t", operations = [], raw = "forbidden" }]',
    ['client.a.grant[1]: has raw = "forbidden", but zrep.send-flags has -w'],
  ],
  'properties not granted and always sent, which matters to a pull only': [
    'zrep.send-flags = ["-b"]\nclient.a.grant = [{ dataset = "t", operations = ["pull"] }, { dataset = "u", operations = ["read"] }, { dataset = "v", operations = ["pull"], properties = true }, { dataset = "w", operations = ["init"] }]',
    [1, 4].map((grant) => `client.a.grant[${grant}]: has properties = false, but zrep.send-flags has -b`),
  ],
  'an example for nobody': [
    'client.a.grant = []\n[[example]]\nclient = "b"\ncommand = ""\nverdict = "deny"',
    ['example[1].client: there is no client "b"'],
  ],
};

t.test('what cannot both be meant is a mistake, and so nothing is allowed', async (t) => {
  for (const [name, [text, mistakes]] of Object.entries(CONTRADICTIONS)) {
    t.strictSame(linesOf(await buildPolicy(text)), mistakes, name);
  }
});

t.test('a file without anything in it is a mistake', async (t) => {
  for (const text of ['', '\n', '# zfs = "/sbin/zfs"\n']) {
    t.match(linesOf(await buildPolicy(text)), [/^the file: .*is empty/], JSON.stringify(text));
  }
});

t.test('every mistake is listed, with its place counted from one', async (t) => {
  const built = await buildPolicy(`
    zfs = "zfs"
    clients = 1
    [client.a]
    from = ["192.0.2.1", "nowhere"]
    grant = [{ dataset = "t", operations = [] }, { datasett = "u", raw = "maybe" }]`);
  const expected = ['zfs', 'client.a.from[2]', 'client.a.grant[2].dataset', 'client.a.grant[2].operations'];
  t.strictSame(
    placesIn(built).sort(),
    [...expected, 'client.a.grant[2].raw', 'client.a.grant[2].datasett', 'clients'].sort(),
  );
});

t.test('of a broken policy the audit settings still hold, where they can be read', async (t) => {
  const auditOf = async (text: string) => {
    const built = await buildPolicy(text);
    return 'policy' in built ? t.fail('this is no good policy') : built.audit;
  };
  const off = { ...DEFAULT_AUDIT, syslog: { kind: 'off' } };
  t.same(await auditOf('zsf = 1\n[audit]\nsyslog = "off"'), off);
  t.same(
    await auditOf('example = [{ client = "b", command = "", verdict = "deny" }]\n[audit]\nsyslog = "off"'),
    off,
  );
  t.same(await auditOf('zsf = 1\n[audit]\nsyslog = "of"'), undefined);
  t.same(await auditOf('zsf = 1'), undefined);
  t.same(await auditOf('[audit]\nsyslog = "off'), undefined);
});

function linesOf(built: Built): string[] {
  return 'policy' in built ? ['none'] : built.mistakes.map(describeMistake);
}

function placesIn(built: Built): string[] {
  return 'policy' in built ? ['none'] : built.mistakes.map(({ place }) => place);
}
