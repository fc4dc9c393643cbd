/** How it stands with a pair, and what a monitoring plugin says of it. */

import t from 'tap';
import type { Failing } from '../../../src/client/copies/copy-record.ts';
import type { MissingCopy } from '../../../src/client/copies/find-missing.ts';
import { sayAge } from '../../../src/client/look/ages.ts';
import { checkLines, unknownLine } from '../../../src/client/look/check-lines.ts';
import { judge, STATE_EXIT, worst } from '../../../src/client/look/judge.ts';
import type { PairView } from '../../../src/client/look/pair-view.ts';
import {
  allFactsOf,
  factsOf,
  type Judged,
  type StatusFacts,
  stateOf,
} from '../../../src/client/look/status-facts.ts';
import type { Verification } from '../../../src/client/look/verify.ts';
import type { Dataset, Tag } from '../../../src/zfs/names.ts';
import { COPY, SOURCE, viewOf } from '../../fixtures/client/views.ts';

const LIMITS = { warn: 7200, critical: 21_600 };
const NOW = 1_000_000;
const sentAgo = (seconds: number) => viewOf([{ name: 'zrep_000000', sent: NOW - seconds }], COPY);
const all = (judged: readonly Judged[], more: Partial<StatusFacts> = {}): StatusFacts => ({
  ...{ tag: 'zrep' as Tag, judged, missing: [], retired: [], problem: undefined },
  ...more,
});
const judged = (pair: PairView, verification?: Verification, failing?: Failing) => ({
  pair,
  ...{ verification, failing },
  judgement: judge(pair, LIMITS, NOW, verification, failing),
});

t.test('a length of time has two units at most, and no seconds behind minutes', async (t) => {
  const said = {
    0: '0s',
    59: '59s',
    60: '1min',
    119: '1min',
    3600: '1h',
    7500: '2h 5min',
    86400: '1d',
    97200: '1d 3h',
    34560000: '1y 35d',
  };
  for (const [seconds, text] of Object.entries(said)) t.equal(sayAge(Number(seconds)), text, seconds);
  t.equal(sayAge(-5), '0s');
});

t.test('what was sent too long ago is a warning, and then critical; to the second', async (t) => {
  const states: [number, string][] = [
    [0, 'ok'],
    [7199, 'ok'],
    [7200, 'warning'],
    [21_599, 'warning'],
    [21_600, 'critical'],
  ];
  for (const [lag, state] of states) t.equal(judge(sentAgo(lag), LIMITS, NOW).state, state, String(lag));
  const one = { warn: undefined, critical: 10 };
  t.equal(judge(sentAgo(9), one, NOW).state, 'ok');
  t.equal(judge(sentAgo(10), one, NOW).state, 'critical');
  t.equal(judge(sentAgo(1e6), { warn: 5, critical: undefined }, NOW).state, 'warning');
  t.equal(judge(sentAgo(1e6), { warn: undefined, critical: undefined }, NOW).state, 'ok', 'without limits');
});

t.test(
  'what was never sent is critical; what was sent in the future is a warning about clocks',
  async (t) => {
    t.match(judge(viewOf([]), LIMITS, NOW), { state: 'critical', problems: ['was never sent'] });
    t.equal(judge(sentAgo(-300), LIMITS, NOW).state, 'ok');
    t.match(judge(sentAgo(-7200), LIMITS, NOW), {
      state: 'warning',
      problems: [/^was sent 2h from now: .*clocks/],
    });
  },
);

t.test('a pull that would fail is critical, one of which it cannot be told is unknown', async (t) => {
  const failing = judge(sentAgo(0), LIMITS, NOW, { verdict: 'would-fail', why: 'gone' });
  t.same(failing, { state: 'critical', problems: ['the next pull would fail: gone'] });
  t.equal(judge(sentAgo(0), LIMITS, NOW, { verdict: 'unknown', why: 'no reads' }).state, 'unknown');
  t.equal(judge(sentAgo(0), LIMITS, NOW, { verdict: 'would-succeed' }).state, 'ok');
  t.equal(
    judge(sentAgo(8000), LIMITS, NOW, { verdict: 'unknown', why: '' }).state,
    'warning',
    'what is known goes first',
  );
});

