/** So many at once and never more, whoever comes when; all of them real processes. */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { startTicks } from '../../src/process/liveness.ts';
import { takeSeat } from '../../src/process/seats.ts';

const program = fileURLToPath(new URL('../fixtures/process/sit.ts', import.meta.url));

/** A folder that is not there yet. */
function makePlace(t: Test): string {
  const folder = mkdtempSync(`${tmpdir()}/seats-`);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return `${folder}/of/them`;
}

/** A process that takes a seat in `folder` when it is told. */
async function startSitter(t: Test, folder: string, limit: number): Promise<ChildProcess> {
  const child = fork(program, [folder, String(limit)], { execArgv: ['--import=tsx'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

/** Tells it; the answer is whether it sits. @throws Error when it has died. */
async function tell(sitter: ChildProcess, word: 'sit' | 'leave' | number): Promise<boolean> {
  const died = new AbortController();
  const abort = () => died.abort();
  sitter.once('exit', abort);
  const answer = once(sitter, 'message', { signal: died.signal });
  sitter.send(word);
  const [said] = await answer;
  sitter.off('exit', abort);
  return said === 'sits';
}

/** A live process of another program, and the name that its seat would have. */
function startSleeper(t: Test): string {
  const { pid } = spawnSleeper(t);
  return `${pid}-${startTicks(pid as number)}`;
}

function spawnSleeper(t: Test): ChildProcess {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

t.test('a seat is a file of the process for as long as it sits, in a folder for root alone', async (t) => {
  const folder = makePlace(t);
  const leave = await takeSeat(folder, 1);
  t.same(readdirSync(folder), [`${process.pid}-${startTicks(process.pid)}`]);
  t.equal(statSync(folder).mode & 0o777, 0o700);
  leave?.();
  t.throws(() => statSync(folder), { code: 'ENOENT' }, 'who leaves last takes the folder along');
  leave?.();
});

t.test('where the limit is reached there is no seat, and nothing is left of having tried', async (t) => {
  const folder = makePlace(t);
  const leave = await takeSeat(folder, 1);
  const others = [startSleeper(t), startSleeper(t)];
  for (const name of others) writeFileSync(`${folder}/${name}`, '');
  leave?.();
  t.equal(await takeSeat(folder, 1), undefined);
  t.equal(await takeSeat(folder, 2), undefined);
  t.same(readdirSync(folder).sort(), others.toSorted());
  const third = await takeSeat(folder, 3);
  t.type(third, 'function');
  third?.();
  t.same(readdirSync(folder).sort(), others.toSorted(), 'the others stay where they are');
});

t.test('whoever comes at the moment in which another leaves gets the seat', async (t) => {
  const folder = makePlace(t);
  const leave = await takeSeat(folder, 1);
  const other = `${folder}/${startSleeper(t)}`;
  writeFileSync(other, '');
  leave?.();
  const coming = takeSeat(folder, 1);
  rmSync(other);
  t.type(await coming, 'function');
});

t.test('a process that was killed counts for nothing, and its file goes', async (t) => {
  const folder = makePlace(t);
  const sitter = await startSitter(t, folder, 1);
  t.ok(await tell(sitter, 'sit'));
  t.equal(await takeSeat(folder, 1), undefined);
  const gone = once(sitter, 'exit');
  sitter.kill('SIGKILL');
  await gone;
  t.equal(readdirSync(folder).length, 1, 'it could not take its file away');
  const leave = await takeSeat(folder, 1);
  t.same(readdirSync(folder), [`${process.pid}-${startTicks(process.pid)}`]);
  leave?.();
});

t.test('a zombie counts for nothing', async (t) => {
  const folder = makePlace(t);
  // The shell becomes cat, which never asks how the shell's child ended.
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => parent.kill('SIGKILL'));
  const zombie = Number((await once(parent.stdout, 'data'))[0]);
  const seat = `${zombie}-${startTicks(zombie)}`;
  const leave = await takeSeat(folder, 1);
  writeFileSync(`${folder}/${seat}`, '');
  leave?.();
  t.equal(await takeSeat(folder, 1), undefined);
  process.kill(zombie, 'SIGKILL');
  while (!/\) Z /.test(readFileSync(`/proc/${zombie}/stat`, 'latin1'))) await new Promise(setImmediate);
  t.type(await takeSeat(folder, 1), 'function');
});

t.test('a number that was given to another process is not the one that sat there', async (t) => {
  const folder = makePlace(t);
  const [pid = '', ticks = ''] = startSleeper(t).split('-');
  const leave = await takeSeat(folder, 1);
  for (const other of [Number(ticks) - 1, Number(ticks) + 1]) writeFileSync(`${folder}/${pid}-${other}`, '');
  leave?.();
  const again = await takeSeat(folder, 1);
  t.type(again, 'function');
  t.equal(readdirSync(folder).length, 1, 'and both files are gone');
  writeFileSync(`${folder}/${pid}-${ticks}`, '');
  again?.();
  t.equal(await takeSeat(folder, 1), undefined, 'the one with its own start does count');
});

t.test('what is no seat neither counts nor goes', async (t) => {
  const folder = makePlace(t);
  const leave = await takeSeat(folder, 1);
  const names = ['README', '1-', '-1', '01-5', '1-x', `${process.pid}`];
  for (const name of names) writeFileSync(`${folder}/${name}`, '');
  leave?.();
  t.type(await takeSeat(folder, 1), 'function');
  t.equal(readdirSync(folder).length, names.length + 1);
});

t.test('a folder that cannot be used is an error', async (t) => {
  const folder = makePlace(t);
  (await takeSeat(folder, 1))?.();
  const file = folder.replace('/of/them', '/file');
  writeFileSync(file, '');
  await t.rejects(takeSeat(file, 1), { code: 'EEXIST' });
  await t.rejects(takeSeat(`${file}/below`, 1), { code: 'ENOTDIR' });
});

t.test('of five that come at once two get a seat at most, a hundred times over', async (t) => {
  const [folder, limit, rounds] = [makePlace(t), 2, 100];
  const sitters = await Promise.all(Array.from({ length: 5 }, () => startSitter(t, folder, limit)));
  const counts: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const sitting = await Promise.all(sitters.map((sitter) => tell(sitter, 'sit')));
    counts.push(sitting.filter((sits) => sits).length);
    await Promise.all(sitters.map((sitter) => tell(sitter, 'leave')));
  }
  t.equal(Math.max(...counts), limit, 'never more', { said: counts.join(' ') });
  t.ok(counts.filter((count) => count === limit).length > rounds / 2, 'and mostly so many', {
    said: counts.join(' '),
  });
  t.throws(() => statSync(folder), { code: 'ENOENT' });
});

t.test('nor are there ever more while they come and go as they like', async (t) => {
  const [folder, limit] = [makePlace(t), 2];
  const sitters = await Promise.all(Array.from({ length: 5 }, () => startSitter(t, folder, limit)));
  let [now, most, seats] = [0, 0, 0];
  const come = async (sitter: ChildProcess) => {
    for (let visit = 0; visit < 40; visit += 1) {
      if (!(await tell(sitter, 'sit'))) continue;
      now += 1;
      seats += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
      await tell(sitter, 'leave');
    }
  };
  await Promise.all(sitters.map(come));
  t.ok(most <= limit, `${most} at once`);
  t.ok(seats > 40, `${seats} seats were taken`);
});

t.test('who comes just as the last one leaves finds a seat, and no error', async (t) => {
  const folder = makePlace(t);
  const sitters = await Promise.all(Array.from({ length: 3 }, () => startSitter(t, folder, 9)));
  for (const sat of await Promise.all(sitters.map((sitter) => tell(sitter, 2000)))) t.equal(sat, false);
});
