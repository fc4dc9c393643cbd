/** zrep's launcher under the shells that can be sh: the environment goes through, but what acts on node does not. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { buildBeside } from '../fixtures/gate/build.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

/** In the bundle's place: what this process was given, as the kernel has it. */
const WITNESS = `
const read = (name) => require('node:fs').readFileSync('/proc/self/' + name, 'latin1').split('\\0').slice(0, -1);
console.log(JSON.stringify({ environment: read('environ'), words: read('cmdline').slice(1) }));`;

const folder = makeFolder(t);
const [launcher = ''] = readFileSync(`${buildBeside(t)}/zrep.cjs`, 'utf8').split(/(?<=\n\*\/\n)/);

function install(name: string, shell: string, text = launcher): string {
  const prefix = `${folder}/${name}`;
  mkdirSync(prefix);
  symlinkSync(shell, `${prefix}/sh`);
  writeFileSync(`${prefix}/zrep`, text.replace('#!/bin/sh', `#!${prefix}/sh`) + WITNESS, { mode: 0o755 });
  symlinkSync(process.execPath, `${prefix}/node`);
  return `${prefix}/zrep`;
}

/** busybox knows no -p. */
const SHELLS = {
  dash: install('dash', '/usr/bin/dash'),
  bash: install('bash', '/usr/bin/bash'),
  busybox: install('busybox', '/usr/bin/busybox', launcher.replace(' -p', '')),
};

/** Starts `program` in exactly this environment; what it saw, but for what a shell sets by itself. */
function start(program: string, words: readonly string[], environment: readonly string[]) {
  // A busybox that finds no PATH makes one.
  const argv = ['-i', 'PATH=/bin', ...environment, program, ...words];
  // spawnSync's own stdin is a socket, for which Debian's bash reads ~/.bashrc in place of BASH_ENV.
  const { status, stdout, stderr } = spawnSync('/usr/bin/env', argv, {
    encoding: 'utf8',
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { environment: found = [], words: given = [] } = stdout.startsWith('{') ? JSON.parse(stdout) : {};
  const own = found.filter((one: string) => !/^(?:(?:PWD|OLDPWD|SHLVL|_)=|PATH=\/bin$)/.test(one));
  return { status, stderr, stdout, environment: own.sort() as string[], words: given as string[] };
}

/** A string as /proc has it, read as Latin-1. */
function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

for (const [shell, program] of Object.entries(SHELLS)) {
  t.test(`${shell} hands on what ssh needs, what zrep is told, and any other variable`, async (t) => {
    const environment = [
      'HOME=/root',
      'PATH=/opt/bin:/bin',
      'SSH=ssh -p 2222',
      'SSH_AUTH_SOCK=/tmp/a b',
      'ZREPTAG=off',
      'ZREP_OUTFILTER=a | b',
    ];
    t.match(start(program, ['refresh'], environment), {
      status: 0,
      stderr: '',
      environment,
      words: [program, 'refresh'],
    });
  });

  t.test(`${shell} hands on words and values byte by byte`, async () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((one) => !/\0|\p{Surrogate}/u.test(one));
    const property = fc.property(text, fc.array(text, { maxLength: 3 }), (value, words) => {
      const found = start(program, words, [`ZREP_PATH=${value}`]);
      return (
        found.environment.join('\0') === bytes(`ZREP_PATH=${value}`) &&
        found.words.slice(1).join('\0') === words.map(bytes).join('\0')
      );
    });
    fc.assert(property, { numRuns: 15 });
  });

  t.test(`${shell} keeps from node what it would act on`, async (t) => {
    writeFileSync(`${folder}/module.cjs`, `require('node:fs').writeFileSync('${folder}/touched', '')`);
    const planted = [
      `NODE_OPTIONS=--require=${folder}/module.cjs`,
      'NODE_EXTRA_CA_CERTS=/nowhere',
      `NODE_V8_COVERAGE=${folder}/touched`,
      'NODE_PATH=/x',
      'NODE_DEBUG=module',
      'OPENSSL_CONF=/x',
      'NODE_TLS_REJECT_UNAUTHORIZED=0',
    ];
    t.match(start(program, [], planted), { status: 0, stderr: '', environment: [] });
    t.equal(start(program, [], planted).environment.length, 0);
    t.notOk(existsSync(`${folder}/touched`));
    t.match(start(program, [], ['NODE_ENV=x']).environment, ['NODE_ENV=x'], 'and no more than that');
  });

  t.test(`${shell} takes no functions and no commands from there`, async (t) => {
    const touch = `/usr/bin/touch ${folder}/touched`;
    const planted = ['[', 'unset', 'exec', 'continue', 'printf'].map(
      (name) => `BASH_FUNC_${name}%%=() { ${touch}; }`,
    );
    const { status, stderr } = start(program, [], [...planted, `BASH_ENV=$(${touch})`, `ENV=$(${touch})`]);
    t.same({ status, stderr }, { status: 0, stderr: '' });
    t.notOk(existsSync(`${folder}/touched`));
  });
}

t.test('where there is no node, that is said, and is 1', async (t) => {
  const nowhere = launcher
    .replace(/\/usr\/(?:local\/)?bin\/node\b/g, '/nowhere/node')
    .replace('node beside', 'node  beside');
  const program = `${folder}/alone`;
  writeFileSync(program, nowhere, { mode: 0o755 });
  t.match(start(program, [], []), {
    status: 1,
    stdout: '',
    stderr: /^alone: there is no node {2}beside .*\/alone, in .*; install Node 18\.19 or newer there\n$/,
  });
});
