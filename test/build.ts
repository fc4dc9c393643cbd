/** What `npm run build` makes: one file a program to start, what is loaded on need beside it, and everybody's licences. */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { transformSync } from 'esbuild';
import t from 'tap';
import { buildBeside } from './fixtures/gate/build.ts';
import { makeFolder } from './fixtures/gate/policy.ts';

const dist = buildBeside(t);
const read = (name: string) => readFileSync(`${dist}/${name}`, 'utf8');
const hot = read('zrep-gate.cjs');

t.test('npm run build runs that script, and package.json names the programs that it makes', (t) => {
  const { scripts, bin, files } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.equal(scripts.build, 'tsx build/build.ts');
  t.same(bin, {
    zrep: 'dist/zrep.cjs',
    'zrep-expire': 'dist/zrep-expire.cjs',
    'zrep-gate': 'dist/zrep-gate.cjs',
  });
  t.ok(files.includes('dist'));
  t.end();
});

t.test('each program and what it loads on need are a file each', (t) => {
  const names = [
    'THIRD-PARTY-LICENSES',
    'admin.cjs',
    'completion',
    'doctor.cjs',
    'find-mistakes.cjs',
    'man',
    'pair.cjs',
    'remote-syslog.cjs',
    'session.cjs',
    'snapshots.cjs',
    'spinner.cjs',
    'their-state.cjs',
    'toml-problem.cjs',
    'zrep-expire.cjs',
    'zrep-gate.cjs',
    'zrep.cjs',
  ];
  t.same(readdirSync(dist).sort(), names);
  const programs = ['zrep-expire', 'zrep-gate', 'zrep'];
  t.same(
    readdirSync(`${dist}/man`).sort(),
    programs.map((name) => `${name}.8`),
  );
  t.same(
    readdirSync(`${dist}/completion`).sort(),
    programs.map((name) => `${name}.bash`),
  );
  for (const [name, loader] of Object.entries({
    admin: hot,
    'remote-syslog': hot,
    'find-mistakes': hot + read('admin.cjs'),
    'toml-problem': hot + read('admin.cjs'),
    pair: read('zrep.cjs'),
    snapshots: read('zrep.cjs'),
    spinner: read('zrep.cjs'),
    'their-state': read('zrep.cjs') + read('doctor.cjs'),
  }))
    t.match(loader, `require("./${name}.cjs")`, `${name} is loaded from beside`);
  t.end();
});

t.test(
  'a program has its launcher in front, and can be executed by anyone, written by its owner only',
  (t) => {
    for (const [program, source] of Object.entries({
      'zrep-gate': 'launcher',
      zrep: 'zrep-launcher',
      'zrep-expire': 'zrep-launcher',
    })) {
      const launcher = readFileSync(`src/bin/${source}.sh`, 'utf8').replace('\n', "\n':' /*\n");
      t.ok(read(`${program}.cjs`).startsWith(`${launcher}*/\n`), program);
      t.equal(launcher.indexOf('*/'), -1, program);
      t.equal(statSync(`${dist}/${program}.cjs`).mode & 0o7777, 0o755, program);
    }
    t.end();
  },
);

t.test('npm packs the three as programs, and only them', (t) => {
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
  const names = programs.map((line) => /^-rwxr-xr-x .* package\/dist\/(.*)$/.exec(line)?.[1]);
  t.same(names.sort(), ['zrep-expire.cjs', 'zrep-gate.cjs', 'zrep.cjs'], programs.join());
  t.end();
});

t.test('what serving needs no library for is not in the file that serves', (t) => {
  /** A text that only this library has, and the file it belongs in. */
  const marks: [string, string, string][] = [
    ['zod', 'unrecognized_keys', 'find-mistakes.cjs'],
    ['commander', 'commander.unknownCommand', 'admin.cjs'],
    ['syslog-client', 'net.write() failed', 'remote-syslog.cjs'],
    ['ora', 'isUnicodeSupported', 'spinner.cjs'],
  ];
  for (const [library, mark, home] of marks) {
    t.match(read(home), mark, `${library} is in ${home}`);
    t.notMatch(hot + read('zrep.cjs'), mark, `and not in the programs`);
  }
  t.notMatch(
    hot,
    /(?<!module\.)require\("(?:node:)?(?:dgram|net|tls|http|https|readline|worker_threads)"\)/,
    'nor are sockets',
  );
  t.end();
});

