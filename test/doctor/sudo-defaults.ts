/** The Defaults of sudoers, by the real cvtsudoers: what holds for the gate's command line. */

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import t from 'tap';
import { parseDefaults, readDefaults } from '../../src/doctor/sudo-defaults.ts';

const WORDS = ['/usr/bin/zrep-gate', 'serve', 'backup1'];
const GATE = 'Cmnd_Alias GATE = /usr/bin/zrep-gate serve backup1\n';

const read = (text: string) => {
  const argv = ['-e', '-p', '-f', 'json', '-M', '-m', 'user=root', '-'];
  const input = `${GATE}${text}\nroot ALL=(root) GATE\n`;
  return readDefaults(parseDefaults(execFileSync('cvtsudoers', argv, { input, encoding: 'utf8' })), WORDS);
};
const skip = ['/usr/bin/cvtsudoers', '/usr/sbin/cvtsudoers'].some(existsSync)
  ? {}
  : { skip: 'cvtsudoers is missing: run lab/setup, or install sudo' };

t.test('what is for everybody, and then what is for the command', skip, (t) => {
  const { options, keeps } = read(
    'Defaults!GATE env_keep = "SSH_ORIGINAL_COMMAND SSH_CONNECTION", !requiretty\nDefaults requiretty, secure_path="/a:/b", env_keep += "LD_PRELOAD"',
  );
  t.same(keeps, ['SSH_ORIGINAL_COMMAND', 'SSH_CONNECTION']);
  t.same([options.get('requiretty'), options.get('secure_path')], [false, '/a:/b']);
  t.end();
});

t.test('lists are made, added to, taken from and thrown away', skip, (t) => {
  t.same(read('Defaults env_keep = "A B"\nDefaults env_keep += "C"\nDefaults env_keep -= "A"').keeps, [
    'B',
    'C',
  ]);
  t.same(read('Defaults env_keep += "C"'), { options: new Map(), keeps: ['C'] });
  t.same(read('Defaults env_keep = "A"\nDefaults !env_keep').keeps, []);
  t.end();
});

t.test('what is for another command or another account does not count', skip, (t) => {
  t.same(read('Defaults!/usr/bin/other setenv\nDefaults:nobody setenv').options, new Map());
  for (const command of ['/usr/bin/zrep-gate', '/usr/bin/zrep-gate serve *', 'ALL', '/usr/bin/zrep-*'])
    t.equal(read(`Cmnd_Alias WIDE = ${command}\nDefaults!WIDE setenv`).options.get('setenv'), true, command);
  t.equal(read('Defaults:root !env_reset').options.get('env_reset'), false);
  t.end();
});

t.test('no Defaults at all', (t) => {
  t.same(readDefaults(parseDefaults('{}'), WORDS), { options: new Map(), keeps: [] });
  t.same(readDefaults(parseDefaults(''), WORDS), { options: new Map(), keeps: [] });
  t.end();
});
