/** Files of keys are read as sshd reads them, and what is no file is passed over at once. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { readKeysFile } from '../../src/doctor/key-files.ts';
import { KEY, ROOT, SOUND } from '../fixtures/doctor/lines.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

t.test('a file, by its path or a link', (t) => {
  const folder = makeFolder(t);
  writeFileSync(`${folder}/keys`, `${SOUND} ${KEY} caf\u00e9\n`);
  symlinkSync('keys', `${folder}/link`);
  for (const path of [`${folder}/keys`, `${folder}/link`])
    t.match(readKeysFile(ROOT, path), {
      account: ROOT,
      path,
      content: { lines: [{ number: 1, key: KEY }], ignored: [] },
    });
  t.end();
});

t.test('nothing, and whatever is no file', async (t) => {
  const folder = makeFolder(t);
  mkdirSync(`${folder}/folder`);
  execFileSync('mkfifo', [`${folder}/fifo`]);
  symlinkSync('circle', `${folder}/circle`);
  // To open a socket is an error: like a device, it is not even tried.
  const server = createServer().listen(`${folder}/socket`);
  await once(server, 'listening');
  t.teardown(() => server.close());
  for (const path of [
    `${folder}/gone`,
    `${folder}/folder`,
    `${folder}/fifo`,
    `${folder}/circle`,
    `${folder}/fifo/x`,
    `${folder}/socket`,
    '/dev/zero',
  ])
    t.equal(readKeysFile(ROOT, path), undefined, path);
});

t.test('a file that is too large is told, and not read', (t) => {
  const path = `${makeFolder(t)}/keys`;
  writeFileSync(path, '');
  truncateSync(path, 17 * 1024 * 1024);
  t.match(readKeysFile(ROOT, path), { code: 'not-looked', where: path, problem: 'has 17825792 bytes' });
  t.end();
});
