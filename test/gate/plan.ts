/** What would run for each operation, word by word, and what only running it can tell. */

import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Pipeline } from '../../src/command/request.ts';
import { planOf } from '../../src/gate/plan.ts';
import { type Allowed, decide } from '../../src/policy/decide.ts';
import type { Capability } from '../../src/zfs/capabilities.ts';
import { parseZrepSnapshot, type ZrepSnapshot } from '../../src/zfs/names.ts';
import { formatResumeToken } from '../../src/zfs/resume-token.ts';
import { ASKER, policyOf, SAMPLE } from '../fixtures/gate/policy.ts';

const policy = await policyOf(SAMPLE);
const token = formatResumeToken({
  snapshot: parseZrepSnapshot('tank/home@zrep_00000a') as ZrepSnapshot,
  ...{ object: 1n, offset: 2n, bytes: 3n, toguid: 4n, fromguid: 5n },
  features: ['compressok'],
});

const LZ4 = '| /usr/bin/lz4 -z -q -c';
const SAVECOUNT = 'zrep:savecount is a whole number of at least 1';
const KEPT = [
  'the last sent snapshot, every newer one, and held ones stay',
  'the last sent snapshot and 4 before it stay, and each until 604800 seconds after a newer one was marked as sent',
];
const EACH = 'each dataset below is within the limits of its own grant';
const FIRST = 'where a limit forbids one more, what zrep expire would destroy has gone first';
const GUIDS =
  'the GUIDs in the token are those of this dataset: of a snapshot with this tag, from any of its snapshots or bookmarks';

/** Under the lock of `dataset`: [command, dataset, tag, what runs between, conditions behind those of the lock]. */
const LOCKED: [string, string, string, string[], string[]][] = [
  ['zrep snaponly tank/home', 'tank/home', 'zrep', ['/sbin/zfs snapshot tank/home@zrep_<next>'], [...room('zrep'), FIRST]],
  ['zrep -R snaponly tank/vm/a', 'tank/vm/a', 'zrep', ['/sbin/zfs snapshot -r tank/vm/a@zrep_<next>'], [...room('zrep'), EACH, FIRST]],
  ['zrep -t uk snaponly tank/home', 'tank/home', 'uk', ['/sbin/zfs snapshot tank/home@uk_<next>'], [...room('uk'), FIRST]],
  [
    'zrep _refreshpull tank/home@zrep_00000a | lz4 -9 | pigz', 'tank/home', 'zrep',
    ['/sbin/zfs send -L -c -I "<last sent>" tank/home@zrep_00000a', LZ4, '| /opt/pigz -c "two words"', record('tank/home@zrep_00000a')],
    latest('tank/home@zrep_00000a', 'zrep'),
  ],
  [
    'zrep -t uk _refreshpull tank/home@uk_00000a', 'tank/home', 'uk',
    ['/sbin/zfs send -L -c -i "<last sent>" tank/home@uk_00000a', record('tank/home@uk_00000a')],
    latest('tank/home@uk_00000a', 'uk'),
  ],
  [
    'zrep -R _refreshpull tank/vm@zrep_00000a', 'tank/vm', 'zrep',
    ['/sbin/zfs send -L -R -c -I "<last sent>" tank/vm@zrep_00000a', record('tank/vm@zrep_00000a')],
    latest('tank/vm@zrep_00000a', 'zrep', true),
  ],
  [
    'zrep _refreshpull tank/enc@zrep_00000a', 'tank/enc', 'zrep',
    ['/sbin/zfs send -L -c -w -I "<last sent>" tank/enc@zrep_00000a', record('tank/enc@zrep_00000a')],
    latest('tank/enc@zrep_00000a', 'zrep'),
  ],
  [
    `zrep _refreshpull tank/home@zrep_00000b ${token}`, 'tank/home', 'zrep',
    [`/sbin/zfs send -t ${token}`, record('tank/home@zrep_00000a')], [GUIDS],
  ],
  [
    'zrep _refreshpull tank/home@zrep_00000a from=77', 'tank/home', 'zrep',
    ['/sbin/zfs send -L -c -I "<base 77>" tank/home@zrep_00000a', record('tank/home@zrep_00000a')],
    [
      'tank/home@zrep_00000a is the latest zrep snapshot',
      'an older snapshot of the dataset, or a bookmark, has the GUID 77; from a bookmark it is -i, and never recursive',
      'it is -i where no snapshot is between',
    ],
  ],
  [
    'zrep _initpull tank/home@zrep_00000a | lz4 -9', 'tank/home', 'zrep',
    ['/sbin/zfs send -L -c tank/home@zrep_00000a', LZ4, record('tank/home@zrep_00000a')],
    ['tank/home@zrep_00000a exists; if a snapshot is marked zrep:sent already, it is the latest one, and not marked'],
  ],
  [
    'zrep -R _initpull tank/vm/a@zrep_000000', 'tank/vm/a', 'zrep',
    ['/sbin/zfs send -L -R -c tank/vm/a@zrep_000000', record('tank/vm/a@zrep_000000')],
    ['tank/vm/a@zrep_000000 exists; if a snapshot is marked zrep:sent already, it is the latest one, and not marked'],
  ],
  [
    `zrep _initpull tank/home@zrep_00000b ${token}`, 'tank/home', 'zrep',
    [`/sbin/zfs send -t ${token}`, record('tank/home@zrep_00000a')],
    ['the GUID in the token is that of tank/home@zrep_00000a, which is not marked zrep:sent, whatever the command names and however new it is'],
  ],
  [
    'zrep expire -L tank/home', 'tank/home', 'zrep',
    ['/sbin/zfs destroy "tank/home@<each beyond savecount>"'], [SAVECOUNT, ...KEPT],
  ],
  [
    'zrep expire -L tank/vm', 'tank/vm', 'zrep',
    ['/sbin/zfs destroy "tank/vm/<child>@<each of the same run>"', '/sbin/zfs destroy "tank/vm@<each beyond savecount>"'],
    [SAVECOUNT, ...KEPT, 'what was made at once goes at once: each dataset below keeps its part by the floors of its own grant'],
  ],
]; // biome-ignore format: one table

