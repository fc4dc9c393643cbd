/** zrep's global lock, of the living, of the dead, and of nobody. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { lookAtGlobalLocks } from '../../src/doctor/locks.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync('true').pid;
}

t.test('no lock, and one of a process that lives', (t) => {
  const folder = makeFolder(t);
  t.same(lookAtGlobalLocks(folder), []);
  writeFileSync(`${folder}/zrep.lock`, `${process.pid}\n`);
  t.same(lookAtGlobalLocks(folder), []);
  t.end();
});

t.test('a lock of a process that died, and the lock for breaking it', (t) => {
  const folder = makeFolder(t);
  const pid = deadPid();
  for (const name of ['zrep.lock', 'zrep.lock.break']) writeFileSync(`${folder}/${name}`, `${pid}\n`);
  t.match(lookAtGlobalLocks(folder), [
    {
      code: 'global-lock-stale',
      problem: `is held by pid ${pid}, which is dead`,
      remedy: { lines: [`rm ${folder}/zrep.lock`] },
    },
    { code: 'break-lock-stale', remedy: { lines: [`rm ${folder}/zrep.lock.break`] } },
  ]);
  t.end();
});

t.test('a folder, and the link of an older zrep that died', (t) => {
  const folder = makeFolder(t);
  const path = `${folder}/zrep.lock`;
  mkdirSync(path);
  t.match(lookAtGlobalLocks(folder), [
    { code: 'global-lock-unreadable', remedy: { lines: [`rmdir ${path}`] } },
  ]);
  rmdirSync(path);
  symlinkSync(`/proc/${deadPid()}`, path);
  t.match(lookAtGlobalLocks(folder), [{ code: 'global-lock-stale', where: path }]);
  t.end();
});

t.test('an empty lock is one that is being made, and later one that nobody can tell of', (t) => {
  const folder = makeFolder(t);
  const path = `${folder}/zrep.lock`;
  writeFileSync(path, '');
  t.same(lookAtGlobalLocks(folder), []);
  const minuteAgo = Date.now() / 1000 - 60;
  utimesSync(path, minuteAgo, minuteAgo);
  t.match(lookAtGlobalLocks(folder), [{ code: 'global-lock-unreadable', where: path }]);
  t.end();
});