t.test('the worst of several speaks for all, with the exit codes of plugins', async (t) => {
  t.equal(worst([]), 'ok');
  t.equal(worst(['ok', 'unknown']), 'unknown');
  t.equal(worst(['unknown', 'warning', 'ok']), 'warning');
  t.equal(worst(['warning', 'critical']), 'critical');
  t.same(STATE_EXIT, { ok: 0, warning: 1, critical: 2, unknown: 3 });
});

t.test(
  'a plugin says how all stand in its first line, with numbers behind a bar, and a line on each',
  async (t) => {
    t.same(checkLines(all([judged(sentAgo(600))]), LIMITS, NOW), [
      "ZREP OK - 1 file system, sent 10min ago or less | 'vault/home'=600s;7200;21600;0",
      '[OK] vault/home from fileserver:tank/home: sent 10min ago; last common snapshot zrep_000000',
    ]);
    const never = judged(viewOf([{ name: 'zrep_000000' }]));
    t.same(checkLines(all([judged(sentAgo(7500)), never]), LIMITS, NOW), [
      "ZREP CRITICAL - tank/home was never sent; 2 of 2 file systems are not well | 'vault/home'=7500s;7200;21600;0 'tank/home'=U;7200;21600;0",
      '[WARNING] vault/home from fileserver:tank/home: was last sent 2h 5min ago, which is more than 2h; last common snapshot zrep_000000',
      '[CRITICAL] tank/home to backup:vault/home: was never sent; 1 not sent',
    ]);
    t.match(checkLines(all([judged(sentAgo(0))]), { warn: 5, critical: undefined }, NOW)[0], /=0s;5;;0$/);
  },
);

t.test('a copy whose refreshes fail is a warning before it is too old, with why', async (t) => {
  const failing = { since: NOW - 3600, why: 'the copy vault/home has changes of its own | by somebody' };
  t.same(checkLines(all([judged(sentAgo(600), undefined, failing)]), LIMITS, NOW), [
    "ZREP WARNING - vault/home has failed to refresh for 1h: the copy vault/home has changes of its own / by somebody | 'vault/home'=600s;7200;21600;0",
    '[WARNING] vault/home from fileserver:tank/home: has failed to refresh for 1h: the copy vault/home has changes of its own / by somebody; last common snapshot zrep_000000',
  ]);
  t.same(factsOf(judged(sentAgo(600), undefined, failing), NOW)['failing'], failing);
  t.equal(factsOf(judged(sentAgo(600)), NOW)['failing'], null);
});

t.test('locks and streams that were cut off are told of, and are no alarm by themselves', async (t) => {
  const more = { 'zrep:lock-pid': '4194304', receive_resume_token: ['1-x', '-'] } as const;
  const pair = viewOf([{ name: 'zrep_000000', sent: NOW }], COPY, more);
  const [first = '', line = ''] = checkLines(all([judged(pair)]), LIMITS, NOW);
  t.match(first, /^ZREP OK/);
  t.match(line, /; a stream was cut off \(not of zrep\); locked by process 4194304, which is dead$/);
  const live = viewOf([{ name: 'zrep_000000', sent: NOW }], SOURCE, { 'zrep:lock-pid': String(process.pid) });
  t.match(
    checkLines(all([judged(live)]), LIMITS, NOW)[1],
    new RegExp(`locked by process ${process.pid}, at work$`),
  );
});

const GONE: MissingCopy = {
  ...{ dataset: 'pool2/srv' as Dataset, source: 'root@fileserver:tank/srv' },
  ...{ refreshed: NOW - 97_200, why: 'no-pool' },
};

t.test('a missing copy is critical, in front of all others, with since when and the command', async (t) => {
  const facts = all([judged(sentAgo(600))], { missing: [GONE] });
  t.equal(stateOf(facts), 'critical');
  const [first = '', line = '', ...others] = checkLines(facts, LIMITS, NOW);
  t.equal(
    first,
    "ZREP CRITICAL - pool2/srv is missing: its pool pool2 is not imported. Import it: zpool import pool2 | 'pool2/srv'=97200s;7200;21600;0 'vault/home'=600s;7200;21600;0",
  );
  t.match(
    line,
    /^\[CRITICAL\] pool2\/srv from root@fileserver:tank\/srv: is missing: its pool pool2 is not imported; last refreshed 1d 3h ago \(.*\)\. Import it: zpool import pool2$/,
  );
  t.match(others, [/^\[OK\] vault\/home/]);
  const two = all([], { missing: [GONE, { ...GONE, dataset: 'pool2/x' as Dataset, refreshed: undefined }] });
  t.match(checkLines(two, LIMITS, NOW)[0], /2 of 2 file systems are not well \| .* 'pool2\/x'=U;/);
});

