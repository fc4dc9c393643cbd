/** /etc/default/zrep: what is read as a shell would have it, what is passed over, and who may have written it. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the shell's

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import t from 'tap';
import { applyDefaults, DEFAULT_FILE, readDefaultFile } from '../../../src/client/words/default-file.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';

const OWN = { SSH: 'own', HOME: '/root' };

/** Lines, and what SSH is behind them where the environment has SSH=own. */
const READ: readonly (readonly [text: string, ssh: string])[] = [
  ['', 'own'],
  ['SSH=file', 'file'],
  ['  SSH=file  ', 'file'],
  ['export SSH=file', 'file'],
  ['export SSH', 'own'],
  ['SSH=file; export SSH', 'file'],
  ['SSH=file;export SSH;', 'file'],
  ['export ZREP_R=-R SSH=file', 'file'],
  ['ZREP_R=-R SSH=file', 'file'],
  ['SSH=a\nSSH=b', 'b'],
  ['SSH=', ''],
  [`SSH=''`, ''],
  [`SSH='ssh -p 2222'`, 'ssh -p 2222'],
  [`SSH="ssh -p 2222"`, 'ssh -p 2222'],
  [`SSH="it's"`, `it's`],
  [`SSH='say "hi" $x'`, 'say "hi" $x'],
  ['SSH="a\\"b\\\\c\\$d"', 'a"b\\c$d'],
  [`SSH=a'b 'c"d "e`, 'ab cd e'],
  ['SSH=ssh # ours', 'ssh'],
  ['SSH=ssh#ours', 'ssh#ours'],
  [`SSH='a # b'`, 'a # b'],
  ['# SSH=file', 'own'],
  ['SSH=${SSH:-file}', 'own'],
  ['SSH="${SSH:-file}"', 'own'],
  ['SSH=${SSH:-"a b"}', 'own'],
  ['SSH=a${SSH:-x}b', 'aownb'],
  ['SSH=\nSSH=${SSH:-file}', 'file'],
  ['SSH=\nSSH="${SSH:-ssh -p 22}"', 'ssh -p 22'],
  ['SSH=\nSSH=${SSH:-"ssh  -p 22"}', 'ssh  -p 22'],
  [`SSH=\nSSH=\${SSH:-'a}b'}`, 'a}b'],
  ['SSH=\nSSH=${SSH:-ssh -p 22}', 'ssh -p 22'],
  ['SSH=a=b,c{d}[e]*?!^%@:+', 'a=b,c{d}[e]*?!^%@:+'],
]; // biome-ignore format: one table

/** One line each, of which nothing counts. */
const PASSED_OVER = [
  'SSH=$(id)', 'SSH=`id`', 'SSH="$(id)"', 'SSH="`id`"', 'SSH=$HOME', 'SSH="$HOME/x"', 'SSH=${HOME}', 'SSH=${SSH}', 'SSH=${SSH-x}',
  'SSH=${HOME:-x}', 'SSH=${SSH:-$HOME}', 'SSH=${SSH:-`id`}', 'SSH=${SSH:=x}', 'SSH="${SSH:-"x"}"', ': ${SSH:=x}', 'SSH=~/x', 'SSH=\\x',
  'SSH= x', 'SSH=x id', 'id', 'id SSH=x', 'SSH =x', 'SSH+=x', 'SSH=(a b)', 'SSH[0]=x', 'SSH=x|id', 'SSH=x&', 'SSH=x && id', 'SSH=x;id',
  'SSH=x > /tmp/x', 'export -n SSH=x', 'export 1SSH', 'unset SSH', 'set -a', '. /etc/other', 'source /etc/other', 'readonly SSH=x',
  '[ -x /usr/bin/ssh ] && SSH=x', 'if true; then SSH=x; fi', 'f() { SSH=x; }', 'SSH=x\\', ';', 'SSH=x;;', 'SSH=x; ; SSH=y', 'exportSSH=x y', 'export', 'eval SSH=x', "SSH=$'x'",
]; // biome-ignore format: one table

function ssh(text: string) {
  const { variables, warnings } = applyDefaults(text, OWN);
  return { ssh: variables['SSH'], warnings };
}

t.test('assignments are read as a shell has them', async (t) => {
  for (const [text, value] of READ) {
    t.same(ssh(text), { ssh: value, warnings: [] }, text);
    const script = `SSH=own\n${text}\nprintf %s "$SSH"`;
    for (const shell of ['/usr/bin/bash', '/usr/bin/dash'])
      t.equal(spawnSync(shell, ['-c', script]).stdout.toString(), value, `${shell}: ${text}`);
  }
});

t.test('lines can end as Windows has it', async (t) => {
  t.same(ssh('\r\n# x\r\nSSH=file\r\nexport SSH\r\n'), { ssh: 'file', warnings: [] });
});

t.test('a line that is anything else is passed over whole, with a warning that names it', async (t) => {
  for (const line of PASSED_OVER) {
    const expected = `WARNING: ${DEFAULT_FILE}, line 2 is no plain VARIABLE=value: it is ignored`;
    t.same(ssh(`# x\n${line}\n\n# y\n`), { ssh: 'own', warnings: [expected] }, line);
  }
});

t.test('what comes behind it counts', async (t) => {
  for (const line of PASSED_OVER.filter((line) => !line.endsWith('\\')))
    t.equal(ssh(`${line}\nSSH=file`).ssh, 'file', line);
});

