/** What sshd and sudo hold around the gate, with the very lines of the sample files. */

import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const PROJECT = new URL('../../', import.meta.url);
const SAMPLE_KEYS = readFileSync(new URL('authorized_keys.example', PROJECT), 'utf8');
const SAMPLE_RULE = readFileSync(new URL('sudoers.d/zrep-gate', PROJECT), 'utf8');
const SAMPLE_KEY = /ssh-ed25519 \S+ \S+$/;

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "send"]

[client.elsewhere]
from = ["192.0.2.10", "2001:db8::/32"]
[[client.elsewhere.grant]]
dataset = "tank/home"
operations = ["pull"]
`;

const [rootLine = '', sudoLine = ''] = SAMPLE_KEYS.split('\n').filter((line) => line.startsWith('restrict'));
const ACCOUNTS = { root: rootLine, zrep: sudoLine };

await inGateLab(
  t,
  POLICY,
  async (gate) => {
    const { fileserver, backup, tank, ask } = gate;
    const home = await makeSource(fileserver, `${tank}/home`);
    let made = 0;

    t.test('the sample lines are those that authorize prints', async (t) => {
      for (const [account, line] of Object.entries(ACCOUNTS)) {
        const printed = (await keysOf(gate, account)).trim();
        const ours = line.replace(SAMPLE_KEY, '').replace(',from="192.0.2.10,2001:db8::/32"', '');
        t.equal(printed.replace(SAMPLE_KEY, ''), ours, account);
      }
      const rule = await fileserver.readFile('/etc/sudoers.d/zrep-gate');
      t.equal(rule.trim(), SAMPLE_RULE.replace(/^#.*\n/gm, '').trim());
    });

    t.test('the sample files let in, once the address and the key are those of this place', async (t) => {
      await fileserver.writeFile('/etc/sudoers.d/zrep-gate', SAMPLE_RULE, { mode: 0o440 });
      await fileserver.run(['visudo', '-c', '-f', '/etc/sudoers.d/zrep-gate']);
      for (const [account, line] of Object.entries(ACCOUNTS)) {
        const own = await publicKey(gate);
        const here = line.replace('192.0.2.10', backup.address).replace(SAMPLE_KEY, own);
        await setKeys(gate, account, SAMPLE_KEYS.replace(line, here));
        const { code, stdout } = await ask(`zrep snaponly ${home}`, { account });
        made += 1;
        t.same({ code, stdout }, { code: 0, stdout: zrepName(home, made) }, account);
      }
    });

    t.test('from another address the key does not even log in', async (t) => {
      const own = await publicKey(gate);
      for (const [account, line] of Object.entries(ACCOUNTS)) {
        const kept = await keysOf(gate, account);
        await setKeys(gate, account, line.replace(SAMPLE_KEY, own));
        t.match(await ask(`zrep snaponly ${home}`, { account }), { code: 255, stderr: /Permission denied/ });
        await setKeys(gate, account, kept);
      }
    });

    t.test("an address that the policy does not have is refused, whatever the key's line says", async (t) => {
      const kept = await keysOf(gate, 'root');
      await setKeys(gate, 'root', kept.replaceAll('serve backup1', 'serve elsewhere'));
      checkRefusal(t, await ask(`zrep snaponly ${home}`), 'wrong-address', 77);
      await setKeys(gate, 'root', kept);
    });

    t.test('a key of root without a forced command does not log in', async (t) => {
      const kept = await keysOf(gate, 'root');
      await setKeys(gate, 'root', await publicKey(gate));
      t.match(await ask('id'), { code: 255, stdout: '' });
      t.match(await fileserver.readFile('/var/log/auth.log'), /ROOT LOGIN REFUSED FROM/);
      await setKeys(gate, 'root', kept);
    });

    for (const account of Object.keys(ACCOUNTS)) {
      t.test(`as ${account} there is no shell, no terminal, no file transfer and no tunnel`, async (t) => {
        for (const [ssh, command] of [
          [['-T'], ''],
          [['-T'], 'bash'],
          [['-s'], 'sftp'],
        ] as const) {
          const { code, stdout, stderr } = await ask(command, { account, ssh: [...ssh] });
          t.same({ code, stdout }, { code: 77, stdout: '' }, `ssh ${ssh} ${command}`);
          // sshd drops the standard error of a subsystem.
          t.match(stderr, ssh[0] === '-s' ? /^$/ : /^zrep-gate: refused/);
        }
        t.match(await ask('', { account, ssh: ['-tt'] }), {
          code: 255,
          stderr: /PTY allocation request failed/,
        });
        const there = `${account}@fileserver`;
        const copies = ['scp', 'scp -O'].flatMap((copy) => [
          `${copy} ${there}:/etc/passwd /tmp/copied`,
          `${copy} /etc/passwd ${there}:/tmp/copied`,
        ]);
        for (const copy of copies) t.not((await backup.script(copy, { allowFail: true })).code, 0, copy);
        for (const host of [fileserver, backup]) {
          t.equal(
            (await host.run(['ls', '/tmp/copied'], { allowFail: true })).stdout,
            '',
            'nothing was copied',
          );
        }
        const tunnel = await ask('', { account, ssh: ['-W', 'localhost:22'] });
        t.match(tunnel, { code: 255, stdout: '', stderr: /administratively prohibited/ });
        // Without a device of its own the client would give up before sshd is asked.
        await backup.script('mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200');
        for (const ssh of [
          ['-R', '9999:localhost:22'],
          ['-w', 'any:any'],
        ]) {
          const forward = await ask('', { account, ssh: ['-N', '-o', 'ExitOnForwardFailure=yes', ...ssh] });
          t.equal(forward.code, 255, ssh.join(' '), { said: forward.stderr });
        }
      });

      t.test(`as ${account} a client's variables do not get through to zfs or node`, async (t) => {
        const variables = [
          'NODE_OPTIONS=--version',
          'TZ=Asia/Tokyo',
          'PATH=/tmp',
          'LD_PRELOAD=/tmp/x.so',
          'LC_ALL=xx_XX',
        ];
        const ssh = ['-o', `SetEnv=${variables.join(' ')}`];
        const { code, stdout } = await ask(`zrep snaponly ${home}`, { account, ssh });
        made += 1;
        t.same({ code, stdout }, { code: 0, stdout: zrepName(home, made) });
      });

      t.test(`as ${account} exit codes arrive`, async (t) => {
        t.equal((await ask('zrep refresh x', { account })).code, 77);
        const unsent = await ask(`zfs send -i ${zrepName(home, made)} ${zrepName(home, 0)}`, { account });
        t.equal(unsent.code, 1, 'of zfs');
        t.match(unsent.stderr, /^zrep-gate: zfs failed \(exit code 1\)/);
      });
    }

    t.test('the account can run nothing else by sudo, and cannot add to what it runs', async (t) => {
      const gateCommand = '/usr/bin/zrep-gate serve backup1';
      for (const command of [
        'sudo -n id',
        'sudo -n /usr/sbin/zfs list',
        'sudo -n /usr/bin/zrep-gate check',
        'sudo -n /usr/bin/zrep-gate serve elsewhere',
        `sudo -n ${gateCommand} --policy /tmp/policy.toml`,
        `sudo -n -u zrep ${gateCommand}`,
        `sudo -n NODE_OPTIONS=--version ${gateCommand}`,
        `sudo -n -D /tmp ${gateCommand}`,
      ]) {
        await deniedBySudo(t, gate, command);
      }
      const env = { SSH_ORIGINAL_COMMAND: 'id', NODE_OPTIONS: '--version', TZ: 'Asia/Tokyo' };
      const bySudo = (options: readonly string[]) =>
        fileserver.run(['sudo', '-n', ...options, ...gateCommand.split(' ')], {
          user: 'zrep',
          env,
          allowFail: true,
        });
      checkRefusal(t, await bySudo([]), 'unknown-program', 77);
      const whole = await bySudo(['-E']);
      // sudo-rs says that it knows no such option, and runs the gate without the environment.
      const [ignored, ...rest] = whole.stderr.split('\n');
      if (/'-E' is ignored$/.test(ignored ?? ''))
        checkRefusal(t, { ...whole, stderr: rest.join('\n') }, 'unknown-program', 77);
      else t.match(whole, { code: 1, stdout: '', stderr: /^sudo: / });
    });

    t.test('and nothing but what was asked for has been made', async (t) => {
      t.equal((await snapshotNames(fileserver, home)).length, 1 + made);
    });
  },
  { sudo: true },
);

async function publicKey({ backup }: GateLab): Promise<string> {
  return (await backup.readFile('/root/.ssh/id_ed25519.pub')).trim();
}

function keysFile({ fileserver }: GateLab, account: string): string {
  return `${fileserver.account(account).home}/.ssh/authorized_keys`;
}

function keysOf(gate: GateLab, account: string): Promise<string> {
  return gate.fileserver.readFile(keysFile(gate, account));
}

function setKeys(gate: GateLab, account: string, text: string): Promise<void> {
  return gate.fileserver.writeFile(keysFile(gate, account), `${text.trim()}\n`);
}

async function deniedBySudo(t: Test, { fileserver }: GateLab, command: string): Promise<void> {
  const result = await fileserver.run(command.split(' '), { user: 'zrep', allowFail: true });
  t.equal(result.code, 1, command, { said: result });
  t.match(result.stderr, /^sudo: |not allowed/);
  t.equal(result.stdout, '');
}
