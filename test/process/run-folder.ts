/** Folders of runs: those of the living stay, those of the dead go with the processes that use them. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import t from 'tap';
import { startTicks } from '../../src/process/liveness.ts';
import { makeRunFolder, removeDeadFolders } from '../../src/process/run-folder.ts';

/** The number of this process's pid namespace. */
const OWN = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');

const SIT = 'setInterval(() => {}, 1000)';

t.test('a folder is for this user alone, and stays while its process runs', async (t) => {
  const folder = makeRunFolder();
  t.teardown(() => rmSync(folder, { recursive: true }));
  t.ok(folder.startsWith(`/tmp/zrep-${OWN}-${process.pid}-${startTicks(process.pid)}-`));
  t.equal(statSync(folder).mode & 0o777, 0o700);
  removeDeadFolders();
  t.ok(existsSync(folder));
});

t.test(
  'that of a dead process goes, and the processes with a socket in it end, also stopped ones',
  async (t) => {
    const dead = spawnSync('true').pid;
    const folder = `/tmp/zrep-${OWN}-${dead}-1-abcdef`;
    const other = `/tmp/zrep-${OWN}-${dead}-x`;
    for (const path of [folder, other]) mkdirSync(path, { mode: 0o700 });
    t.teardown(() => rmSync(other, { recursive: true }));
    const children = [folder, other].map((path) =>
      spawn(process.execPath, ['-e', SIT, '--', '-o', `ControlPath=${path}/0`], { stdio: 'ignore' }),
    );
    const [using, another] = children;
    t.teardown(() => another?.kill('SIGKILL'));
    const ended = once(using as NonNullable<typeof using>, 'exit');
    using?.kill('SIGSTOP');
    removeDeadFolders();
    t.same(await ended, [null, 'SIGTERM']);
    t.notOk(existsSync(folder));
    t.ok(existsSync(other), 'nobody knows whose');
    t.equal(another?.exitCode, null);
  },
);

t.test('that of a process in another container, whose numbers mean others here, stays', async (t) => {
  const dead = spawnSync('true').pid;
  const folder = `/tmp/zrep-${Number(OWN) + 1}-${dead}-1-abcdef`;
  mkdirSync(folder, { mode: 0o700 });
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  removeDeadFolders();
  t.ok(existsSync(folder));
});

t.test('one that cannot be removed keeps neither the others nor the work', async (t) => {
  const dead = spawnSync('true').pid;
  const folders = ['a', 'b', 'c'].map((letter) => `/tmp/zrep-${OWN}-${dead}-1-${letter.repeat(6)}`);
  for (const path of folders) mkdirSync(path, { mode: 0o700 });
  t.teardown(() => {
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  });
  const remove = fs.rmSync;
  let failing = '';
  fs.rmSync = (path, options) => {
    failing ||= String(path);
    if (path === failing) throw new Error('EPERM: operation not permitted');
    remove(path, options);
  };
  syncBuiltinESMExports();
  try {
    removeDeadFolders();
  } finally {
    fs.rmSync = remove;
    syncBuiltinESMExports();
  }
  t.same(
    folders.filter((path) => existsSync(path)),
    [failing],
  );
});

t.test('where /tmp cannot be read, there is a folder all the same', async (t) => {
  const read = fs.readdirSync;
  fs.readdirSync = (() => {
    throw new Error('EACCES: permission denied');
  }) as unknown as typeof read;
  syncBuiltinESMExports();
  try {
    removeDeadFolders();
    t.pass();
  } finally {
    fs.readdirSync = read;
    syncBuiltinESMExports();
  }
});
