/** What the operating system refuses, in a line for a person. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { saySystemRefusal } from '../../src/process/system-refusal.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

t.test('it says what was tried, why not, and the command that helps', async (t) => {
  const folder = makeFolder(t);
  t.equal(
    saySystemRefusal(caught(() => writeFileSync(`${folder}/none/zrep.lock`, ''))),
    `cannot open ${folder}/none/zrep.lock: no such file or directory (ENOENT); make its folder: install -d -m 755 ${folder}/none`,
  );
  t.equal(
    saySystemRefusal(caught(() => openSync(`${folder}/none`, 'r'))),
    `cannot open ${folder}/none: no such file or directory (ENOENT)`,
  );
  t.match(saySystemRefusal(caught(() => readdirSync(`${folder}/none`))), /^cannot list .*ENOENT\)$/);
  t.match(
    saySystemRefusal(caught(() => mkdtempSync('/proc/zrep-'))),
    /^cannot make a folder \/proc\/zrep-XXXXXX: /,
  );
  t.match(
    saySystemRefusal(caught(() => writeFileSync('/dev/full', 'x'))),
    'cannot write to: no space left on device (ENOSPC)',
  );
  const [missing] = await once(spawn('/nowhere/ssh'), 'error');
  t.equal(saySystemRefusal(missing), 'cannot start /nowhere/ssh: it is not installed, or not in PATH');
});

t.test('our own errors are none', async () => {
  fc.assert(fc.property(fc.anything(), (error) => saySystemRefusal(error) === undefined));
  t.equal(saySystemRefusal(new TypeError('x is not a function')), undefined);
});