/** Without a lock: [command, what runs, conditions]. */
const FREE: [string, string[], string[]][] = [
  [
    'zrep _refreshcomplete tank/home@zrep_00000a zrep:sent=1700000000',
    [record('tank/home@zrep_00000a'), '/sbin/zfs set zrep:sent=1700000000 tank/home@zrep_00000a'], ['a stream of tank/home@zrep_00000a to "backup1" has ended well'],
  ],
  [
    'zfs send -pw -I tank/home@zrep_000001 tank/home@zrep_000002 | lz4',
    ['/sbin/zfs send -p -w -I tank/home@zrep_000001 tank/home@zrep_000002', LZ4], ['the snapshots exist'],
  ],
  ['zfs send -vn -PL tank/home@uk_000002', ['/sbin/zfs send -nvP -L tank/home@uk_000002'], ['the snapshots exist']],
  ['zfs send tank/home@uk_000002', ['/sbin/zfs send tank/home@uk_000002'], ['the snapshots exist']],
  [
    'zrep -t uk _state tank/home',
    ['/sbin/zfs get -Hp -r -d 1 -o name,property,value,source referenced,uk:master,uk:src-fs,uk:src-host,uk:dest-fs,uk:dest-host,uk:savecount,uk:lastsent,guid,createtxg,creation,userrefs,zrep-gate:streamed,uk:sent,type tank/home'],
    ['the dataset exists'],
  ],
  [
    'zfs list -H tank/home',
    ['/sbin/zfs list -H -o name,used,available,referenced tank/home'], ['the dataset exists'],
  ],
  [
    'zfs get -Hp -o value zrep:savecount tank/home@zrep_000001',
    ['/sbin/zfs get -H -p -o value zrep:savecount tank/home@zrep_000001'], ['the dataset exists'],
  ],
]; // biome-ignore format: one table

t.test('what changes or streams a file system stands between taking its lock and letting go of it', (t) => {
  for (const [command, dataset, tag, between, conditions] of LOCKED) {
    const { processes, conditions: found } = plan(command);
    const taken = [`lock-pid=<pid>`, `lock-time=<now>`].map(
      (word) => `/sbin/zfs set ${tag}:${word} ${dataset}`,
    );
    const freed = ['lock-time', 'lock-pid'].map((word) => `/sbin/zfs inherit ${tag}:${word} ${dataset}`);
    t.same(processes, [...taken, ...between, ...freed], command);
    t.same(found, [
      'no other zrep holds the lock of the file system',
      `${tag}:src-host is this host, and ${tag}:master=yes is set on the file system itself`,
      ...conditions,
    ]);
  }
  t.end();
});

