/** The verbs that a person types, run as that person would: exit codes, and what stands on which stream. */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { buildBeside } from '../fixtures/gate/build.ts';
import { SAMPLE, writePolicy } from '../fixtures/gate/policy.ts';

const program = `${buildBeside(t)}/zrep-gate.cjs`;
const path = writePolicy(t, SAMPLE);
const policy = ['--policy', path];
const explain = ['explain', ...policy, '--client', 'backup1'];
execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'me', '-f', `${dirname(path)}/key`]);
const publicKey = readFileSync(`${dirname(path)}/key.pub`, 'utf8').trim();

t.test('--help and --version answer everywhere, on standard output, with 0', (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.same(gate('--version'), { status: 0, stdout: `${version}\n`, stderr: '' });
  for (const verb of [
    [],
    ['serve'],
    ['serve', 'backup1'],
    ['check'],
    ['explain'],
    ['grant'],
    ['authorize'],
    ['doctor'],
  ]) {
    const { status, stdout, stderr } = gate(...verb, '--help');
    t.same([status, stderr], [0, ''], `${verb.join(' ')} --help`);
    t.match(stdout, `Usage: zrep-gate ${verb[0] ?? '[options] [command]'}`);
  }
  for (const text of ['serve', 'check', 'explain', 'authorize', 'doctor', 'Exit codes: 0 good, 1 bad'])
    t.match(gate('--help').stdout, text);
  t.end();
});

t.test('what is no call of a verb is told on standard error, with 2', (t) => {
  const cases: [string[], RegExp][] = [
    [[], /^Usage: zrep-gate/],
    [['frobnicate'], /^error: unknown command 'frobnicate'\n/],
    [['chekc'], /^error: unknown command 'chekc'\n\(Did you mean check\?\)/],
    [['check', '--polcy', 'x'], /^error: unknown option '--polcy'/],
    [['check', 'policy.toml'], /^error: too many arguments for 'check'/],
    [['explain', ...policy, '--', 'zfs list'], /^error: required option '--client <name>' not specified/],
    [explain, /^zrep-gate: .*give the command to explain, in quotes/m],
    [['authorize', 'backup1'], /^error: missing required argument 'publickeyfile'/],
    [
      ['authorize', 'backup1', '/nowhere/key.pub', ...policy],
      /^zrep-gate: there is no \/nowhere\/key.pub; give the .pub file/m,
    ],
    [
      ['authorize', 'nobody', `${dirname(path)}/key.pub`, ...policy],
      /^zrep-gate: the policy has no client "nobody"; /m,
    ],
    [['authorize', 'backup1', `${dirname(path)}/key`, ...policy], /^zrep-gate: the key is a private key, /m],
    [['check', '--policy', '/nowhere/p.toml'], /^zrep-gate: \/nowhere\/p.toml: does not exist\n$/],
    [
      ['explain', '--client', 'a', '--policy', '/nowhere/p.toml', 'x'],
      /^zrep-gate: \/nowhere\/p.toml: does not exist\n$/,
    ],
  ];
  for (const [argv, message] of cases) {
    const { status, stdout, stderr } = gate(...argv);
    t.same([status, stdout], [2, ''], argv.join(' '));
    t.match(stderr, message);
  }
  t.end();
});

t.test('a wrong option of the doctor is 3, as monitoring plugins have it', (t) => {
  for (const words of [['--frobnicate'], ['--policy'], ['more']]) {
    const { status, stdout, stderr } = gate('doctor', ...words);
    t.same([status, stdout], [3, ''], words.join(' '));
    t.match(stderr, /^error: /);
  }
  t.end();
});

t.test('serve, called wrongly, ends with 64 and one line', (t) => {
  const wrong = [
    [],
    [''],
    ['--policy'],
    ['-x'],
    ['a', 'b'],
    ['a', '--policy'],
    ['a', '--policy', 'p.toml'],
    ['a', ...policy, 'x'],
  ];
  for (const argv of wrong) {
    const { status, stdout, stderr } = gate('serve', ...argv);
    t.same([status, stdout], [64, ''], argv.join(' '));
    t.match(
      stderr,
      /^zrep-gate: the form is: zrep-gate serve CLIENT \[--policy FILE\]; .*authorized_keys\n$/,
    );
  }
  t.end();
});

