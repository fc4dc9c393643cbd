/** A pipe of the kernel's own, whose ends children inherit only where they are handed over. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, readFileSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import t, { type Test } from 'tap';
import { makePipe } from '../../src/process/pipe.ts';

/** From fcntl(2), the same on all of Linux's usual machines. */
const [O_ACCMODE, O_NONBLOCK, O_CLOEXEC] = [0o3, 0o4000, 0o2000000];

function open(t: Test): { read: number; write: number; close: (end: number) => void } {
  const { read, write } = makePipe();
  const left = new Set([read, write]);
  const close = (end: number): void => {
    if (left.delete(end)) closeSync(end);
  };
  t.teardown(() => [...left].forEach(close));
  return { read, write, close };
}

const flagsOf = (descriptor: number): number =>
  Number.parseInt(
    /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '',
    8,
  );

t.test('its ends are those of one pipe, one to read and one to write', async (t) => {
  const { read, write } = open(t);
  for (const end of [read, write]) {
    const { ino, mode } = fstatSync(end);
    t.equal(fstatSync(end).isFIFO(), true);
    t.equal(mode & 0o777, 0o600, 'for nobody else');
    t.equal(ino, fstatSync(read).ino);
    t.equal(flagsOf(end) & O_NONBLOCK, 0, 'children expect to wait');
    t.equal(flagsOf(end) & O_CLOEXEC, O_CLOEXEC, 'a child gets an end only where it is handed over');
  }
  t.equal(flagsOf(read) & O_ACCMODE, 0);
  t.equal(flagsOf(write) & O_ACCMODE, 1);
});

t.test('what is written comes out, and then the end', async (t) => {
  const { read, write, close } = open(t);
  writeSync(write, 'stream');
  close(write);
  const bytes = Buffer.alloc(100);
  t.equal(bytes.toString('utf8', 0, readSync(read, bytes)), 'stream');
  t.equal(readSync(read, bytes), 0, 'nobody else holds it open to write');
});

t.test('a writer whose reader is gone learns of it', async (t) => {
  const { read, write, close } = open(t);
  close(read);
  t.throws(() => writeSync(write, 'stream'), { code: 'EPIPE' });
});

t.test('it joins two children', async (t) => {
  const { read, write, close } = open(t);
  const source = spawn('sh', ['-c', 'echo one; echo two'], { stdio: ['ignore', write, 'inherit'] });
  const filter = spawn('tr', ['a-z', 'A-Z'], { stdio: [read, 'pipe', 'inherit'] });
  close(read);
  close(write);
  const ended = Promise.all([once(source, 'exit'), once(filter, 'exit')]);
  t.equal((await (filter.stdout as Readable).setEncoding('utf8').toArray()).join(''), 'ONE\nTWO\n');
  t.same(await ended, [
    [0, null],
    [0, null],
  ]);
});

t.test('each is another, though several are made at once', (t) => {
  const pipes = Array.from({ length: 7 }, () => open(t));
  const ends = pipes.flatMap(({ read, write }) => [read, write]);
  t.equal(new Set(ends).size, ends.length);
  t.equal(new Set(pipes.map(({ read }) => fstatSync(read).ino)).size, pipes.length);
  for (const [index, { write }] of pipes.entries()) writeSync(write, String(index));
  for (const [index, { read }] of pipes.entries()) {
    const bytes = Buffer.alloc(2);
    t.equal(bytes.toString('latin1', 0, readSync(read, bytes)), String(index));
  }
  t.end();
});

t.test('nothing of it is left on disk', async (t) => {
  const { read } = open(t);
  const place = readlinkSync(`/proc/self/fd/${read}`);
  t.match(place, /^\/tmp\/zrep-\d+-\d+-\d+-\w+\/\d \(deleted\)$/);
  t.equal(existsSync(dirname(place)), false);
});