t.test(
  'a retired copy is told of, and judges nothing; a record that is not believed leaves all unknown',
  async (t) => {
    const retired = [{ dataset: 'vault/old', since: NOW - 86_400, source: 'fileserver:tank/old' }];
    const lines = checkLines(all([judged(sentAgo(600))], { retired }), LIMITS, NOW);
    t.match(lines[0], /^ZREP OK - 1 file system, .*\| 'vault\/home'=600s;7200;21600;0$/);
    t.equal(lines.at(-1), '[RETIRED] vault/old from fileserver:tank/old: since 1d');
    const doubtful = all([judged(sentAgo(600))], { problem: 'the file is bad|worse' });
    t.equal(stateOf(doubtful), 'unknown');
    t.match(checkLines(doubtful, LIMITS, NOW), [
      /^ZREP UNKNOWN - the file is bad\/worse \| /,
      /^\[UNKNOWN\] /,
      /^\[OK\]/,
    ]);
    t.equal(stateOf(all([judged(sentAgo(7200))], { problem: 'x' })), 'warning');
  },
);

t.test('for programs what is missing and what is retired are lists of their own', async (t) => {
  const retired = [{ dataset: 'vault/old', since: 5, source: 'fileserver:tank/old' }];
  const facts = allFactsOf(all([], { missing: [GONE], retired }), NOW);
  t.same(facts, {
    datasets: [],
    missing: [
      {
        ...{ dataset: 'pool2/srv', why: 'no-pool', now: null, source: 'root@fileserver:tank/srv' },
        ...{ refreshed: NOW - 97_200, fix: 'zpool import pool2' },
      },
    ],
    retired,
  });
});

t.test('no text can end the first line, or pass for numbers', async (t) => {
  t.equal(unknownLine('a | b\nc'), 'ZREP UNKNOWN - a / b c');
  const [first = ''] = checkLines(
    all([judged(sentAgo(0), { verdict: 'would-fail', why: 'x|y\nz' })]),
    LIMITS,
    NOW,
  );
  t.match(first, /x\/y z \| 'vault\/home'/);
});

t.test('for programs each has the same keys, and null where there is nothing', async (t) => {
  const facts = factsOf(judged(viewOf([])), NOW);
  t.same(facts, {
    dataset: 'tank/home',
    role: 'source',
    state: 'critical',
    problems: ['was never sent'],
    source: { host: 'fileserver', dataset: 'tank/home' },
    destination: { host: 'backup', dataset: 'vault/home' },
    lastCommon: null,
    lagSeconds: null,
    snapshots: 0,
    unsent: 0,
    failing: null,
    resume: null,
    lock: null,
  });
  const more = {
    'zrep:lock-pid': '4194304',
    'zrep:lock-time': '20010909014640',
    receive_resume_token: ['1-x', '-'],
  } as const;
  const full = factsOf(
    judged(viewOf([{ name: 'zrep_000000', sent: NOW - 5, creation: 3 }], COPY, more), {
      verdict: 'would-succeed',
    }),
    NOW,
  );
  t.match(full, {
    lastCommon: { snapshot: 'vault/home@zrep_000000', guid: '1000', creation: 3, sent: NOW - 5 },
    lagSeconds: 5,
    resume: { snapshot: null, bytes: null },
    lock: { pid: 4194304, state: 'stale' },
    nextPull: { verdict: 'would-succeed' },
  });
  t.same(Object.keys(full), [...Object.keys(facts), 'nextPull']);
  const pushed = viewOf([], SOURCE, { 'zrep:pushed': '1700000000' });
  const doubt = { verdict: 'would-fail', why: 'so it is' } as const;
  t.match(factsOf(judged(pushed, doubt), NOW), { nextSync: doubt });
  t.match(judge(pushed, { warn: undefined, critical: undefined }, NOW, doubt).problems, [
    'was never sent',
    'the next sync would fail: so it is',
  ]);
});
