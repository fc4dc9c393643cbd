/** What clients can plant in the environment, through a real sshd that lets them: where it acts, and where not. */

import t, { type Test } from 'tap';
import { type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { makeSource } from '../fixtures/system/source.ts';
import { restartSshd } from '../fixtures/system/sshd.ts';

const SPY = '/usr/local/sbin/zfs-spy';
const POLICY = `
zfs = "${SPY}"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["read"]
`;

/** Everybody may write here: what was run leaves the name of who ran it. */
const MARKS = '/run/lab/marks';
const MARK = `/usr/bin/id -un >>${MARKS}/ran`;
const PATH = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin';

/** Sets of variables, each planted alone. */
const PLANTED: readonly Record<string, string>[] = [
  { NODE_OPTIONS: `--require=${MARKS}/module.cjs` },
  { NODE_OPTIONS: '--inspect=0.0.0.0:9229' },
  { NODE_OPTIONS: '--version' },
  { NODE_V8_COVERAGE: `${MARKS}/coverage` },
  { NODE_EXTRA_CA_CERTS: '/nowhere' },
  { LD_PRELOAD: `${MARKS}/preload.so` },
  { OPENSSL_CONF: `${MARKS}/openssl.cnf` },
  { BASH_ENV: `$(${MARK})`, ENV: `$(${MARK})`, SHLVL: '1' },
  { SHELLOPTS: 'xtrace', PS4: `$(${MARK})` },
  { 'BASH_FUNC_sudo%%': `() { ${MARK}; }`, 'BASH_FUNC_[%%': `() { ${MARK}; }` },
  { PATH: `${MARKS}/evil` },
  { TZ: 'Asia/Tokyo', LC_ALL: 'xx_XX', HOME: MARKS, IFS: '/' },
  { SSH_CONNECTION: '192.0.2.10 1 192.0.2.1 22', SSH_ORIGINAL_COMMAND: 'id' },
];

/** What acts all the same, on the login shell and before anything of ours: how it is planted. */
const ON_BASH: Record<string, Record<string, string>> = {
  // Started by sshd as a first shell, Debian's bash reads ~/.bashrc, and no BASH_ENV.
  BASH_ENV: { BASH_ENV: `$(${MARK})` },
  'BASH_ENV and SHLVL': { BASH_ENV: `$(${MARK})`, SHLVL: '1' },
  'SHELLOPTS and PS4': { SHELLOPTS: 'xtrace', PS4: `$(${MARK})` },
};

/** And who runs the planted command then, by login shell and account. */
const RUN_BY: Record<string, Record<string, Record<string, string[]>>> = {
  '/bin/bash': {
    root: { BASH_ENV: [], 'BASH_ENV and SHLVL': ['root'], 'SHELLOPTS and PS4': [] },
    zrep: { BASH_ENV: [], 'BASH_ENV and SHLVL': ['zrep'], 'SHELLOPTS and PS4': ['zrep'] },
  },
  '/bin/sh': {
    root: { BASH_ENV: [], 'BASH_ENV and SHLVL': [], 'SHELLOPTS and PS4': [] },
    zrep: { BASH_ENV: [], 'BASH_ENV and SHLVL': [], 'SHELLOPTS and PS4': [] },
  },
};

const ACCOUNTS = ['root', 'zrep'];

await inGateLab(
  t,
  POLICY,
  async (gate) => {
    const { fileserver, tank } = gate;
    const home = await makeSource(fileserver, `${tank}/home`);
    const command = `zfs list -H -o name ${home}`;
    await fileserver.writeFile(
      SPY,
      `#!/bin/sh\ntr '\\0' '\\n' </proc/$PPID/environ >/run/lab/environment\nexec /usr/sbin/zfs "$@"\n`,
      { mode: 0o755 },
    );
    await fileserver.script(`
      mkdir -m 777 ${MARKS} && mkdir ${MARKS}/evil
      echo 'this is no configuration' >${MARKS}/openssl.cnf
      # Of libc's own, and harmless: the loader would complain of one that is not there.
      ln -s "$(find /usr/lib -name libc_malloc_debug.so.0 | head -n 1)" ${MARKS}/preload.so
      echo 'require("node:fs").writeFileSync("${MARKS}/ran", "by node\\n")' >${MARKS}/module.cjs
      for name in sudo node env sh zfs tr; do
        printf '#!/bin/sh\\n%s\\n' '${MARK}' >${MARKS}/evil/$name
        chmod 755 ${MARKS}/evil/$name
      done`);
    const kept = new Map<string, string>();
    for (const account of ACCOUNTS) kept.set(account, await fileserver.readFile(keysFile(gate, account)));

    /** The session is served as ever, and node has seen what it is to see. */
    const served = async (t: Test, account: string, name: string, ssh: readonly string[] = []) => {
      const result = await gate.ask(command, { account, ssh });
      t.same(result, { code: 0, stdout: `${home}\n`, stderr: '' }, `${account}: ${name}`);
      const environment = (await fileserver.readFile('/run/lab/environment')).trim().split('\n');
      t.match(environment, [PATH, `SSH_ORIGINAL_COMMAND=${command}`, connectionOf(gate)], name);
      t.equal(environment.length, 3, name, { said: environment });
      t.same(await marks(gate), [], `${account}: ${name}: nothing else was run or written`);
    };

    t.test('where sshd accepts every variable, none gets past the launcher, in either way in', async (t) => {
      await loginShell(gate, '/bin/sh');
      await restartSshd(fileserver, ['AcceptEnv *']);
      for (const account of ACCOUNTS)
        for (const variables of PLANTED)
          await served(t, account, Object.keys(variables).join(), ['-o', setEnv(variables)]);
    });

    t.test('where keys may carry variables, neither', async (t) => {
      await restartSshd(fileserver, ['PermitUserEnvironment yes']);
      for (const account of ACCOUNTS) {
        const file = keysFile(gate, account);
        // A line with any other name is none for sshd.
        for (const variables of PLANTED.filter((one) =>
          Object.keys(one).every((name) => /^\w+$/.test(name)),
        )) {
          const options = Object.entries(variables).map(([name, value]) => `environment="${name}=${value}"`);
          const line = (kept.get(account) ?? '').replace('restrict,', `restrict,${options.join()},`);
          await fileserver.writeFile(file, line);
          await served(t, account, Object.keys(variables).join());
        }
        await fileserver.writeFile(file, kept.get(account) ?? '');
      }
    });
    for (const [shell, runBy] of Object.entries(RUN_BY)) {
      t.test(`what acts on the login shell before the launcher, where that is ${shell}`, async (t) => {
        await loginShell(gate, shell);
        await restartSshd(fileserver, ['AcceptEnv *']);
        for (const account of ACCOUNTS) {
          const ask = async (variables: Record<string, string>) => {
            const { stdout } = await gate.ask(command, { account, ssh: ['-o', setEnv(variables)] });
            t.equal(stdout, `${home}\n`);
          };
          for (const [name, variables] of Object.entries(ON_BASH)) {
            await ask(variables);
            t.same([...new Set(await ran(gate))], runBy[account]?.[name], `${account}: ${name}`);
          }
          // A stand-in for LD_PRELOAD: who can set the one can set the other.
          await ask({ LD_DEBUG: 'files', LD_DEBUG_OUTPUT: `${MARKS}/loader` });
          const owners = await fileserver.script(`stat -c %U ${MARKS}/loader.*; cat ${MARKS}/loader.*`);
          t.match(owners.stdout, new RegExp(`^${account}\\n`), `the loader's variables act, as ${account}`);
          t.notMatch(owners.stdout, /\\bnode\\b/, 'but not on node');
          await fileserver.script(`rm ${MARKS}/loader.*`);
        }
      });
    }

    t.test('as sshd is shipped, nothing acts on any shell', async (t) => {
      await loginShell(gate, '/bin/bash');
      await restartSshd(fileserver, []);
      const hostile = {
        ...ON_BASH['BASH_ENV and SHLVL'],
        LD_DEBUG: 'files',
        LD_DEBUG_OUTPUT: `${MARKS}/loader`,
      };
      for (const account of ACCOUNTS) await served(t, account, 'all', ['-o', setEnv(hostile)]);
    });

    t.test('without node the client is told so, with 70', async (t) => {
      const places = '/usr/bin/node /usr/local/bin/node';
      await fileserver.script(`for node in ${places}; do [ ! -e $node ] || mv $node $node.away; done`);
      for (const account of ACCOUNTS)
        t.same(await gate.ask(command, { account }), {
          code: 70,

          stdout: '',
          stderr:
            'zrep-gate: there is no node beside /usr/bin/zrep-gate, in /usr/bin or in /usr/local/bin; install Node 18.19 or newer there\n',
        });
      await fileserver.script(`for node in ${places}; do [ ! -e $node.away ] || mv $node.away $node; done`);
    });

    t.test('the verbs come the same way: relative names, and the name for authorized_keys', async (t) => {
      const run = (script: string) => fileserver.script(`cd /etc/zrep-gate; ${script}`, { allowFail: true });
      t.match(await run('zrep-gate check --policy policy.toml'), { code: 0, stdout: /^policy\.toml: sound/ });
      t.match(await run('echo \'"id"\' | zrep-gate explain --client backup1 --batch'), {
        code: 0,
        stdout: /deny/,
      });
      const authorize = 'authorize backup1 /run/lab/backup.pub';
      t.match((await run(`zrep-gate ${authorize}`)).stdout, 'command="/usr/bin/zrep-gate serve backup1"');
      t.match((await run(`cd /usr; bin/zrep-gate ${authorize}`)).stdout, 'command="/usr/bin/zrep-gate serve');
      await fileserver.script('ln -s /usr/bin/zrep-gate /usr/local/bin/gate');
      t.match((await run(`gate ${authorize}`)).stdout, 'command="/usr/local/bin/gate serve backup1"');
    });
  },
  { sudo: true },
);

function connectionOf({ backup, fileserver }: GateLab): RegExp {
  return new RegExp(`^SSH_CONNECTION=${backup.address} \\d+ ${fileserver.address} ${fileserver.sshPort}$`);
}

function keysFile({ fileserver }: GateLab, account: string): string {
  return `${fileserver.account(account).home}/.ssh/authorized_keys`;
}

/** ssh's option that sends these variables. */
function setEnv(variables: Record<string, string>): string {
  return `SetEnv=${Object.entries(variables)
    .map(([name, value]) => `"${name}=${value}"`)
    .join(' ')}`;
}

async function loginShell({ fileserver }: GateLab, shell: string): Promise<void> {
  for (const account of ACCOUNTS) await fileserver.run(['usermod', '-s', shell, account]);
}

/** What has come to be among the marks since the last look. */
async function marks({ fileserver }: GateLab): Promise<string[]> {
  const argv = ['ls', MARKS];
  const ours = ['evil', 'module.cjs', 'openssl.cnf', 'preload.so'];
  return (await fileserver.run(argv)).stdout
    .split('\n')
    .filter((name) => name !== '' && !ours.includes(name));
}

/** Who has run what was planted since the last look. */
async function ran({ fileserver }: GateLab): Promise<string[]> {
  const { stdout } = await fileserver.script(`[ ! -e ${MARKS}/ran ] || cat ${MARKS}/ran; rm -f ${MARKS}/ran`);
  return stdout.split('\n').filter((line) => line !== '');
}
