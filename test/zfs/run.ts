/** How zfs and the filters behind it are run: with what they begin, what is captured, and who speaks for a failure. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { isAlive } from '../../src/process/liveness.ts';
import { succeeded } from '../../src/process/pipeline.ts';
import { createZfs, type Zfs } from '../../src/zfs/run.ts';
import { eventually } from '../fixtures/eventually.ts';
import type { Job } from '../fixtures/zfs/run-zfs.ts';

const program = fileURLToPath(new URL('../fixtures/zfs/run-zfs.ts', import.meta.url));

/** Runs one job in a process of its own; the answer has what came out on that process's standard output, too. */
async function run(job: Job): Promise<Awaited<ReturnType<Zfs['ask']>> & { stdout: string }> {
  // By env: tap adds to NODE_OPTIONS of every child, whatever environment that was to have.
  const words = [
    '-u',
    'NODE_OPTIONS',
    'EVIL=1',
    process.execPath,
    '--import=tsx',
    program,
    JSON.stringify(job),
  ];
  const child = spawn('/usr/bin/env', words, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end('not for zfs');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { ...JSON.parse(stderr), stdout };
}

const shell = (script: string): string[] => ['/bin/sh', '-c', script];
const ask = (script: string) => run({ binary: '/bin/sh', argv: ['-c', script] });
const stream = (script: string, ...filters: string[]) =>
  run({ binary: '/bin/sh', argv: ['-c', script], filters: filters.map(shell) });

t.test('zfs sees a constant environment, whatever the gate was given', async (t) => {
  const wanted = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n';
  t.equal((await run({ binary: '/usr/bin/env', argv: [] })).output, wanted);
  t.equal((await run({ binary: '/usr/bin/env', argv: [], filters: [] })).stdout, wanted);
  const filters = [['/usr/bin/env']];
  t.equal((await run({ binary: '/bin/true', argv: [], filters })).stdout, wanted);
});

t.test('zfs begins in / and reads nothing', async (t) => {
  t.match(await ask('pwd; wc -c'), { code: 0, output: /^\/\n\s*0\n$/ });
  t.match(await stream('pwd; wc -c'), { code: 0, stdout: /^\/\n\s*0\n$/ });
});

t.test('an argument is one argument, and no shell reads it', async (t) => {
  const argv = ['%s|', '$(id)', 'a b', '', '*'];
  t.equal((await run({ binary: '/usr/bin/printf', argv })).output, '$(id)|a b||*|');
  t.equal((await run({ binary: '/usr/bin/printf', argv, filters: [] })).stdout, '$(id)|a b||*|');
});

t.test('what is asked for is captured whole, and apart from messages', async (t) => {
  const { output, stdout, ...ended } = await ask(
    'echo no such dataset >&2; head -c 3000000 /dev/zero | tr "\\0" x; exit 3',
  );
  t.equal(output, 'x'.repeat(3_000_000));
  t.equal(stdout, '');
  t.strictSame(ended, { code: 3, signal: null, message: 'no such dataset\n' });
});

t.test('of a message the first 8 KiB are kept, and the rest does not stop zfs', async (t) => {
  const { code, message } = await ask('head -c 1000000 /dev/zero | tr "\\0" x >&2');
  t.equal(code, 0);
  t.equal(message, 'x'.repeat(8192));
});

t.test('the end by a signal, and a program that is not there, are ends like others', async (t) => {
  t.match(await ask('kill -KILL $$'), { code: null, signal: 'SIGKILL' });
  const missing = { binary: '/nonexistent/zfs', argv: ['list'] };
  t.match(await run(missing), { code: 127, signal: null, output: '', message: /\/nonexistent\/zfs ENOENT/ });
  t.match(await run({ ...missing, filters: [] }), { code: 127, message: /ENOENT/ });
  t.match(await run({ ...missing, filters: [['/bin/cat']] }), { code: 127, message: /ENOENT/, stdout: '' });
});

t.test('only the code 0 is success', async (t) => {
  t.ok(succeeded({ code: 0, signal: null, message: 'warning' }));
  t.notOk(succeeded({ code: 1, signal: null, message: '' }));
  t.notOk(succeeded({ code: null, signal: 'SIGPIPE', message: '' }));
});

t.test('a stream goes through its filters in their order, byte by byte', async (t) => {
  const { stdout, code } = await stream(
    'printf "a\\000b\\n"',
    'od -An -c | tr -d " \\n"',
    'sed s/^/[/',
    'sed s/$/]/',
  );
  t.equal(stdout, '[a\\0b\\n]');
  t.equal(code, 0);
  const long = await stream('head -c 20000000 /dev/zero', 'cat', 'wc -c');
  t.equal(long.stdout.trim(), '20000000', 'more than pipes hold');
});

const FAILURES: readonly (readonly [what: string, stages: readonly string[], wanted: object])[] = [
  ['a stream that ends well', ['true', 'cat', 'cat'], { code: 0, signal: null }],
  ['zfs that fails', ['echo of zfs >&2; exit 2', 'cat'], { code: 2, message: 'of zfs\n' }],
  ['a filter that fails', ['true', 'cat; echo of filter >&2; exit 4', 'cat'], { code: 4, message: 'of filter\n' }],
  ['two that fail', ['exit 2', 'cat; exit 4'], { code: 2 }],
  ['a filter that ends in front of a long stream', ['exec yes', 'exit 5'], { code: 5, signal: null }],
  ['a filter that has enough and is content', ['exec yes', 'exit 0'], { code: null, signal: 'SIGPIPE' }],
  ['a filter in the middle that is killed', ['true', 'cat; kill -KILL $$', 'cat'], { code: null, signal: 'SIGKILL' }],
]; // biome-ignore format: one table

t.test(
  'the first stage that failed speaks for all, and a broken pipe only where nothing else did',
  async (t) => {
    for (const [what, [zfs = '', ...filters], wanted] of FAILURES) {
      t.match(await stream(zfs, ...filters), wanted, what);
    }
  },
);

t.test('a filter that is not there ends the stream', async (t) => {
  const filters = [['/nonexistent/lz4', '-c']];
  const ended = await run({ binary: '/bin/sh', argv: ['-c', 'exec yes'], filters });
  t.match(ended, { code: 127, message: /\/nonexistent\/lz4 ENOENT/, stdout: '' });
});

t.test('a signal for the gate ends every stage of its stream', async (t) => {
  // $PPID is the gate's stand-in; each stage would otherwise end well, and late.
  for (const signal of ['HUP', 'INT', 'TERM']) {
    const ended = await stream(`kill -${signal} $PPID; exec sleep 20`, 'exec sleep 20');
    t.match(ended, { code: null, signal: 'SIGTERM', stdout: '' }, signal);
  }
});

t.test('a signal for the gate lets a short call end by itself', async (t) => {
  t.match(await ask('kill -TERM $PPID; sleep 0.2; echo done'), { code: 0, output: 'done\n' });
});

/** A stream that prints nothing, and a call beside it, both shell scripts; FOLDER in them is a new folder. */
async function streamBeside(t: Test, script: string, aside: string) {
  const folder = t.testdir();
  const [words, beside] = [script, aside].map((text) => ['-c', text.replaceAll('FOLDER', folder)]);
  const interruption = { signal: undefined, check() {}, onSignal: () => () => {} };
  const started = Date.now();
  const ended = await createZfs('/bin/sh', interruption).stream(words ?? [], [], { aside: beside ?? [] });
  return { ended, seconds: (Date.now() - started) / 1000, folder };
}
const until = (file: string) => `until [ -s FOLDER/${file} ]; do sleep 0.01; done`;

t.test(
  'what zfs is asked beside a stream is captured, and neither waits for the other to begin',
  async (t) => {
    const stream = `echo begun >FOLDER/stream; ${until('aside')}; sleep 0.3`;
    const { ended } = await streamBeside(
      t,
      stream,
      `${until('stream')}; echo begun >FOLDER/aside; echo size; echo no >&2`,
    );
    // How much it wrote is known where the kernel could be asked in time.
    const { written = 'begun\n'.length, ...rest } = ended;
    t.strictSame(rest, { code: 0, signal: null, message: '', aside: 'size\n' });
    t.equal(written, 'begun\n'.length);
  },
);

t.test('a stream that is over first is not kept waiting, and the call beside it is killed', async (t) => {
  const aside = 'trap "" HUP INT TERM; echo $$ >FOLDER/pid; echo size; sleep 20';
  const { ended, seconds, folder } = await streamBeside(t, until('pid'), aside);
  t.match(ended, { code: 0, aside: undefined });
  t.ok(seconds < 10, `${seconds} s`);
  const pid = Number(readFileSync(`${folder}/pid`, 'latin1'));
  t.notOk(
    await eventually(
      () => isAlive(pid, undefined),
      (alive) => !alive,
    ),
  );
});

t.test('a call beside a stream that fails, or cannot even begin, is nothing to the stream', async (t) => {
  t.match((await streamBeside(t, 'sleep 0.3', 'echo size; exit 3')).ended, { code: 0, aside: undefined });
  const tooLong = `: ${'x'.repeat(200_000)}`;
  t.match((await streamBeside(t, 'sleep 0.1', tooLong)).ended, { code: 0, aside: undefined });
  const failing = await streamBeside(t, 'sleep 0.3; echo of zfs >&2; exit 2', 'echo size');
  t.match(failing.ended, { code: 2, message: 'of zfs\n' });
});

t.test('listening for signals ends with the stream', async (t) => {
  const listening = new Set<unknown>();
  const interruption = {
    signal: undefined,
    check() {},
    onSignal(callback: (signal: NodeJS.Signals) => void) {
      listening.add(callback);
      return () => void listening.delete(callback);
    },
  };
  const ending = createZfs('/bin/true', interruption).stream([], []);
  t.equal(listening.size, 1);
  await ending;
  t.equal(listening.size, 0);
});
