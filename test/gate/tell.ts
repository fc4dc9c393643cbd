/** What a client reads: one printable line on standard error, and nothing that is nobody's business. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { build } from 'esbuild';
import t from 'tap';
import type { Outcome } from '../../src/gate/outcome.ts';
import { sayable } from '../../src/gate/tell.ts';
import { makePipe } from '../../src/process/pipe.ts';

// tsx would change what waits: its own use of standard error makes that one which does not.
const PROGRAM = `${t.testdir()}/tell.cjs`;
const ENTRY = 'test/fixtures/gate/tell.ts';
await build({ entryPoints: [ENTRY], outfile: PROGRAM, bundle: true, platform: 'node', format: 'cjs' });

/** By env: tap adds to NODE_OPTIONS of every child, whatever environment that was to have. */
const ARGV = ['-u', 'NODE_OPTIONS', process.execPath, PROGRAM];

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
    '/usr/bin/env',
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
  const { status } = spawnSync('/usr/bin/env', [...ARGV, ...outcomes.map((one) => JSON.stringify(one))], {
    stdio: ['ignore', write, write],
  });
  closeSync(write);
  t.equal(status, 0);
  t.end();
});

t.test('one that reads nothing, neither from a pipe nor from a socket, does not stop the gate', async (t) => {
  const outcomes = [
    { kind: 'interrupted', signal: 'SIGHUP' },
    { kind: 'done', done: { print: 'x\n', facts: {} } },
  ].map((one) => JSON.stringify(one));
  const pipe = makePipe();
  fill(pipe.write);
  // Many lines, which no socket's buffer holds.
  const many = Array(3000).fill(outcomes[0]);
  for (const [stdio, words] of [
    [['ignore', pipe.write, pipe.write], outcomes],
    [['ignore', 'ignore', 'pipe'], many],
  ] as const) {
    const child = spawn('/usr/bin/env', [...ARGV, ...words], { stdio: [...stdio] });
    t.teardown(() => child.kill('SIGKILL'));
    const [code] = await once(child, 'exit');
    t.equal(code, 0);
  }
  for (const end of [pipe.read, pipe.write]) closeSync(end);
});

t.test('who reads gets it all, however late', async (t) => {
  const outcome = JSON.stringify({ kind: 'interrupted', signal: 'SIGHUP' });
  const { stderr } = spawnSync('/usr/bin/env', [...ARGV, ...Array(300).fill(outcome)], { encoding: 'utf8' });
  t.equal(stderr.match(/^zrep-gate: interrupted by SIGHUP \[log id i-\d+\]$/gm)?.length, 300);
});

/** Writes to the pipe until no more fits. */
function fill(end: number): void {
  const again = openSync(`/proc/self/fd/${end}`, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(again, Buffer.alloc(4096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  } finally {
    closeSync(again);
  }
}

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