t.test('check says sound with 0, and what is wrong with 1', (t) => {
  t.match(gate('check', ...policy), {
    status: 0,
    stdout: `${path}: sound: 2 clients, 4 grants, 0 examples\n`,
  });
  const example = '[[example]]\nclient = "backup1"\ncommand = "id"\nverdict = "allow"\n';
  const failing = gate('check', '--policy', writePolicy(t, SAMPLE + example));
  t.equal(failing.status, 1);
  t.match(failing.stdout, /: not what its examples say: 2 clients, 4 grants, 1 example\n$/);
  t.match(failing.stderr, /^zrep-gate: \S+: example\[1\]: "id" should be "allow", but is "deny": /m);
  const unsound = gate('check', '--policy', writePolicy(t, 'zfz = 1'));
  t.same([unsound.status, unsound.stdout], [1, '']);
  t.match(
    unsound.stderr,
    /^zrep-gate: \S+\/policy\.toml: zfz: is not a key that is known here; known are: zfs, .*$/m,
  );
  t.end();
});

t.test('explain answers allow with 0, deny with 1, and a policy with mistakes with 2', (t) => {
  t.match(gate(...explain, '--', 'zfs list tank/home'), {
    status: 0,
    stdout: /^allow: .*\n\nwould run:\n {2}\/sbin\/zfs list /,
  });
  t.match(
    gate(...explain, 'zrep', 'snaponly', 'tank/home').stdout,
    /^allow: /,
    'words joined as ssh joins them',
  );
  t.match(gate(...explain, '--', 'id'), {
    status: 1,
    stdout: 'deny (unknown-program): "id" is neither zrep nor zfs\n',
  });
  const json = gate(...explain, '--json', '--', 'id');
  t.same(JSON.parse(json.stdout), {
    verdict: 'deny',
    code: 'unknown-program',
    reason: '"id" is neither zrep nor zfs',
    plan: [],
    conditions: [],
  });
  const broken = gate('explain', '--client', 'a', '--policy', writePolicy(t, 'a = 1\nb = 2'), '--', 'x');
  t.match(broken, {
    status: 2,
    stdout: /^$/,
    stderr:
      /^zrep-gate: \S+: a: is not a key that is known here; known are: .* \(zrep-gate check lists all\)$/m,
  });
  t.end();
});

t.test('explain assumes an address that the policy allows, unless one is given', (t) => {
  const asked = (...from: string[]) =>
    gate('explain', ...policy, '--client', 'backup2', ...from, '--', 'zfs list tank/home');
  t.equal(asked().status, 0);
  t.equal(asked('--from', '2001:db8::1').status, 0);
  t.match(asked('--from', '192.0.3.1'), { status: 1, stdout: /^deny \(wrong-address\)/ });
  t.end();
});

t.test('explain --batch answers on standard output, line by line, with 0', (t) => {
  const { status, stdout } = run([...explain, '--batch'], '"zfs list tank/home"\nnonsense\n"id"');
  t.equal(status, 0);
  t.same(
    stdout.split('\n').map((line) => line && JSON.parse(line).code),
    ['allowed', 'bad-input', 'unknown-program', ''],
  );
  t.end();
});

t.test('authorize prints one line with its own place, and the sudoers rule beside it', (t) => {
  const file = `${dirname(path)}/key.pub`;
  const plain = gate('authorize', 'backup1', file, ...policy);
  t.match(plain, {
    status: 0,
    stdout: `restrict,command="${program} serve backup1 --policy ${path}" ${publicKey}\n`,
  });
  const sudo = gate('authorize', '--sudo', '--account', 'puller', 'backup1', file, ...policy);
  t.equal(
    sudo.stdout,
    `restrict,command="/usr/bin/sudo -n ${program} serve backup1 --policy ${path}" ${publicKey}\n`,
  );
  t.match(sudo.stderr, /^puller ALL=\(root\) NOPASSWD: ZREP_GATE_BACKUP1$/m);
  t.end();
});

t.test('anyone may ask about a draft anywhere, and is warned that serve would not believe it', (t) => {
  const warning = /^zrep-gate: warning: serve would refuse this file: /m;
  const nobody = process.getuid?.() === 0 ? 65534 : undefined;
  const asAnyone = (...argv: string[]) => run(argv, '', nobody);
  chmodSync(dirname(path), 0o755);
  t.match(asAnyone('check', ...policy), { status: 0, stdout: /: sound: /, stderr: warning });
  t.match(asAnyone(...explain, '--', 'zfs list tank/home'), { status: 0, stdout: /^allow/, stderr: warning });
  t.match(asAnyone('authorize', 'backup1', `${dirname(path)}/key.pub`, ...policy), {
    status: 0,
    stderr: warning,
  });
  t.end();
});

/** Runs the program with these words. */
function gate(...argv: string[]) {
  return run(argv, '');
}

function run(argv: readonly string[], input: string, user?: number) {
  const whom = user === undefined ? {} : { uid: user, gid: user };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
    encoding: 'utf8',
    input,
    cwd: '/',
    ...whom,
  });
  return { status, stdout, stderr };
}
