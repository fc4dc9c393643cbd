/** Folders of runs: those of the living stay, those of the dead go with the processes that use them. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import t from 'tap';
import { startTicks } from '../../src/process/liveness.ts';
import { makeRunFolder, removeDeadFolders } from '../../src/process/run-folder.ts';

const SIT = 'setInterval(() => {}, 1000)';

t.test('a folder is for this user alone, and stays while its process runs', async (t) => {
  const folder = makeRunFolder();
  t.teardown(() => rmSync(folder, { recursive: true }));
  t.ok(folder.startsWith(`/tmp/zrep-${process.pid}-${startTicks(process.pid)}-`));
  t.equal(statSync(folder).mode & 0o777, 0o700);
  removeDeadFolders();
  t.ok(existsSync(folder));
});

t.test(
  'that of a dead process goes, and the processes with a socket in it end, also stopped ones',
  async (t) => {
    const dead = spawnSync('true').pid;
    const folder = `/tmp/zrep-${dead}-1-abcdef`;
    const other = `/tmp/zrep-${dead}-x`;
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
