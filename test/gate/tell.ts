/** What a client reads: one printable line on standard error, and nothing that is nobody's business. */

import { spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import t from 'tap';
import type { Outcome } from '../../src/gate/outcome.ts';
import { sayable } from '../../src/gate/tell.ts';
import { makePipe } from '../../src/process/pipe.ts';

const ARGV = ['--import', 'tsx', 'test/fixtures/gate/tell.ts'];

t.test('what is done prints what zrep expects; what is not is one line with the id of its record', (t) => {
  const failed = (code: number | null, signal: NodeJS.Signals | null, message: string): Outcome => {
    return { kind: 'failed', dataset: 'tank/home', ended: { code, signal, message } };
  };
  const outcomes: Outcome[] = [
    { kind: 'done', done: { print: 'tank/home@zrep_00000a\n', facts: {} } },
    { kind: 'done', done: { facts: { snapshot: 's' } } },
    { kind: 'refused', refusal: { refused: 'lock-busy', reason: 'it is locked', detail: 'secret' } },
    failed(1, null, "cannot open 'tank/home': I/O error\nmore\n"),
    failed(1, null, "cannot destroy 'tank/secret': busy\n"),
    failed(null, 'SIGKILL', ''),
    { kind: 'interrupted', signal: 'SIGTERM' },
    { kind: 'error', error: 'secret' },
  ];
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...ARGV, ...outcomes.map((one) => JSON.stringify(one))],
    {
      encoding: 'utf8',
    },
  );
  t.equal(status, 0);
  t.equal(stdout, 'tank/home@zrep_00000a\n');
  t.same(stderr.split('\n'), [
    'zrep-gate: refused (lock-busy): it is locked [log id i-2]',
    "zrep-gate: zfs failed (exit code 1): cannot open 'tank/home': I/O error [log id i-3]",
    'zrep-gate: zfs failed (exit code 1) [log id i-4]',
    'zrep-gate: zfs failed (killed by SIGKILL) [log id i-5]',
    'zrep-gate: interrupted by SIGTERM [log id i-6]',
    'zrep-gate: an error in zrep-gate itself [log id i-7]',
    '',
  ]);
  t.end();
});

t.test('a client that is gone is no error', (t) => {
  const { read, write } = makePipe();
  closeSync(read);
  const outcomes = [
    { kind: 'done', done: { print: 'x\n', facts: {} } },
    { kind: 'interrupted', signal: 'SIGHUP' },
  ];
  const { status } = spawnSync(process.execPath, [...ARGV, ...outcomes.map((one) => JSON.stringify(one))], {
    stdio: ['ignore', write, write],
  });
  closeSync(write);
  t.equal(status, 0);
  t.end();
});

t.test("of zfs's message the first line is said, where it names the client's dataset and no other", (t) => {
  const cases: [string, string | undefined][] = [
    ["cannot open 'tank/home': dataset is busy\nsecond", "cannot open 'tank/home': dataset is busy"],
    [
      "\n cannot destroy 'tank/home@zrep_00000a': it is held",
      "cannot destroy 'tank/home@zrep_00000a': it is held",
    ],
    ["cannot rename 'tank/home' to 'tank/home@x': no", "cannot rename 'tank/home' to 'tank/home@x': no"],
    ["cannot open 'tank/home\x1b[31m': no", undefined],
    ["cannot open 'tank/home': \x1b[31mno\u202e", "cannot open 'tank/home': \\x1b[31mno\\u202e"],
    ["cannot open 'tank/home/child': no", undefined],
    ["cannot open 'tank/homestead': no", undefined],
    ["cannot open 'tank': no", undefined],
    ["'tank/home' has the clone 'tank/clone'", undefined],
    ['internal error: out of memory', undefined],
    ['', undefined],
  ];
  for (const [message, said] of cases) t.equal(sayable(message, 'tank/home'), said, JSON.stringify(message));
  t.end();
});