t.test('where zfs can, the lock is one call, and so are the snapshots of a dataset that expire', (t) => {
  t.same(plan('zrep expire -L tank/vm', ['batches']).processes, [
    '/sbin/zfs set zrep:lock-pid=<pid> zrep:lock-time=<now> tank/vm',
    '/sbin/zfs destroy "tank/vm/<child>@<all of the same run>"',
    '/sbin/zfs destroy "tank/vm@<all beyond savecount>"',
    '/sbin/zfs inherit zrep:lock-time tank/vm',
    '/sbin/zfs inherit zrep:lock-pid tank/vm',
  ]);
  t.same(plan('zrep expire -L tank/home', ['batches']).processes.slice(1, -2), [
    '/sbin/zfs destroy "tank/home@<all beyond savecount>"',
  ]);
  t.end();
});

t.test(
  'a mark that is to expire is one program, where zfs runs them and the grant lets it expire that alone',
  (t) => {
    const can = ['batches', 'programs'] as const;
    const mark = 'zrep _refreshcomplete tank/home@zrep_00000a zrep:sent=1700000000';
    const { processes, conditions } = plan(`${mark} expire`, [...can]);
    t.equal(processes.length, 1);
    const [line = ''] = processes;
    t.match(line, /^\/sbin\/zfs program -j -- tank - none tank\/home zrep:lock-pid /);
    const changes = [
      'set tank/home@zrep_00000a zrep-gate:streamed <record>',
      'set tank/home@zrep_00000a zrep:sent 1700000000',
      'destroy tank/home@<each beyond savecount>',
    ];
    const places = changes.map((change) => line.replaceAll('"', '').indexOf(change));
    t.notOk(places.includes(-1), line);
    t.same(
      places,
      places.toSorted((one, other) => one - other),
      'in this order',
    );
    t.match(conditions, [/^no other zrep/, /by value and GUID$/, /^a stream of .* has ended well$/]);
    t.equal(conditions.at(-1), 'if another of these does not hold, the snapshot is only marked');
    t.same(plan(`${mark} expire`, ['batches']), plan(mark, ['batches']));
    const tree = 'zrep _refreshcomplete tank/vm@zrep_00000a zrep:sent=1700000000';
    t.same(plan(`${tree} expire`, [...can]), plan(tree, [...can]), 'a grant with what is below');
    t.end();
  },
);

t.test('a pair begins with its properties, and last a snapshot, where there is none', async (t) => {
  const begin = 'zrep -R _init tank/vm/a root@backup vault/a 5';
  const values = [
    ...['zrep:init-by=backup1', 'zrep:src-fs=tank/vm/a', 'zrep:src-host=<this host>', 'zrep:dest-fs=vault/a'],
    ...['zrep:dest-host=root@backup', 'zrep:savecount=5', 'zrep:master=yes'],
  ];
  const made = '/sbin/zfs snapshot -r -o zrep:init-by=backup1 tank/vm/a@zrep_000000';
  const quoted = values.map((value) => (value.includes(' ') ? `"${value}"` : value));
  const { processes, conditions } = plan(begin);
  t.same(processes.slice(2, -2), [...quoted.map((value) => `/sbin/zfs set ${value} tank/vm/a`), made]);
  t.same(conditions, [
    'no other zrep holds the lock of the file system',
    'the file system belongs to no other pair with the tag zrep, or "backup1" set that up and no stream of it has ended well',
    'no snapshot is marked zrep:sent',
    'the snapshot is made if there is none with the tag zrep, and then only while 2% of the pool is free',
    EACH,
  ]);
  t.same(plan(begin, ['batches']).processes.slice(1, -2), [
    `/sbin/zfs set ${quoted.join(' ')} tank/vm/a`,
    made,
  ]);
  const named = await policyOf(SAMPLE.replace('[zrep]', '[zrep]\nsrc-host = "files"'));
  t.equal(plan(begin, [], named).processes[4], '/sbin/zfs set zrep:src-host=files tank/vm/a');
});

