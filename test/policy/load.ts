/** Which files are believed to be the policy, and what is said of the others; real files, as any user. */

import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { relative } from 'node:path';
import t from 'tap';
import { buildPolicy } from '../../src/policy/build.ts';
import { readDraftPolicy, readTrustedPolicy, trustProblems, UnusablePolicy } from '../../src/policy/load.ts';

const folder = fs.mkdtempSync(`${tmpdir()}/policy-`);
t.teardown(() => fs.rmSync(folder, { recursive: true }));

const MEBIBYTE = 1024 * 1024;
/** Who owns what this test makes: root in CI. */
const uid = process.getuid?.() ?? 0;
const STRANGER = 12_345;

let count = 0;
/** A new file with this content and mode. */
function fileWith(content: string | Buffer, mode = 0o644): string {
  count += 1;
  const path = `${folder}/${count}.toml`;
  fs.writeFileSync(path, content);
  fs.chmodSync(path, mode);
  return path;
}

/** What `read` says of the file at `path`. */
function said(read: (path: string) => string, path: string): string {
  try {
    read(path);
  } catch (error) {
    if (error instanceof UnusablePolicy) return error.message;
    throw error;
  }
  return 'read';
}

/** What is wrong at `path` itself; the temporary directory above it, which all can write, is left out. */
const problemsAt = (path: string): string[] =>
  trustProblems(path).filter((line) => line.startsWith(`${path} `));

/** Under root a foreign file must be made, anybody else's own is one. */
function belongsToStranger(path: string): string {
  if (uid === 0) fs.chownSync(path, STRANGER, STRANGER);
  const owner = uid === 0 ? STRANGER : uid;
  return `${path} belongs to user ${owner}, not root; run: chown root ${path}`;
}
const others = (path: string) => `${path} can be written by others than root; run: chmod go-w ${path}`;

t.test('a file of root that only root can write, below such directories, is believed', async (t) => {
  const path = '/etc/passwd';
  t.same(trustProblems(path), []);
  t.equal(readTrustedPolicy(path), fs.readFileSync(path, 'utf8'));
});

t.test('a file that others can write is not believed, whoever the others are', async (t) => {
  const problemsWith = (mode: number) => {
    const path = fileWith('', mode);
    return problemsAt(path).map((line) => (line === others(path) ? 'others' : 'owner'));
  };
  const byOwner = uid === 0 ? [] : ['owner'];
  for (const mode of [0o644, 0o600, 0o444, 0o755])
    t.strictSame(problemsWith(mode), byOwner, mode.toString(8));
  for (const mode of [0o664, 0o646, 0o620, 0o602])
    t.strictSame(problemsWith(mode), [...byOwner, 'others'], mode.toString(8));
});

t.test("a stranger's file is not believed, and both problems of one are told", async (t) => {
  const path = fileWith('', 0o666);
  const stranger = belongsToStranger(path);
  t.strictSame(problemsAt(path), [stranger, others(path)]);
});

t.test('each directory above counts, up to the root', async (t) => {
  const outer = `${folder}/outer`;
  fs.mkdirSync(`${outer}/inner`, { recursive: true });
  fs.chmodSync(outer, 0o777);
  const path = `${outer}/inner/policy.toml`;
  fs.writeFileSync(path, '');
  const stranger = belongsToStranger(`${outer}/inner`);
  const problems = trustProblems(path);
  t.ok(problems.includes(stranger));
  t.ok(problems.includes(others(outer)));
  t.ok(problems.includes(others(tmpdir())), 'where all can write');
  t.ok(trustProblems(relative(process.cwd(), path)).includes(stranger), 'also when it is named from here');
  t.equal(said(readTrustedPolicy, path), problems[0]);
});

t.test('a symbolic link on the way is not believed, wherever it stands', async (t) => {
  const path = fileWith('a = 1');
  const [link, folderLink] = [`${folder}/link.toml`, `${folder}/link`];
  fs.symlinkSync(path, link);
  fs.symlinkSync(folder, folderLink);
  const sentence = (at: string) => `${at} is a symbolic link; use the real path`;
  t.strictSame(problemsAt(link), [sentence(link)]);
  t.ok(trustProblems(`${folderLink}/1.toml`).includes(sentence(folderLink)));
  t.equal(said(readTrustedPolicy, link), sentence(link));
  // The kernel would go through the link first, and find another file.
  fs.symlinkSync('/etc', `${folder}/etc`);
  t.equal(said(readDraftPolicy, `${folder}/etc/../none.toml`), `${folder}/none.toml: does not exist`);
  t.equal(said(readDraftPolicy, link), `${link}: is a symbolic link; use the real path`);
});

