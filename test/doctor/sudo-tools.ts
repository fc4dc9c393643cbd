/** Which sudo a line calls, found out by asking it. */

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { findSudo } from '../../src/doctor/sudo-tools.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const folder = makeFolder(t);

/** A program that says that it is this; its path. */
function program(name: string, version: string): string {
  const path = `${folder}/${name}`;
  writeFileSync(path, `#!/bin/sh\necho '${version}'\n`);
  chmodSync(path, 0o755);
  return path;
}

t.test('sudo and sudo-rs are told apart by what they say, and each has its own visudo', async (t) => {
  mkdirSync(`${folder}/rust`);
  const [real, visudo] = [program('rust/sudo', 'sudo-rs 0.2.15'), program('rust/visudo', 'visudo-rs 0.2.15')];
  symlinkSync(real, `${folder}/sudo-rs`);
  t.match(await findSudo(`${folder}/sudo-rs`), { kind: 'sudo-rs', visudo });
  t.match(await findSudo(program('sudo', 'Sudo version 1.9.17p2')), {
    kind: 'sudo',
    sudoers: '/etc/sudoers',
  });
});

t.test('what is neither is not asked, and that is told', async (t) => {
  t.match(await findSudo(program('other', 'hello')), { code: 'not-looked', problem: /neither .*: hello$/ });
  t.match(await findSudo(`${folder}/gone/sudo-rs`), {
    code: 'sudo-missing',
    remedy: { lines: ['apt-get install sudo-rs'] },
  });
  for (const word of ['doas', '/usr/bin/doas'])
    t.match(await findSudo(word), { code: 'not-looked', where: '/usr/bin/doas' });
});