t.test('in a construct of the shell nothing counts, and behind it everything does', async (t) => {
  const constructs: [string, string][] = [
    ['if true; then', 'fi'],
    ['if true\nthen', 'fi'],
    ['if a; then\nif b; then\nfi', 'fi'],
    ['case $x in\na)', ';;\nesac'],
    ['for x in a; do', 'done'],
    ['while true\ndo', 'done'],
    ['f() {', '}'],
    ['f() {\n{\n}', '}'],
    ['{', '}'],
    ['(', ')'],
    ['if a; then # if', 'fi'],
    ['if echo "fi; fi"; then', 'fi'],
    ['true && {', '}'],
    ['if a; then\necho done', 'fi'],
    ['echo \\', ''],
  ];
  for (const [before, after] of constructs) {
    const within = ssh(`${before}\nSSH=x\n${after}`);
    t.equal(within.ssh, 'own', before);
    t.ok(within.warnings.length > 0, before);
    t.equal(ssh(`${before}\nSSH=x\n${after}\nSSH=file`).ssh, 'file', `${before} ... ${after}`);
  }
});

t.test('where a string or a document goes on, or sourcing ends, nothing behind it counts', async (t) => {
  const follows = `WARNING: ${DEFAULT_FILE}, line 1 is no plain VARIABLE=value: it is ignored, and so is all that follows`;
  for (const line of ["SSH='x", 'SSH="x', 'cat <<EOF', 'return', ' exit 0', 'return 0 # x'])
    t.same(ssh(`${line}\nSSH=file`), { ssh: 'own', warnings: [follows] }, line);
  t.equal(ssh(`id # don't\nSSH=file`).ssh, 'file', 'an apostrophe in a comment begins no string');
});

t.test('variables that zrep does not know are not taken over, and others stay as they are', async (t) => {
  t.same(applyDefaults('HOME=/x\nLD_PRELOAD=/x\nPATH=/x\nNODE_OPTIONS=x\nZREP_R=-R', OWN), {
    variables: { ...OWN, ZREP_R: '-R' },
    warnings: [],
  });
});

t.test('whatever the text, nothing is thrown, and only what zrep knows changes', async () => {
  const piece = fc.constantFrom(
    ...' \n\r;#=\'"\\${}:-()`|&<',
    'SSH',
    'HOME',
    'export ',
    'if ',
    'fi',
    'x',
    'SSH=${SSH:-',
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, (text) => applyDefaults(text, OWN).variables['HOME'] === '/root'),
    { numRuns: 2000 },
  );
});

t.test('what is read of any text without a warning, dash has read as well', async () => {
  const piece = fc.constantFrom(
    'SSH=',
    'SSH=',
    'a',
    ' ',
    '\n',
    ';',
    '"',
    "'",
    '#',
    '\\',
    '$',
    '${SSH:-',
    '}',
    '{',
    'export ',
    '*',
    '=',
  );
  const texts = fc.sample(
    fc
      .array(piece, { maxLength: 12 })
      .map((pieces) => pieces.join(''))
      .filter((text) => ssh(text).warnings.length === 0),
    300,
  );
  const script = texts.map((text) => `(SSH=own\n${text}\nprintf '%s\\0' "$SSH")`).join('\n');
  const { stdout } = spawnSync('/usr/bin/dash', [], { input: script });
  t.same(
    stdout.toString().split('\0').slice(0, -1),
    texts.map((text) => ssh(text).ssh),
  );
});

const folder = mkdtempSync(`${tmpdir()}/default-`);
t.teardown(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string, mode = 0o644): string {
  const path = `${folder}/${name}`;
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

t.test('the file is read where there is one', async (t) => {
  t.equal(readDefaultFile(write('plain', 'SSH=x\n')), 'SSH=x\n');
  t.equal(readDefaultFile(`${folder}/none`), undefined);
  t.equal(readDefaultFile(`${folder}/plain/none`), undefined);
  symlinkSync('plain', `${folder}/link`);
  t.equal(readDefaultFile(`${folder}/link`), 'SSH=x\n', 'also behind a link, whose target is what is judged');
});

t.test('what is no file is passed over, as stock does', async (t) => {
  mkdirSync(`${folder}/folder`);
  t.equal(readDefaultFile(`${folder}/folder`), undefined);
  spawnSync('mkfifo', [`${folder}/fifo`]);
  t.equal(readDefaultFile(`${folder}/fifo`), undefined);
});

t.test('root goes by no file that others can write', async (t) => {
  for (const mode of [0o664, 0o646, 0o666]) {
    const path = write('open', '', mode);
    t.throws(
      () => readDefaultFile(path, true),
      new UsageError(
        `${path} can be written by others than root, so root cannot go by it; run: chmod go-w ${path}`,
      ),
    );
    t.equal(readDefaultFile(path, false), '', 'anybody else may');
  }
});

t.test(
  'nor by one that is not its own',
  { skip: process.getuid?.() !== 0 && 'only root can give a file away' },
  async (t) => {
    const path = write('foreign', '');
    chownSync(path, 65534, 65534);
    t.throws(
      () => readDefaultFile(path, true),
      new UsageError(
        `${path} belongs to user 65534, not root, so root cannot go by it; run: chown root ${path}`,
      ),
    );
  },
);

t.test('a file that is too long is none of these', async (t) => {
  t.equal(readDefaultFile(write('long', '#'.repeat(65_536)), true)?.length, 65_536);
  t.throws(
    () => readDefaultFile(write('long', '#'.repeat(65_537)), true),
    /has 65537 bytes, more than the 65536 allowed/,
  );
});
