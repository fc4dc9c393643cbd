/** The file of JSON lines: appended to, private, a regular file only, and whole lines or an error. */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { appendJsonLine } from '../../../src/gate/audit/json-file.ts';
import { makeFolder } from '../../fixtures/gate/policy.ts';
import { AWKWARD } from '../../fixtures/gate/records.ts';

const LINE =
  '{"time":"2023-11-14T22:13:20.123Z","severity":"warning","event":"decision","client":"a\\"]",' +
  '"verdict":"deny","command":"x\\\\\\\\y [1] = \\\\n","ms":12}\n';

t.test('a record is a line behind what is there; a new file belongs to its owner alone', (t) => {
  const path = `${makeFolder(t)}/audit.jsonl`;
  appendJsonLine(AWKWARD, path);
  t.equal(statSync(path).mode & 0o7777, 0o600);
  appendJsonLine(AWKWARD, path);
  t.equal(readFileSync(path, 'utf8'), LINE + LINE);
  t.end();
});

t.test('many writers at once leave whole lines', async (t) => {
  const path = `${makeFolder(t)}/audit.jsonl`;
  const script = `import { appendJsonLine } from './src/gate/audit/json-file.ts';
    for (let i = 0; i < 500; i += 1) appendJsonLine(${JSON.stringify(AWKWARD)}, ${JSON.stringify(path)});`;
  const argv = ['--import', 'tsx', '--input-type=module', '-e', script];
  const words = [process.execPath, ...argv].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  execFileSync('/bin/sh', ['-c', `${words} & ${words} & wait`]);
  t.equal(readFileSync(path, 'utf8'), LINE.repeat(1000));
});

t.test('what is no file that can be appended to is an error that names it, and is left alone', (t) => {
  const folder = makeFolder(t);
  mkdirSync(`${folder}/folder`);
  writeFileSync(`${folder}/target`, '');
  symlinkSync('target', `${folder}/link`);
  symlinkSync('nowhere', `${folder}/dangling`);
  execFileSync('mkfifo', [`${folder}/fifo`]);
  const cases: [string, RegExp][] = [
    [`${folder}/missing/audit.jsonl`, /^ENOENT: .*\/missing\/audit\.jsonl'$/],
    [`${folder}/target/audit.jsonl`, /^ENOTDIR: /],
    [`${folder}/folder`, /^EISDIR: .*\/folder'$/],
    [`${folder}/link`, /^ELOOP: .*\/link'$/],
    [`${folder}/dangling`, /^ELOOP: .*\/dangling'$/],
    [`${folder}/fifo`, /^ENXIO: .*\/fifo'$/],
    ['/dev/full', /^\/dev\/full is not a regular file$/],
    ['/proc/self/comm/x', /^ENOTDIR: /],
  ];
  for (const [path, message] of cases) t.throws(() => appendJsonLine(AWKWARD, path), { message }, path);
  t.equal(readFileSync(`${folder}/target`, 'utf8'), '');
  t.notOk(existsSync(`${folder}/nowhere`));
  t.end();
});

t.test('a file with another name is still one file', (t) => {
  const folder = makeFolder(t);
  writeFileSync(`${folder}/one`, '');
  linkSync(`${folder}/one`, `${folder}/other`);
  appendJsonLine(AWKWARD, `${folder}/other`);
  t.equal(readFileSync(`${folder}/one`, 'utf8'), LINE);
  t.end();
});

t.test('a record that fits only in part is an error', (t) => {
  const path = `${makeFolder(t)}/audit.jsonl`;
  writeFileSync(path, `${'x'.repeat(511)}\n`);
  const script = `import { appendJsonLine } from './src/gate/audit/json-file.ts';
    appendJsonLine(${JSON.stringify({ ...AWKWARD, fields: { message: 'y'.repeat(1000) } })}, ${JSON.stringify(path)});`;
  // One block of 512 bytes more than there is: what a full disk does, without filling one.
  const argv = [
    '-c',
    'ulimit -f 2; exec "$0" "$@"',
    process.execPath,
    '--import',
    'tsx',
    '--input-type=module',
    '-e',
    script,
  ];
  const { status, stderr } = spawnSync('/bin/sh', argv, {
    encoding: 'utf8',
    env: { ...process.env, TSX_DISABLE_CACHE: '1' },
  });
  t.equal(status, 1);
  t.match(stderr, `${path} took only a part of the record`);
  t.end();
});
