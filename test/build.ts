/** What `npm run build` makes: one file to start, what is loaded on need beside it, and everybody's licences. */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { buildBeside } from './fixtures/gate/build.ts';
import { makeFolder } from './fixtures/gate/policy.ts';

const dist = buildBeside(t);
const read = (name: string) => readFileSync(`${dist}/${name}`, 'utf8');
const hot = read('zrep-gate.cjs');

t.test('npm run build runs that script, and package.json names the program that it makes', (t) => {
  const { scripts, bin, files } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.equal(scripts.build, 'tsx build/build.ts');
  t.same(bin, { 'zrep-gate': 'dist/zrep-gate.cjs' });
  t.ok(files.includes('dist'));
  t.end();
});

t.test('the program and what it loads on need are a file each', (t) => {
  const names = [
    'THIRD-PARTY-LICENSES',
    'admin.cjs',
    'find-mistakes.cjs',
    'remote-syslog.cjs',
    'zrep-gate.cjs',
  ];
  t.same(readdirSync(dist).sort(), names);
  for (const name of ['admin', 'find-mistakes', 'remote-syslog']) {
    const loader = name === 'admin' || name === 'remote-syslog' ? hot : hot + read('admin.cjs');
    t.match(loader, `require("./${name}.cjs")`, `${name} is loaded from beside`);
  }
  t.end();
});

t.test(
  'the program has its launcher in front, and can be executed by anyone, written by its owner only',
  (t) => {
    const launcher = readFileSync('src/bin/launcher.sh', 'utf8').replace('\n', "\n':' /*\n");
    t.ok(hot.startsWith(`${launcher}*/\n`));
    t.equal(launcher.indexOf('*/'), -1);
    t.equal(statSync(`${dist}/zrep-gate.cjs`).mode & 0o7777, 0o755);
    t.end();
  },
);

t.test('npm packs it as a program, and only it', (t) => {
  const folder = makeFolder(t);
  const options = [
    '--ignore-scripts',
    '--silent',
    '--cache',
    `${folder}/cache`,
    '--pack-destination',
    folder,
  ];
  execFileSync('npm', ['pack', ...options], { cwd: dirname(dist), stdio: 'ignore' });
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  const list = execFileSync('tar', ['-tvf', `${folder}/${tarball}`], { encoding: 'utf8' });
  const programs = list.split('\n').filter((line) => line.startsWith('-rwx'));
  t.match(programs, [/^-rwxr-xr-x .* package\/dist\/zrep-gate\.cjs$/]);
  t.equal(programs.length, 1, programs.join());
  t.end();
});

t.test('what serving needs no library for is not in the file that serves', (t) => {
  /** A text that only this library has, and the file it belongs in. */
  const marks: [string, string, string][] = [
    ['zod', 'unrecognized_keys', 'find-mistakes.cjs'],
    ['commander', 'commander.unknownCommand', 'admin.cjs'],
    ['syslog-client', 'net.write() failed', 'remote-syslog.cjs'],
  ];
  for (const [library, mark, home] of marks) {
    t.match(read(home), mark, `${library} is in ${home}`);
    t.notMatch(hot, mark, `and not in the program`);
  }
  t.notMatch(
    hot,
    /require\("(?:node:)?(?:dgram|net|tls|http|https|readline|worker_threads)"\)/,
    'nor are sockets',
  );
  t.end();
});

t.test('it runs where there is no node_modules, and warns of nothing', (t) => {
  const folder = makeFolder(t);
  cpSync(dist, folder, { recursive: true });
  const serve = spawnSync(process.execPath, [`${folder}/zrep-gate.cjs`, 'serve'], {
    cwd: '/',
    encoding: 'utf8',
  });
  t.equal(serve.status, 64);
  t.match(serve.stderr, /^zrep-gate: the form is: .*\n$/, 'one line');
  for (const name of ['admin', 'find-mistakes', 'remote-syslog']) {
    const argv = ['-e', `require('${folder}/${name}.cjs')`];
    t.equal(execFileSync(process.execPath, argv, { cwd: '/', encoding: 'utf8', stdio: 'pipe' }), '', name);
  }
  t.end();
});

t.test('the licence of every bundled package is there, with its version', (t) => {
  const parts = read('THIRD-PARTY-LICENSES').split(`\n${'-'.repeat(72)}\n\n`);
  const heads = parts.map((part) => part.split('\n')[0]);
  const expected = ['commander', 'shell-quote', 'smol-toml', 'syslog-client', 'zod'].map((name) => {
    return `${name} ${JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version}`;
  });
  t.same(heads, expected);
  for (const part of parts) t.match(part, /copyright[\s\S]*as is/i, part.slice(0, part.indexOf('\n')));
  t.end();
});
