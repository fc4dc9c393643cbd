/** Which processes count as alive; all of them real, and started here. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { mock } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { childrenOf, isAlive } from '../../src/process/liveness.ts';

/** A process that waits for its input to end, and is made to end with the test. */
async function start(
  t: Test,
  program = 'cat',
  words: string[] = [],
): Promise<ChildProcess & { pid: number }> {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  t.teardown(() => end(child));
  return child as ChildProcess & { pid: number };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

const stateOf = (pid: number): string =>
  /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1] ?? '';

/** Epoch seconds, as ps works them out. */
function startOf(pid: number): number {
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
  const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env });
  return Date.parse(`${text.trim()} UTC`) / 1000;
}

t.test('a process is alive until it ends', async (t) => {
  const child = await start(t);
  t.equal(isAlive(child.pid, undefined), true);
  await end(child);
  t.equal(isAlive(child.pid, undefined), false);
  t.equal(isAlive(child.pid, startOf(process.pid) + 3600), false);
});

t.test('what a process runs is told, but not of one that is stopped', async (t) => {
  const parent = await start(t, 'sh', ['-c', 'sleep 600 & echo $!; wait']);
  const [said] = await once(parent.stdout as NodeJS.ReadableStream, 'data');
  t.teardown(() => process.kill(Number(said), 'SIGKILL'));
  t.equal(childrenOf(parent.pid), String(said).trim());
  t.equal(childrenOf(Number(said)), '');
  process.kill(parent.pid, 'SIGSTOP');
  while (stateOf(parent.pid) !== 'T') await wait(5);
  t.equal(childrenOf(parent.pid), '');
  await end(parent);
  t.equal(childrenOf(parent.pid), '');
});

t.test('a zombie is dead, though it can still be signalled', async (t) => {
  // The shell becomes cat, which never asks how the shell's child ended.
  const parent = await start(t, 'sh', ['-c', 'sleep 600 & echo $!; exec cat']);
  const [said] = await once(parent.stdout as NodeJS.ReadableStream, 'data');
  const zombie = Number(said);
  while (!readFileSync(`/proc/${parent.pid}/stat`, 'latin1').includes('(cat)')) await wait(5);
  process.kill(zombie, 'SIGKILL');
  while (stateOf(zombie) !== 'Z') await wait(5);
  t.doesNotThrow(() => process.kill(zombie, 0));
  t.equal(isAlive(zombie, undefined), false);
  t.equal(isAlive(zombie, startOf(parent.pid) + 3600), false);
});

t.test('a process that is younger than the lock is not the one that took it', async (t) => {
  const child = await start(t);
  const started = startOf(child.pid);
  for (const [offset, alive] of [
    [3600, true],
    [10, true],
    [0, true],
    [-10, false],
    [-3600, false],
  ] as const) {
    t.equal(isAlive(child.pid, started + offset), alive, `a lock taken ${offset} s after the start`);
  }
  t.equal(isAlive(child.pid, 0), false);
});

t.test('a stopped process is alive', async (t) => {
  const child = await start(t);
  child.kill('SIGSTOP');
  while (stateOf(child.pid) !== 'T') await wait(5);
  t.equal(isAlive(child.pid, undefined), true);
});

t.test("a program's name cannot pass for a state", async (t) => {
  const folder = mkdtempSync(`${tmpdir()}/liveness-`);
  t.teardown(() => rmSync(folder, { recursive: true }));
  const cat = execFileSync('sh', ['-c', 'readlink -f "$(command -v cat)"'], { encoding: 'utf8' }).trim();
  const name = 'a) Z (1 2 3';
  symlinkSync(cat, `${folder}/${name}`);
  const child = await start(t, `${folder}/${name}`);
  t.match(readFileSync(`/proc/${child.pid}/stat`, 'latin1'), `(${name})`);
  t.equal(isAlive(child.pid, undefined), true);
  t.equal(isAlive(child.pid, startOf(child.pid) + 10), true);
  t.equal(isAlive(child.pid, startOf(child.pid) - 10), false);
});

t.test('a process that one may not signal is there', async (t) => {
  t.equal(isAlive(1, undefined), true);
  const denied = mock.method(process, 'kill', () => {
    throw Object.assign(new Error('denied'), { code: 'EPERM' });
  });
  t.teardown(() => denied.mock.restore());
  t.equal(isAlive(process.pid, undefined), true);
  const child = await start(t);
  denied.mock.restore();
  await end(child);
  t.equal(isAlive(child.pid, undefined), false);
});