t.test('what is not there is said to be missing', async (t) => {
  const path = `${folder}/missing/policy.toml`;
  for (const read of [readTrustedPolicy, readDraftPolicy])
    t.equal(said(read, path), `${path}: does not exist`);
  const below = `${fileWith('')}/policy.toml`;
  t.equal(said(readDraftPolicy, below), `${below}: ENOTDIR`);
});

t.test('only a regular file is read, and nothing else is waited for', async (t) => {
  const fifo = `${folder}/fifo`;
  execFileSync('mkfifo', [fifo]);
  for (const path of [fifo, folder, '/dev/null']) {
    t.equal(said(readDraftPolicy, path), `${path} is not a regular file`);
  }
  const socket = `${folder}/socket`;
  const server = createServer().listen(socket);
  await new Promise((resolve) => server.once('listening', resolve));
  t.equal(said(readDraftPolicy, socket), `${socket}: ENXIO`);
  server.close();
});

t.test('a file has at most a mebibyte', async (t) => {
  const path = fileWith('');
  for (const size of [10 * MEBIBYTE, MEBIBYTE + 1]) {
    fs.truncateSync(path, size);
    t.equal(said(readDraftPolicy, path), `${path} has ${size} bytes, more than the 1048576 allowed`);
  }
  fs.truncateSync(path, MEBIBYTE);
  t.equal(readDraftPolicy(path).length, MEBIBYTE);
});

t.test('a file with more in it than it said is not read any further', async (t) => {
  t.equal(
    said(readDraftPolicy, '/proc/version'),
    '/proc/version changed while it was read; write it aside, and mv it there',
  );
});

t.test('a file is read as it stands, in UTF-8 or not at all', async (t) => {
  for (const text of ['', '# a draft of whoever\n', 'zfs = "é€𝄞"\r\n\0'])
    t.equal(readDraftPolicy(fileWith(text, 0o666)), text);
  for (const bytes of [[0xff], [0xc3], [0x61, 0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    const path = fileWith(Buffer.from(bytes));
    t.equal(said(readDraftPolicy, path), `${path} is not UTF-8 text`);
  }
});

const GOOD = `zfs = "/usr/sbin/zfs"
[client.backup1]
grant = [{ dataset = "tank/home", operations = ["pull"] }]
`;

/** [content, the place of its first mistake, to the line; undefined where there is none]. */
const CONTENTS: Record<string, [string, string | undefined]> = {
  'a good one': [GOOD, undefined],
  'with DOS line ends': [GOOD.replaceAll('\n', '\r\n'), undefined],
  empty: ['', 'the file'],
  'only blanks': [' \n\t\n', 'the file'],
  'written by half, in a string': [GOOD.slice(0, 70), 'line 3'],
  'written by half, in a table': [GOOD.slice(0, 90), 'line 3'],
  'written by half, in a name': [GOOD.slice(0, 30), 'line 2'],
  'full of zeros': ['\0'.repeat(4096), 'line 1'],
  'a key twice': [`zfs = "/a"\n${GOOD}`, 'line 2'],
  'a table twice': [`${GOOD}[client.backup1]\n`, 'line 4'],
  'a prototype': [`${GOOD}[__proto__]\nzfs = "/tmp/zfs"\n`, '__proto__'],
  'a misspelt key': [GOOD.replace('grant', 'grants'), 'client.backup1.grants'],
  'a misspelt restriction': [
    GOOD.replace('[client.backup1]', '$&\nform = ["192.0.2.1"]'),
    'client.backup1.form',
  ],
  'another type': [GOOD.replace('"/usr/sbin/zfs"', '["/usr/sbin/zfs"]'), 'zfs'],
  'not TOML': ['{"zfs": "/usr/sbin/zfs"}', 'line 1'],
};

t.test('what a file holds is a policy or a list of mistakes', async (t) => {
  for (const [name, [content, place]] of Object.entries(CONTENTS)) {
    const built = await buildPolicy(readDraftPolicy(fileWith(content)));
    t.equal('policy' in built ? undefined : built.mistakes[0]?.place.split(',')[0], place, name);
  }
});
