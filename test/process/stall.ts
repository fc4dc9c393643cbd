/** Which processes have stalled: those that nobody reads, and no others; all of them real. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readSync } from 'node:fs';
import t, { type Test } from 'tap';
import { makePipe } from '../../src/process/pipe.ts';
import { watchForStall } from '../../src/process/stall.ts';

/** Of every stall here; the others are watched for as long as one of twice that takes. */
const SECONDS = 0.5;

interface Started {
  readonly child: ChildProcess & { readonly pid: number };
  /** The end of its output that this process has. */
  readonly output: number;
  /** The end of its input that this process has. */
  readonly input: number;
}

/** A program between two pipes, which is made to end with the test. */
async function start(t: Test, program: string, ...words: string[]): Promise<Started> {
  const [before, behind] = [makePipe(), makePipe()];
  const env = { PATH: process.env['PATH'] };
  const child = spawn(program, words, { env, stdio: [before.read, behind.write, 'inherit'] });
  for (const end of [before.read, behind.write]) closeSync(end);
  t.teardown(() => {
    child.kill('SIGKILL');
    for (const end of [before.write, behind.read]) closeSync(end);
  });
  await once(child, 'spawn');
  return { child: child as Started['child'], output: behind.read, input: before.write };
}

/** Resolves when `pid` has stalled. */
function stall(pid: number, seconds = SECONDS): Promise<void> {
  return new Promise((resolve) => watchForStall(pid, seconds, resolve));
}

/** Whether `pid` stalls in twice the time that a process which nobody reads takes to. */
async function stalls(t: Test, pid: number): Promise<boolean> {
  let stalled = false;
  const stop = watchForStall(pid, SECONDS, () => {
    stalled = true;
  });
  await stall((await start(t, 'yes')).child.pid, 2 * SECONDS);
  stop();
  return stalled;
}

/** A node whose writing is not done by its first thread, as mbuffer's and zstd's is not. */
const THREADED = "require('node:fs').write(1, Buffer.alloc(1 << 20), () => {})";

t.test('a process that fills a pipe which nobody reads has stalled', async (t) => {
  await stall((await start(t, 'yes')).child.pid);
});

t.test('so has one that fills a socket', async (t) => {
  // Node's own pipes between processes are sockets, and nobody reads this one.
  const child = spawn('yes', { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  await stall(child.pid as number);
});

t.test('so has one of which another thread than the first one writes', async (t) => {
  // By env: tap adds to NODE_OPTIONS of every child, whatever environment that was to have.
  const { child } = await start(t, 'env', '-u', 'NODE_OPTIONS', process.execPath, '--eval', THREADED);
  await stall(child.pid);
});

t.test(
  'one that sleeps has not, nor one that waits for its input, for a child, or for a signal',
  async (t) => {
    for (const words of [
      ['sleep', '1000'],
      ['cat'],
      ['sh', '-c', 'cat; exit 1'],
      ['sh', '-c', 'kill -STOP $$'],
    ]) {
      const [program = '', ...rest] = words;
      const { child } = await start(t, program, ...rest);
      t.equal(await stalls(t, child.pid), false, words.join(' '));
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
  },
);

t.test('one that computes has not, though it writes nothing', async (t) => {
  const { child } = await start(t, 'sh', '-c', 'while :; do :; done');
  t.equal(await stalls(t, child.pid), false);
});

t.test('one that is read slowly has not', async (t) => {
  const { child, output } = await start(t, 'yes');
  const bytes = Buffer.alloc(8192);
  const reading = setInterval(() => readSync(output, bytes), (SECONDS * 1000) / 5);
  t.teardown(() => clearInterval(reading));
  t.equal(await stalls(t, child.pid), false);
});

t.test('one that was read in between begins anew, and stalls once that ends', async (t) => {
  const { child, output } = await start(t, 'yes');
  const bytes = Buffer.alloc(8192);
  const reading = setInterval(() => readSync(output, bytes), (SECONDS * 1000) / 5);
  t.equal(await stalls(t, child.pid), false);
  clearInterval(reading);
  await stall(child.pid);
});

t.test('one that has ended has not stalled', async (t) => {
  const { child } = await start(t, 'true');
  if (child.exitCode === null) await once(child, 'exit');
  t.equal(await stalls(t, child.pid), false);
});

t.test('it is told once, and not at all when the watch was ended', async (t) => {
  const { child } = await start(t, 'yes');
  let told = 0;
  const stop = watchForStall(child.pid, SECONDS / 4, () => {
    told += 1;
  });
  watchForStall(child.pid, SECONDS / 4, () => t.fail('this watch was ended'))();
  await stall(child.pid, SECONDS);
  t.equal(told, 1);
  stop();
});
