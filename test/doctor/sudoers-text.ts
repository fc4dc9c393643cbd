/** sudoers by its grammar: what is read of it is what the real cvtsudoers makes of it. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { type DefaultsEntry, parseDefaults, readDefaults } from '../../src/doctor/sudo-defaults.ts';
import { lookAtSudoersFiles } from '../../src/doctor/sudoers-files.ts';
import { readSudoers } from '../../src/doctor/sudoers-text.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const WORDS = ['/usr/bin/zrep-gate', 'serve', 'backup1'];
const USER = { name: 'root', uid: 0, groups: ['root', '#0'] };
const skip = ['/usr/bin/cvtsudoers', '/usr/sbin/cvtsudoers'].some(existsSync)
  ? {}
  : { skip: 'cvtsudoers is missing: run lab/setup, or install sudo' };

const ALIASES = `Cmnd_Alias GATE = /usr/bin/zrep-gate serve backup1 : ZFS = /usr/sbin/zfs, \\
  /usr/sbin/zpool status
User_Alias SOME = nobody, root : NONE = ALL, !root
`;

const options = (entries: readonly DefaultsEntry[]) => {
  const { options, keeps } = readDefaults(entries, WORDS);
  return { options: [...options].sort(), keeps };
};

t.test('Defaults are read as sudo reads them', skip, (t) => {
  const folder = makeFolder(t);
  const name = fc.constantFrom('A', 'B_1', 'LD_*', 'SSH_CONNECTION');
  const list = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `"${names.join(' ')}"`);
  const keep = fc
    .tuple(fc.constantFrom(' = ', '=', ' += ', '+=', ' -= '), fc.oneof(list, name))
    .map(([operator, value]) => `env_keep${operator}${value}`);
  const option = fc.oneof(
    keep,
    fc.constantFrom('!env_keep', 'setenv', '!setenv', '! requiretty', '!!requiretty', 'noexec'),
    fc.constantFrom(
      'secure_path = /a:/b',
      'secure_path="/c d"',
      'secure_path=/a\\,b',
      'badpass_message="a, \\"b\\" # c"',
    ),
  );
  const bound = fc.constantFrom(
    '',
    ':root',
    ':nobody',
    ':%root',
    ':%#0',
    ':%#4',
    ':%adm',
    ':#0',
    ':SOME',
    ':NONE',
    ': nobody, !root',
    '!GATE',
    '!ZFS',
    '! ZFS , GATE',
    '@ALL',
    '>root',
  );
  const end = fc.constantFrom('', ' ', '\t# and so on', ' # "');
  const line = fc
    .tuple(
      bound,
      fc.array(option, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(', ', ',', ' , ', ', \\\n   '),
      end,
    )
    .map(([to, all, comma, rest]) => `Defaults${to} ${all.join(comma)}${rest}`);
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      const text = `${ALIASES}${lines.join('\n')}\nroot ALL=(root) GATE\n`;
      writeFileSync(`${folder}/sudoers`, text);
      const argv = ['-e', '-p', '-f', 'json', '-M', '-m', 'user=root', `${folder}/sudoers`];
      const theirs = parseDefaults(
        execFileSync('cvtsudoers', argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
      const ours = lookAtSudoersFiles(`${folder}/sudoers`, USER, new Set());
      t.same(ours.findings, [], text);
      t.same(options(ours.entries), options(theirs), text);
    }),
    { numRuns: 150 },
  );
  t.end();
});

t.test('files are read where they are included, and what sudo ignores is left out', (t) => {
  const folder = makeFolder(t);
  mkdirSync(`${folder}/d`);
  writeFileSync(`${folder}/d/2`, 'Defaults env_keep += "TWO", nonsense\n');
  writeFileSync(`${folder}/d/1`, 'Defaults env_keep = ONE\nDefaults env_keep += \\\n  GONE\n');
  writeFileSync(`${folder}/d/3.rpmnew`, 'Defaults env_keep += DOT\n');
  writeFileSync(`${folder}/d/4~`, 'Defaults env_keep += TILDE\n');
  writeFileSync(`${folder}/own`, 'Defaults env_keep += OWN\n');
  writeFileSync(
    `${folder}/sudoers`,
    `#includedir ${folder}/d\n@include own\n# include ${folder}/gone\n@include ${folder}/nothing\nDefaults env_keep += END\n`,
  );
  const keeps = (...ignored: string[]) =>
    readDefaults(lookAtSudoersFiles(`${folder}/sudoers`, USER, new Set(ignored)).entries, WORDS).keeps;
  t.same(keeps(), ['ONE', 'GONE', 'TWO', 'OWN', 'END']);
  t.same(keeps(`${folder}/d/2:1`, `${folder}/d/1:3`), ['ONE', 'OWN', 'END']);
  t.end();
});

t.test('tags of rules for the account, and what is not understood', (t) => {
  const folder = makeFolder(t);
  const look = (text: string) => {
    writeFileSync(`${folder}/sudoers`, `${text}\n`);
    const { tags, findings } = lookAtSudoersFiles(`${folder}/sudoers`, USER, new Set());
    return { tags, strange: findings.map(({ code, where }) => `${code} ${where.slice(folder.length)}`) };
  };
  const sound = { tags: [], strange: [] };
  t.same(look('root ALL=(root) NOPASSWD: SETENV: /x'), { tags: ['setenv'], strange: [] });
  t.same(look('%root ALL=(root) NOEXEC: /x, SETENV :/y'), { tags: ['setenv', 'noexec'], strange: [] });
  t.same(look('nobody ALL=(root) SETENV: /x\nroot ALL=(root) NOSETENV: /x # SETENV: no'), sound);
  t.same(look('Host_Alias HERE = a, b\nRunas_Alias AS = root'), sound);
  for (const text of [
    'Defaults',
    'Defaults env_keep =',
    'Defaults:root',
    'Defaults !env_keep = "A"',
    'Defaults Setenv',
    'Cmnd_Alias small = /x',
    'nonsense',
    '+admins ALL=(root) SETENV: /x',
    'Defaults:%:plugin setenv',
  ])
    t.same(look(`# one\n\n${text}`), { tags: [], strange: ['not-looked /sudoers:3'] }, text);
  t.end();
});

t.test('a comment ends with its line, whatever it ends with', (t) => {
  for (const comment of ['#a\\', 'other ALL=(root) /x #a\\']) {
    const told = readSudoers(`${comment}\nuser ALL=(root) /y`);
    t.match(told.at(-1), { first: 2, last: 2, line: { kind: 'rule', users: ['user'] } }, comment);
  }
  t.match(readSudoers('user ALL=(root) \\\n/y #\\'), [{ first: 1, last: 2, line: { kind: 'rule' } }]);
  t.end();
});

t.test('no text is passed over but comments and what is empty', (t) => {
  const piece = fc.constantFrom(
    'Defaults',
    ':',
    '!',
    '"',
    '\\',
    '\n',
    ' ',
    ',',
    '=',
    '+=',
    'a',
    '#',
    '1',
    '@include',
    'ALL',
    'X_Alias',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      const told = readSudoers(text);
      const lines = text.split('\n');
      const among = new Set(
        told.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, n) => first + n)),
      );
      for (const [index, line] of lines.entries())
        if (/^[^\s#\\]/.test(line)) t.ok(among.has(index + 1), `${JSON.stringify(text)}: line ${index + 1}`);
    }),
  );
  t.end();
});
