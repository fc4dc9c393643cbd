/** Long texts for standard output: all of it to a reader however slow, and an end where nobody reads. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, createReadStream, openSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { makePipe } from '../../src/process/pipe.ts';

/** More than a pipe holds. */
const LENGTH = 1_000_000;
const WRITER = new URL('../fixtures/process/write-or-stall.ts', import.meta.url).pathname;

/** A process that writes so much to `output`, and says on standard error how that ended. */
function start(
  t: Test,
  output: number | 'pipe',
  seconds: number,
): { child: ChildProcess; said: Promise<string> } {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, String(LENGTH), String(seconds)], {
    stdio: ['ignore', output, 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  if (child.stderr === null) throw new Error('no standard error');
  return { child, said: text(child.stderr) };
}

t.test('a pipe that is read, and a socket, get all of it', async (t) => {
  const { read, write } = makePipe();
  const piped = start(t, write, 60);
  closeSync(write);
  t.equal((await text(createReadStream('', { fd: read }))).length, LENGTH);
  t.equal(await piped.said, 'true\n');
  const { child, said } = start(t, 'pipe', 60);
  if (child.stdout === null) throw new Error('no standard output');
  t.equal((await text(child.stdout)).length, LENGTH);
  t.equal(await said, 'true\n');
});

t.test('so does a file', async (t) => {
  const path = `${t.testdir()}/output`;
  const { said } = start(t, openSync(path, 'w'), 60);
  t.equal(await said, 'true\n');
  t.equal(readFileSync(path).length, LENGTH);
});

t.test('where nobody reads, it ends, and so does the process', async (t) => {
  const { read, write } = makePipe();
  t.teardown(() => closeSync(read));
  const { child, said } = start(t, write, 0.2);
  closeSync(write);
  t.equal(await said, 'false\n');
  t.equal(child.exitCode ?? (await once(child, 'exit'))[0], 0);
});

t.test('a reader that goes away is no error', async (t) => {
  const { read, write } = makePipe();
  const { child, said } = start(t, write, 60);
  closeSync(write);
  const stream = createReadStream('', { fd: read });
  await once(stream, 'readable');
  stream.destroy();
  t.equal(await said, 'true\n');
  t.equal(child.exitCode ?? (await once(child, 'exit'))[0], 0);
});

t.test('a signal ends it', async (t) => {
  const { read, write } = makePipe();
  const { child, said } = start(t, write, 60);
  closeSync(write);
  const stream = createReadStream('', { fd: read, highWaterMark: 1 });
  await once(stream, 'readable');
  child.kill('SIGTERM');
  t.equal(await said, 'true SIGTERM\n');
  t.equal(child.exitCode ?? (await once(child, 'exit'))[0], 0);
  stream.destroy();
});
