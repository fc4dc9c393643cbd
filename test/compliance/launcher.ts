/** The launcher under the shells that can be sh: what it hands on, byte by byte, and what it does not. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { buildBeside } from '../fixtures/gate/build.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

/** In the bundle's place: what this process was given, as the kernel has it. */
const WITNESS = `
const read = (name) => require('node:fs').readFileSync('/proc/self/' + name, 'latin1').split('\\0').slice(0, -1);
console.log(JSON.stringify({ environment: read('environ'), words: read('cmdline') }));`;

const CONNECTION = '192.0.2.10 50000 192.0.2.1 22';
const PATH = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin';
const folder = makeFolder(t);
const [launcher = ''] = readFileSync(`${buildBeside(t)}/zrep-gate.cjs`, 'utf8').split(/(?<=\n\*\/\n)/);
const touched = `${folder}/touched`;
const touch = `/usr/bin/touch ${touched}`;

/** The launcher installed as npm does it, with `shell` for sh; the answer is npm's link in the folder of programs. */
function install(name: string, shell: string, text = launcher): string {
  const prefix = `${folder}/${name}`;
  mkdirSync(`${prefix}/bin`, { recursive: true });
  mkdirSync(`${prefix}/lib`);
  symlinkSync(shell, `${prefix}/lib/sh`);
  const program = text.replace('#!/bin/sh', `#!${prefix}/lib/sh`);
  writeFileSync(`${prefix}/lib/zrep-gate.cjs`, program + WITNESS, { mode: 0o755 });
  symlinkSync('../lib/zrep-gate.cjs', `${prefix}/bin/zrep-gate`);
  symlinkSync(process.execPath, `${prefix}/bin/node`);
  return `${prefix}/bin/zrep-gate`;
}

interface Seen {
  readonly environment: readonly string[];
  readonly words: readonly string[];
}