t.test('a set-up that is taken back loses its snapshots first, and last who made it', async (t) => {
  const { processes, conditions } = plan('zrep _uninit tank/vm/a root@backup vault/a', ['batches']);
  t.same(processes.slice(1, -2), [
    '/sbin/zfs destroy "tank/vm/a@<all that _init of backup1 made>"',
    ...['master', 'src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount', 'init-by'].map(
      (name) => `/sbin/zfs inherit zrep:${name} tank/vm/a`,
    ),
  ]);
  t.same(conditions, [
    'no other zrep holds the lock of the file system',
    '"backup1" set the pair up with this destination',
    'no snapshot is marked zrep:sent',
    'no stream of one has ended well, and none that goes has a hold or a clone',
    'it was not set up with -R',
  ]);
});

t.test('without "pull" a full stream is only for a pair that has not begun', async (t) => {
  const init = await policyOf('client.backup1.grant = [{ dataset = "tank/home", operations = ["init"] }]');
  t.equal(
    plan('zrep _initpull tank/home@zrep_000000', [], init).conditions.at(-1),
    'no snapshot is marked zrep:sent; if one is, the grant for this dataset does not include "pull"',
  );
});

t.test('where zfs has bookmarks, what is streamed is kept as one, unless the policy says no', async (t) => {
  const name = 'tank/home@zrep_00000a';
  const kept =
    'the bookmark is made while the stream runs, if there is none; older ones of the pair go first';
  for (const [command, sent] of [
    [`zrep _refreshpull ${name}`, name],
    [`zrep _refreshpull tank/home@zrep_00000b ${token}`, name],
    [`zrep _initpull ${name}`, name],
  ] as const) {
    const { processes, conditions } = plan(command, ['bookmarks']);
    const at = processes.indexOf(record(sent));
    t.equal(processes[at - 1], `/sbin/zfs bookmark ${name} tank/home#zrep_00000a_<GUID>`, command);
    t.equal(conditions.at(-1), kept);
    t.same(
      processes.filter((line) => !line.includes('bookmark')),
      plan(command).processes,
    );
  }
  t.notOk(plan('zrep -R _refreshpull tank/vm@zrep_00000a', ['bookmarks']).conditions.includes(kept));
  t.match(plan('zrep expire -L tank/home', ['bookmarks']).conditions, [
    ...Array(5).fill(/./),
    "the pair's bookmarks go, but for the newest ones",
  ]);
  const no = await policyOf(`${SAMPLE}\n[limits]\nbookmarks = false\n`);
  t.same(plan(`zrep _refreshpull ${name}`, ['bookmarks'], no), plan(`zrep _refreshpull ${name}`));
  t.match(
    plan('zrep expire -L tank/home', ['bookmarks'], no).conditions.at(-1),
    "the pair's bookmarks go, since bookmarks = false",
  );
});

t.test('marking, sending and reading take no lock', (t) => {
  for (const [command, processes, conditions] of FREE)
    t.same(plan(command), { processes, conditions }, command);
  t.end();
});

function record(snapshot: string): string {
  return `/sbin/zfs set zrep-gate:streamed=<record> ${snapshot}`;
}

function room(tag: string): string[] {
  return [
    `there are less than 12000 ${tag} snapshots, and less than 120 of the last hour`,
    'of the pool, 2% is free',
  ];
}

function latest(snapshot: string, tag: string, isRecursive = false): string[] {
  const next = tag === 'zrep' && !isRecursive ? ['it is -i where no snapshot is between'] : [];
  return [`${snapshot} is the latest ${tag} snapshot`, `an older snapshot is marked ${tag}:sent`, ...next];
}

/** The plan of an allowed command: words joined by blanks, in quotes where they have some, "| " before a filter. */
function plan(command: string, capabilities: readonly Capability[] = [], by = policy) {
  const { processes, conditions } = planOf(
    by,
    decide(by, ASKER, parse(command) as Pipeline) as Allowed,
    new Set(capabilities),
  );
  const word = (text: string) => (text.includes(' ') ? `"${text}"` : text);
  const lines = processes.map(({ argv, reads }) => `${reads ? '| ' : ''}${argv.map(word).join(' ')}`);
  return { processes: lines, conditions };
}