/** What Node 20 has and Node 18.19 has not, of what a program could call. */
const NEWER_THAN_18 =
  /\.(?:toSorted|toReversed|toSpliced|getBuiltinModule|withResolvers|groupBy|fromAsync|toWellFormed|styleText|parseEnv|loadEnvFile|openAsBlob|addAbortListener|getCallSites|constrainedMemory|availableMemory)\(|process\.getBuiltinModule/g;

t.test('nothing is called that Node 18.19 does not have', (t) => {
  for (const name of readdirSync(dist).filter((name) => name.endsWith('.cjs')))
    t.same(read(name).match(NEWER_THAN_18), null, name);
  t.end();
});

t.test('a node that is too old runs nothing, and each program says so in one line', (t) => {
  const folder = makeFolder(t);
  for (const [program, code] of Object.entries({ 'zrep-gate': 70, zrep: 1, 'zrep-expire': 1 }))
    for (const [version, isOld] of Object.entries({ '12.22.12': true, '18.18.2': true, '18.19.0': false })) {
      const asked = program === 'zrep' ? ['version'] : ['--version'];
      const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
      writeFileSync(`${folder}/pretend.cjs`, pretend);
      const argv = ['--require', `${folder}/pretend.cjs`, `${dist}/${program}.cjs`, ...asked];
      const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
      const said = `${program}: ${process.execPath} is Node ${version}; install Node 18.19 or newer there\n`;
      if (isOld) t.same({ status, stdout, stderr }, { status: code, stdout: '', stderr: said });
      else t.same({ status, stderr }, { status: 0, stderr: '' });
    }
  t.end();
});

t.test('what runs before that has no syntax that Node 12 does not know', (t) => {
  // The bundle's text alone would not do: a string may have any of these in it.
  for (const program of ['zrep-gate', 'zrep', 'zrep-expire']) {
    const { code } = transformSync(read(`${program}.cjs`).replace(/^#!.*/, ''), { target: 'node12.22' });
    const { code: same } = transformSync(read(`${program}.cjs`).replace(/^#!.*/, ''), { target: 'esnext' });
    t.equal(code, same, program);
  }
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
  const zrep = spawnSync(process.execPath, [`${folder}/zrep.cjs`, 'version'], { cwd: '/', encoding: 'utf8' });
  t.match(zrep, { status: 0, stdout: /^zrep 2\.0\.2\nin its place: zrep-gate \d+\.\d+\.\d+\n$/, stderr: '' });
  const expire = spawnSync(process.execPath, [`${folder}/zrep-expire.cjs`, '--check'], {
    cwd: '/',
    encoding: 'utf8',
  });
  t.match(expire, { status: 0, stdout: /^Every file system:\n {2}up to 1 hour old/, stderr: '' });
  for (const name of ['admin', 'find-mistakes', 'remote-syslog', 'spinner']) {
    const argv = ['-e', `require('${folder}/${name}.cjs')`];
    t.equal(execFileSync(process.execPath, argv, { cwd: '/', encoding: 'utf8', stdio: 'pipe' }), '', name);
  }
  t.end();
});

t.test('the licence of every bundled package is there, with its version', (t) => {
  const parts = read('THIRD-PARTY-LICENSES').split(`\n${'-'.repeat(72)}\n\n`);
  const heads = parts.map((part) => part.split('\n')[0]);
  const direct = ['commander', 'ora', 'shell-quote', 'smol-toml', 'syslog-client', 'zod'];
  for (const name of direct) {
    const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
    t.ok(heads.includes(`${name} ${version}`), name);
  }
  for (const part of parts) t.match(part, /copyright[\s\S]*as is/i, part.slice(0, part.indexOf('\n')));
  t.end();
});
