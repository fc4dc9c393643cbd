/** Processes that stand still. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readFileSync } from 'node:fs';
import t from 'tap';
import { createInlet } from '../../src/process/inlet.ts';
import { makePipe } from '../../src/process/pipe.ts';
import { whileStill } from '../../src/process/still.ts';

const stateOf = (pid: number) => /^\d+ \(.*\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];

t.test('who writes all the time writes nothing meanwhile, and goes on behind', async (t) => {
  const { read, write } = makePipe();
  const inlet = createInlet(read);
  t.teardown(() => inlet.close());
  const child = spawn('yes', { stdio: ['ignore', write, 'ignore'] });
  closeSync(write);
  const pid = child.pid as number;
  for (let round = 0; round < 20; round += 1) {
    await inlet.take(1000);
    await whileStill([pid], async () => {
      inlet.drain();
      t.equal(stateOf(pid), 'T');
      await new Promise((resolve) => setTimeout(resolve, 10));
      t.equal(inlet.drain().length, 0);
    });
  }
  child.kill();
  await once(child, 'exit');
});

t.test('a process that has ended stands still', async (t) => {
  const child = spawn('true');
  const pid = child.pid as number;
  await once(child, 'exit');
  t.equal(await whileStill([pid], async () => 'done'), 'done');
});

t.test('they go on when the work has failed', async (t) => {
  const child = spawn('sleep', ['100']);
  const pid = child.pid as number;
  const work = whileStill([pid], async () => {
    throw new Error('no');
  });
  await t.rejects(work, { message: 'no' });
  t.not(stateOf(pid), 'T');
  child.kill();
  await once(child, 'exit');
});

t.test('two that are wanted still by two at once are so for each in turn', async (t) => {
  const children = [spawn('sleep', ['100']), spawn('sleep', ['100'])];
  const [one = 0, two = 0] = children.map(({ pid }) => pid as number);
  let inside = 0;
  const work = (pids: number[]) =>
    whileStill(pids, async () => {
      inside += 1;
      t.equal(inside, 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      t.same(pids.map(stateOf), ['T', 'T']);
      inside -= 1;
    });
  await Promise.all([work([one, two]), work([two, one]), work([one, two])]);
  for (const child of children) {
    child.kill();
    await once(child, 'exit');
  }
});
