/** The end of a pipe that is looked into before a child reads it. */

import { spawn } from 'node:child_process';
import { closeSync, readFileSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { createInlet } from '../../src/process/inlet.ts';
import { makePipe } from '../../src/process/pipe.ts';

function open(t: Test) {
  const { read, write } = makePipe();
  const inlet = createInlet(read);
  t.teardown(() => inlet.close());
  return { inlet, write };
}

/** What a child that reads the pipe to its end prints of it. */
function reader(descriptor: number) {
  const child = spawn('cat', { stdio: [descriptor, 'pipe', 'inherit'] });
  return { child, said: (child.stdout as Readable).toArray().then((chunks) => Buffer.concat(chunks)) };
}

t.test('what was taken, and what has followed, is put back in front of what comes', async (t) => {
  const { inlet, write } = open(t);
  writeSync(write, 'head, and the beginning');
  t.equal((await inlet.take(4)).toString(), 'head');
  const rest = inlet.drain();
  t.equal(rest.toString(), ', and the beginning');
  t.equal(inlet.drain().length, 0, 'nothing is left');
  const { said } = await inlet.fill(Buffer.concat([Buffer.from('HEAD'), rest]), () =>
    reader(inlet.descriptor),
  );
  writeSync(write, ', and the end');
  closeSync(write);
  t.equal((await said).toString(), 'HEAD, and the beginning, and the end');
});

t.test('it waits for what is to be taken, and takes no more', async (t) => {
  const { inlet, write } = open(t);
  const taken = inlet.take(6);
  writeSync(write, 'one');
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeSync(write, 'twothree');
  t.equal((await taken).toString(), 'onetwo');
  t.equal(inlet.drain().toString(), 'three');
});

t.test('at the end there is less to be taken, or nothing', async (t) => {
  const { inlet, write } = open(t);
  writeSync(write, 'end');
  closeSync(write);
  t.equal((await inlet.take(6)).toString(), 'end');
  t.equal((await inlet.take(6)).length, 0);
  t.equal(inlet.drain().length, 0);
});

t.test('more than a pipe holds is put in as it is read, also where the writer has ended', async (t) => {
  const { inlet, write } = open(t);
  closeSync(write);
  const much = Buffer.alloc(1_000_003, 'much');
  const { said } = await inlet.fill(much, () => reader(inlet.descriptor));
  t.ok((await said).equals(much), 'and nobody keeps it open');
});

t.test('what a child leaves that has read its own and ended is there for the next', async (t) => {
  const { inlet, write } = open(t);
  closeSync(write);
  const much = Buffer.alloc(65_536 + 300, 'much');
  await inlet.fill(much, () => {
    const child = spawn('head', ['-c', '400'], { stdio: [inlet.descriptor, 'ignore', 'inherit'] });
    // What is told of it here is that it has ended, as soon as it has been seen at work.
    let looks = 0;
    const ended = new Proxy(child, {
      get(target, name) {
        if (name !== 'exitCode') return Reflect.get(target, name);
        looks += 1;
        if (looks === 1) return null;
        waitForEnd(target.pid ?? 0);
        return 0;
      },
    });
    return { child: ended };
  });
  t.equal((await inlet.take(much.length)).length, much.length - 400);
});

/** Returns when the process is nothing any more but for its parent to hear of, without letting that hear of it. */
function waitForEnd(pid: number): void {
  while (!readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z '));
}

t.test('a child that reads no more is not waited for', async (t) => {
  const { inlet, write } = open(t);
  const run = (program: string) => () => {
    const child = spawn(program, { stdio: [inlet.descriptor, 'ignore', 'ignore'] });
    child.on('error', () => {});
    return { child };
  };
  for (const program of ['true', '/nosuch']) await inlet.fill(Buffer.alloc(1_000_000), run(program));
  closeSync(write);
});

t.test('who waits can be told that nothing more is to come, though somebody could still write', async (t) => {
  const { inlet, write } = open(t);
  writeSync(write, 'one');
  const taken = inlet.take(6);
  await new Promise((resolve) => setTimeout(resolve, 20));
  inlet.abort();
  // The read may have come to its end, and nobody been told of it yet.
  t.match((await taken).toString(), /^(one)?$/);
  t.equal((await inlet.take(6)).length, 0);
  inlet.abort();
  closeSync(write);
});