/** Starts `program` in exactly this environment; what it saw, and what else was said. */
function start(program: string, words: readonly string[], environment: readonly string[]) {
  // env sets any name, which spawn's own option does not.
  const argv = ['-i', ...environment, program, ...words];
  const { status, stdout, stderr } = spawnSync('/usr/bin/env', argv, {
    encoding: 'utf8',
    cwd: folder,
    // spawnSync's own is a socket, for which Debian's bash reads ~/.bashrc in place of BASH_ENV.
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {
    status,
    stderr,
    seen: stdout.startsWith('{"environment"') ? (JSON.parse(stdout) as Seen) : stdout,
  };
}

/** A string as /proc has it, read as Latin-1. */
function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** busybox knows no -p. */
const SHELLS = {
  dash: install('dash', '/usr/bin/dash'),
  bash: install('bash', '/usr/bin/bash'),
  busybox: install('busybox', '/usr/bin/busybox', launcher.replace(' -p', '')),
};

const ODD = [
  '',
  ' ',
  '  two  blanks  ',
  '\n',
  'a\nb\n\n',
  `'`,
  `"`,
  `'"$HOME\n*\\`,
  '$(id)`id`$PATH$((1+1))',
  '* ? [a] ~ {a,b} !x #y',
  '\\n\\0\\\\',
  '-n',
  '--',
  'A=b',
  'é\u2028\u{1f600}\x01\x7f\x1b[2J',
];

for (const [shell, program] of Object.entries(SHELLS)) {
  t.test(`${shell} hands on command, connection and words byte by byte, and nothing else`, (t) => {
    for (const text of ODD) {
      const environment = [`SSH_ORIGINAL_COMMAND=${text}`, `SSH_CONNECTION=${CONNECTION}`];
      t.same(start(program, ['serve', text, 'x'], environment), {
        status: 0,
        stderr: '',
        seen: {
          environment: [PATH, ...environment].map(bytes),
          words: [`${dirname(program)}/node`, program, 'serve', text, 'x'].map(bytes),
        },
      });
    }
    t.end();
  });

  t.test(`${shell} hands on any command at all`, async () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((one) => !/\0|\p{Surrogate}/u.test(one));
    const property = fc.property(text, fc.array(text, { maxLength: 3 }), (command, words) => {
      const { seen } = start(program, words, [`SSH_ORIGINAL_COMMAND=${command}`]) as { seen: Seen };
      const expected = [PATH, `SSH_ORIGINAL_COMMAND=${command}`].map(bytes);
      return (
        seen.environment.join('\0') === expected.join('\0') &&
        seen.words.slice(2).join('\0') === words.map(bytes).join('\0')
      );
    });
    fc.assert(property, { numRuns: 25 });
  });

  t.test(`${shell} hands on bytes that are no text, in any locale`, (t) => {
    const script = `SSH_ORIGINAL_COMMAND=$(printf 'a\\377\\300\\200\\342\\202') exec ${program}`;
    for (const locale of ['C', 'C.UTF-8', 'ja_JP.SJIS']) {
      const env = { LC_ALL: locale, LANG: locale };
      const { stdout } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8', env });
      t.same(JSON.parse(stdout).environment, [PATH, 'SSH_ORIGINAL_COMMAND=a\xff\xc0\x80\xe2\x82'], locale);
    }
    t.end();
  });

  t.test(`${shell} leaves unset what is not set, and empty what is empty`, (t) => {
    for (const environment of [
      [],
      ['SSH_ORIGINAL_COMMAND='],
      ['SSH_CONNECTION='],
      ['SSH_ORIGINAL_COMMAND=', 'SSH_CONNECTION='],
    ])
      t.match(start(program, ['serve'], environment), { seen: { environment: [PATH, ...environment] } });
    t.equal((start(program, [], []).seen as Seen).environment.length, 1);
    t.equal((start(program, [], []).seen as Seen).words.length, 2);
    t.end();
  });
}

/** What is planted, and a command without the launcher on which it acts: only then does it tell something to see nothing. */
const PLANTED: Record<string, { variables: readonly string[]; victim: readonly string[] }> = {
  'a module for node': {
    variables: [`NODE_OPTIONS=--require=${folder}/module.cjs`],
    victim: [process.execPath, '-e', '0'],
  },
  'a debugger for node': {
    variables: ['NODE_OPTIONS=--inspect=127.0.0.1:0'],
    victim: [process.execPath, '-e', '0'],
  },
  'a folder for node to write to': {
    variables: [`NODE_V8_COVERAGE=${touched}`],
    victim: [process.execPath, '-e', '0'],
  },
  'certificates for node': {
    variables: ['NODE_EXTRA_CA_CERTS=/nowhere'],
    victim: [process.execPath, '-e', 'require("node:tls").createSecureContext()'],
  },
  'a configuration for OpenSSL': {
    variables: [`OPENSSL_CONF=${folder}/openssl.cnf`],
    victim: [
      process.execPath,
      '--openssl-shared-config',
      '-e',
      'require("node:crypto").createHash("sha256")',
    ],
  },
  'a command for bash to begin with': {
    variables: [`BASH_ENV=$(${touch})`],
    victim: ['/usr/bin/bash', '-c', ':'],
  },
  'a command for a shell to begin with': {
    variables: [`ENV=$(${touch})`],
    victim: ['/usr/bin/dash', '-i', '-c', ':'],
  },
  'a trace by bash': {
    variables: ['SHELLOPTS=xtrace', `PS4=$(${touch})`],
    victim: ['/usr/bin/bash', '-c', ':'],
  },
  'functions by the names of what is called': {
    variables: ['[', 'printf', 'exec', 'continue', 'exit'].map(
      (name) => `BASH_FUNC_${name}%%=() { ${touch}; }`,
    ),
    victim: ['/usr/bin/bash', '-c', '[ x ]'],
  },
  'another place for programs': {
    variables: [`PATH=${folder}/evil`, `CDPATH=${folder}/evil`],
    victim: ['/usr/bin/env', 'node'],
  },
};

/** These act on no victim of ours, and are not to be there all the same. */
const OTHERS = [
  'SHELLOPTS=noexec',
  'TZ=Asia/Tokyo',
  'LC_ALL=C.UTF-8',
  'HOME=/tmp',
  'IFS=/',
  'PWD=/tmp',
  'OPTIND=3',
  '_=x',
  'GCONV_PATH=/tmp',
];
const NAMELESS = ['a.b=1', '1=2', '*=x', 'BASH_FUNC_x%%=() { :; }', 'ZREP-GATE=1'];

mkdirSync(`${folder}/evil`);
for (const name of ['node', 'env', 'sh', 'zfs', 'printf', '['])
  writeFileSync(`${folder}/evil/${name}`, `#!/bin/sh\n${touch}\n`, { mode: 0o755 });
writeFileSync(`${folder}/module.cjs`, `require('node:fs').writeFileSync('${touched}', '')`);
writeFileSync(`${folder}/openssl.cnf`, 'this is no configuration\n');

/** Whether anything was done or said. */
function noticed(stderr: string): boolean {
  const there = existsSync(touched);
  rmSync(touched, { recursive: true, force: true });
  return there || stderr !== '';
}

for (const [name, { variables, victim }] of Object.entries(PLANTED)) {
  t.test(`${name}: planted it acts on others, and not on what the launcher starts`, (t) => {
    const { stderr } = start(victim[0] ?? '', victim.slice(1), variables);
    t.ok(noticed(stderr), `it acts on ${victim.join(' ')}`);
    for (const [shell, program] of Object.entries(SHELLS)) {
      // Without -p busybox has nothing of bash's either.
      const found = start(program, ['serve'], [...variables, 'SSH_ORIGINAL_COMMAND=id']);
      t.match(found, { status: 0, seen: { environment: [PATH, 'SSH_ORIGINAL_COMMAND=id'] } }, shell);
      t.equal((found.seen as Seen).environment.length, 2);
      t.notOk(noticed(found.stderr), shell, { said: found.stderr });
    }
    t.end();
  });
}

t.test('no other variable gets through, whatever its name', (t) => {
  for (const [shell, program] of Object.entries(SHELLS)) {
    const { status, stderr, seen } = start(
      program,
      ['serve'],
      [...OTHERS, ...NAMELESS, 'SSH_CLIENT=x', 'SSH_TTY=x'],
    );
    t.same(
      { status, stderr, environment: (seen as Seen).environment },
      { status: 0, stderr: '', environment: [PATH] },
      shell,
    );
  }
  t.end();
});

t.test('a sh that does not know -p runs nothing', (t) => {
  const { status, seen, stderr } = start(install('strict', '/usr/bin/busybox'), ['serve'], []);
  t.match({ status, seen, stderr }, { status: 2, seen: '', stderr: /illegal option -p/ });
  t.end();
});

t.test('node is the one beside the name, however many links lead to the program', (t) => {
  const other = `${folder}/other`;
  mkdirSync(other);
  symlinkSync(SHELLS.dash, `${other}/gate`);
  symlinkSync(process.execPath, `${other}/node`);
  t.match(start(`${other}/gate`, [], []), { seen: { words: [`${other}/node`, `${other}/gate`] } });
  t.end();
});

t.test(
  'a node that cannot be executed, is a folder, or that env would take for a variable, is passed over',
  (t) => {
    // The system's takes its place; where there is none, test/system/launcher.ts has what is said.
    const system = ['/usr/bin/node', '/usr/local/bin/node'].find(existsSync);
    for (const [name, make] of Object.entries({
      plain: (path: string) => writeFileSync(path, ''),
      folder: (path: string) => mkdirSync(path),
      'a=b': (path: string) => symlinkSync(process.execPath, path),
    })) {
      const place = `${folder}/passed/${name}`;
      mkdirSync(place, { recursive: true });
      make(`${place}/node`);
      symlinkSync(SHELLS.dash, `${place}/gate`);
      const { stdout } = spawnSync(`${place}/gate`, { encoding: 'utf8', env: {} });
      t.match(JSON.parse(stdout), { words: [system, `${place}/gate`] }, name);
    }
    t.end();
  },
);
