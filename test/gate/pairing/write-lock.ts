/** Two processes that write one after the other. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { withWriteLock } from '../../../src/gate/pairing/write-lock.ts';
import { makeFolder } from '../../fixtures/gate/policy.ts';

t.test('the lock is held during the work alone, and is no obstacle to its own holder', async (t) => {
  const path = `${makeFolder(t)}/lock`;
  const held = withWriteLock(() => withWriteLock(() => readFileSync(path, 'utf8'), path), path);
  t.equal(held, `${process.pid}\n`);
  t.notOk(existsSync(path));
  t.throws(
    () =>
      withWriteLock(() => {
        throw new Error('full');
      }, path),
    { message: 'full' },
  );
  t.notOk(existsSync(path));
});

t.test('who waits for too long is told who holds it; a dead holder has none', async (t) => {
  const path = `${makeFolder(t)}/lock`;
  const holder = spawn('sleep', ['1000'], { stdio: 'ignore' });
  t.teardown(() => holder.kill('SIGKILL'));
  writeFileSync(path, `${holder.pid}\n`);
  t.throws(() => withWriteLock(() => 'in', path, 50), {
    message: new RegExp(`^process ${holder.pid} holds ${path}: run this again`),
  });
  const gone = once(holder, 'exit');
  holder.kill('SIGKILL');
  await gone;
  t.equal(
    withWriteLock(() => 'in', path, 50),
    'in',
  );
  writeFileSync(path, 'junk');
  t.throws(() => withWriteLock(() => 'in', path, 50), { message: /is not a lock of zrep-gate; see: ls -l/ });
});
