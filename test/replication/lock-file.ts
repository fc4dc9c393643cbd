/** zrep's global lock, as each zrep makes it: how it stands. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { lookAtLockFile, readLockFile } from '../../src/replication/lock-file.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

t.test('who only looks is told how it stands', async (t) => {
  const path = `${makeFolder(t)}/zrep.lock`;
  const dead = spawnSync('true').pid;
  t.same(lookAtLockFile(path), { state: 'free' });
  writeFileSync(path, `${process.pid}\n`);
  t.same(lookAtLockFile(path), { state: 'held' });
  writeFileSync(path, `${dead}\n`);
  t.same(lookAtLockFile(path), { state: 'stale', pid: dead });
  writeFileSync(path, '');
  t.same(lookAtLockFile(path), { state: 'held' }, 'a stock zrep is about to write into it');
  utimesSync(path, 1, 1);
  t.same(lookAtLockFile(path), { state: 'unreadable', remedy: `rm ${path}` });
});

t.test('an older zrep makes a link to its process', async (t) => {
  const path = `${makeFolder(t)}/zrep.lock`;
  const dead = spawnSync('true').pid;
  symlinkSync(`/proc/${process.pid}`, path);
  t.match(readLockFile(path), { pid: process.pid, isFolder: false });
  t.same(lookAtLockFile(path), { state: 'held' });
  rmSync(path);
  symlinkSync(`/proc/${dead}`, path);
  t.same(lookAtLockFile(path), { state: 'stale', pid: dead });
});

t.test('a folder is nobody knows whose, from its first moment', async (t) => {
  const path = `${makeFolder(t)}/zrep.lock`;
  mkdirSync(path);
  t.same(lookAtLockFile(path), { state: 'unreadable', remedy: `rmdir ${path}` });
});
