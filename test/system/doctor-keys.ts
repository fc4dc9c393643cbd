/** The doctor on keys, sshd's settings and accounts: each mistake is made, found, mended as it says, and gone. */

import fc from 'fast-check';
import t from 'tap';
import type { Host } from '../../lab/host.ts';
import { provideBuild } from '../../lab/installation.ts';
import { sshKey } from '../../lab/ssh.ts';
import { parseAuthorizedKeys, unknownOptions } from '../../src/doctor/authorized-keys.ts';
import {
  diagnose,
  inDoctorLab,
  type Mistake,
  POLICY,
  ROOT_KEYS,
  sshdSays,
  ZREP_KEYS,
} from '../fixtures/system/doctor.ts';
import type { GateLab } from '../fixtures/system/gate-lab.ts';

const POLICY_TEXT = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
`;

const SOUND = 'restrict,command="/usr/bin/zrep-gate serve backup1"';
const rootLine = `${ROOT_KEYS}:1`;
const options = (text: string): string => `sed -i '1s#^restrict,#${text}#' ${ROOT_KEYS}`;
const second = (text: string): string => `sed -n '1s#^.* \\(ssh-ed25519\\)#${text}\\1#p' ${ROOT_KEYS}`;

const KEYS: Record<string, Mistake> = {
  'a line without restrict': { make: options(''), code: 'key-unrestricted', where: rootLine, line: SOUND, mend: 'options' },
  'restrict, and a terminal after all': { make: options('restrict,pty,'), code: 'key-restriction-undone', where: rootLine, line: SOUND, mend: 'options' },
  'restrict, and port forwarding': { make: options('restrict,port-forwarding,'), code: 'key-restriction-undone', where: rootLine, line: SOUND, mend: 'options' },
  'restrict, and an agent': { make: options('restrict,agent-forwarding,'), code: 'key-restriction-undone', where: rootLine, line: SOUND, mend: 'options' },
  'restrict, and X11': { make: options('restrict,X11-forwarding,'), code: 'key-restriction-undone', where: rootLine, line: SOUND, mend: 'options' },
  'restrict, and ~/.ssh/rc': { make: options('restrict,user-rc,'), code: 'key-restriction-undone', where: rootLine, line: SOUND, mend: 'options' },
  'LD_PRELOAD in the line': { make: options('restrict,environment="LD_PRELOAD=/tmp/x.so",'), code: 'key-environment', where: rootLine, line: SOUND, mend: 'options' },
  'NODE_OPTIONS in the line': { make: options('restrict,environment="NODE_OPTIONS=--require=/tmp/x",'), code: 'key-environment', where: rootLine, line: SOUND, mend: 'options' },
  'a client that the policy does not have': { make: `sed -i 's/serve backup1/serve backup9/' ${ROOT_KEYS}`, code: 'unknown-client', where: rootLine, line: '[client.backup9]', mend: { by: `sed -i 's/serve backup9/serve backup1/' ${ROOT_KEYS}` } },
  'a command line that is none of the gate': { make: `sed -i 's/serve backup1/server backup1/' ${ROOT_KEYS}`, code: 'key-command-wrong', where: rootLine, line: 'serve CLIENT', mend: { by: `sed -i 's/server backup1/serve backup1/' ${ROOT_KEYS}` } },
  'a program that is not there': { make: `sed -i 's#/usr/bin/zrep-gate#/opt/zrep-gate#' ${ROOT_KEYS}`, code: 'gate-missing', where: rootLine, line: 'zrep-gate authorize backup1', mend: { by: `sed -i 's#/opt/zrep-gate#/usr/bin/zrep-gate#' ${ROOT_KEYS}` } },
  'another gate than the installed one': { make: `cp -rL "$(dirname "$(realpath /usr/bin/zrep-gate)")" /opt/other; sed -i "s#/usr/bin/zrep-gate#/opt/other/$(basename "$(realpath /usr/bin/zrep-gate)")#" ${ROOT_KEYS}`, code: 'gate-not-this', where: rootLine, line: 'zrep-gate authorize backup1', mend: { by: `sed -i 's#/opt/other/zrep-gate[.a-z]*#/usr/bin/zrep-gate#' ${ROOT_KEYS}` }, after: 'rm -r /opt/other' },
  'a line that sshd cannot read': { make: `echo 'restrict,command="/usr/bin/zrep-gate serve backup1" ssh-ed25519' >>${ROOT_KEYS}`, code: 'key-line-ignored', where: `${ROOT_KEYS}:2`, line: 'zrep-gate authorize', mend: { by: `sed -i 2d ${ROOT_KEYS}` } },
  'a line whose options end in a comma': { make: `sed -i '1s# ssh-ed25519#,pty, &#' ${ROOT_KEYS}`, code: 'key-restriction-undone', where: rootLine, line: SOUND, mend: 'options' },
  'a line with an option that nobody knows': { make: `sed -i '1s# ssh-ed25519#,only-at="noon"&#' ${ROOT_KEYS}`, code: 'key-line-not-understood', where: rootLine, line: 'man 8 sshd', mend: { by: `sed -i 's#,only-at="noon"##' ${ROOT_KEYS}` } },
  'a line that is no key': { make: `echo 'nonsense here' >>${ROOT_KEYS}`, code: 'key-line-not-understood', where: `${ROOT_KEYS}:2`, line: `sed -n 2p ${ROOT_KEYS}`, mend: { by: `sed -i '2s/^/# /' ${ROOT_KEYS}` } },
  'an open key beside the gate': { make: `ssh-keygen -q -t ed25519 -N '' -f /run/lab/other; cat /run/lab/other.pub >>${ROOT_KEYS}`, code: 'root-open-key', where: `${ROOT_KEYS}:2`, line: `s,^[^#].*`, mend: 'run', after: 'rm /run/lab/other*' },
  'the old line for the same key': { make: `${second('')} >>${ROOT_KEYS}`, code: 'key-open-elsewhere', where: `${ROOT_KEYS}:2`, line: `sed -i '/command=/!s,`, also: ['key-open-elsewhere'], mend: 'run' },
  'the same key for another account': { make: `useradd -m mallory; install -d -o mallory /home/mallory/.ssh; ${second('')} >/home/mallory/.ssh/authorized_keys`, code: 'key-open-elsewhere', where: '/home/mallory/.ssh/authorized_keys:1', line: `runuser -u mallory -- sed -i '/command=/!s,`, also: ['key-open-elsewhere'], mend: 'run', after: 'userdel -r mallory 2>/dev/null' },
  'the same key for another command': { make: `${second('restrict,command="/usr/bin/uptime" ')} >>${ROOT_KEYS}`, code: 'key-other-command', where: `${ROOT_KEYS}:2`, line: `sed -i 2d ${ROOT_KEYS}`, also: ['key-other-command'], mend: 'run' },
  'the same line twice': { make: `sed -i 'p' ${ROOT_KEYS}`, code: 'key-twice', where: `${ROOT_KEYS}:2`, line: `sed -i 2d ${ROOT_KEYS}`, mend: 'run' },
  'an account without sudo in its line': { make: `sed -i 's#command="[^ ]*sudo -n #command="#' ${ZREP_KEYS}`, code: 'key-without-root', where: `${ZREP_KEYS}:1`, line: 'sudo -n /usr/bin/zrep-gate serve backup1', mend: 'options' },
  'root, with sudo': { make: `sed -i 's#command="#command="/usr/bin/sudo -n #' ${ROOT_KEYS}`, code: 'key-sudo-as-root', where: rootLine, line: SOUND, mend: 'options' },
  'a key that has expired': { make: options('restrict,expiry-time="20200101",'), code: 'key-expired', where: rootLine, line: 'expiry-time=', mend: 'run' },
  'a certificate authority in place of a key': { make: options('restrict,cert-authority,'), code: 'key-certificate-authority', where: rootLine, line: SOUND, mend: 'options' },
}; // biome-ignore format: one table

const SSHD: Record<string, Mistake> = {
  'sshd takes every variable': { make: sshdSays('AcceptEnv *'), code: 'sshd-accepts-environment', where: 'sshd_config:1 (for root and zrep)', line: 'AcceptEnv LANG LC_*', mend: 'replace' },
  'sshd takes LD_PRELOAD': { make: sshdSays('AcceptEnv LD_PRELOAD'), code: 'sshd-accepts-environment', where: 'sshd_config:1', mend: 'replace' },
  'sshd takes BASH_ENV': { make: sshdSays('AcceptEnv BASH_ENV'), code: 'sshd-accepts-environment', where: 'sshd_config:1', mend: 'replace' },
  'sshd takes NODE_OPTIONS': { make: sshdSays('AcceptEnv NODE_OPTIONS'), code: 'sshd-accepts-environment', where: 'sshd_config:1', mend: 'replace' },
  'sshd takes NODE_V8_COVERAGE': { make: sshdSays('AcceptEnv NODE_V8_*'), code: 'sshd-accepts-environment', where: 'sshd_config:1', mend: 'replace' },
  'sshd takes PATH': { make: sshdSays('AcceptEnv PATH'), code: 'sshd-accepts-environment', where: 'sshd_config:1', mend: 'replace' },
  'sshd takes what nothing needs': { make: sshdSays('AcceptEnv EDITOR'), code: 'sshd-accepts-more', where: 'sshd_config:1', mend: 'replace' },
  'sshd takes a variable from one account': { make: `printf 'Match User zrep\\n  AcceptEnv LD_*\\n' >>/etc/ssh/sshd_config`, code: 'sshd-accepts-environment', where: /sshd_config:\d+ \(for zrep\)$/, mend: 'replace' },
  'sshd takes a variable from one address of a client': { make: `sed -i 's/^.client.backup1.$/&\\nfrom = ["192.0.2.7", "192.0.2.8"]/' ${POLICY}; sed -i 's/^restrict,/&from="192.0.2.7,192.0.2.8",/' ${ROOT_KEYS} ${ZREP_KEYS}; printf 'Match Address 192.0.2.8\\n  AcceptEnv LD_*\\n' >>/etc/ssh/sshd_config`, code: 'sshd-accepts-environment', where: /sshd_config:\d+ \(for root from 192\.0\.2\.8 and zrep from 192\.0\.2\.8\)$/, mend: 'replace' },
  'sshd takes a variable in a file that is included': { make: `mkdir -p /etc/ssh/sshd_config.d; echo 'AcceptEnv ENV' >/etc/ssh/sshd_config.d/90-env.conf; ${sshdSays('Include /etc/ssh/sshd_config.d/*.conf')}`, code: 'sshd-accepts-environment', where: '/etc/ssh/sshd_config.d/90-env.conf:1', mend: 'replace', after: 'rm -r /etc/ssh/sshd_config.d' },
  'sshd reads ~/.ssh/environment': { make: sshdSays('PermitUserEnvironment yes'), code: 'sshd-user-environment', where: 'sshd_config:1', line: 'PermitUserEnvironment no', mend: 'replace' },
  'sshd sets NODE_OPTIONS': { make: sshdSays('SetEnv NODE_OPTIONS=--inspect'), code: 'sshd-sets-environment', where: 'sshd_config:1', mend: 'replace' },
  'a dead client is not noticed': { make: `sed -i '/^ClientAlive/d' /etc/ssh/sshd_config`, code: 'sshd-client-alive', where: 'sshd_config (for root and zrep)', line: 'ClientAliveInterval 30', mend: { by: sshdSays('ClientAliveInterval 30') } },
  'root may log in': { make: sshdSays('PermitRootLogin yes'), code: 'root-login-open', where: 'sshd_config:1 (for root)', line: 'PermitRootLogin forced-commands-only', mend: 'replace' },
  'root may log in with a password': { make: `usermod -p '$6$salt$hashhashhash' root; ${sshdSays('PermitRootLogin yes', 'PasswordAuthentication yes')}`, code: 'root-password-login', where: 'sshd_config:1 (for root)', line: 'PermitRootLogin forced-commands-only', mend: 'replace' },
  'root may log in, and has keys for it': { make: `${sshdSays('PermitRootLogin yes')}; ssh-keygen -q -t ed25519 -N '' -f /run/lab/other; cat /run/lab/other.pub >>${ROOT_KEYS}`, code: 'root-login-open', where: 'sshd_config:1 (for root)', line: 'PermitRootLogin prohibit-password', mend: 'replace', after: 'rm /run/lab/other*' },
  'root may not log in at all': { make: sshdSays('PermitRootLogin no'), code: 'root-login-closed', where: 'sshd_config:1 (for root)', line: 'PermitRootLogin forced-commands-only', mend: 'replace' },
  'root may log in with any key': { make: sshdSays('PermitRootLogin prohibit-password'), code: 'root-other-keys', where: 'sshd_config:1 (for root)', line: 'PermitRootLogin forced-commands-only', mend: 'replace' },
  'sshd has a command of its own': { make: sshdSays('ForceCommand /usr/bin/true'), code: 'sshd-force-command', where: 'sshd_config:1', line: 'ForceCommand none', mend: 'replace' },
  'sshd takes no keys': { make: sshdSays('PubkeyAuthentication no'), code: 'sshd-keys-off', where: 'sshd_config:1', line: 'PubkeyAuthentication yes', mend: 'replace' },
  'sshd wants more than a key': { make: sshdSays('AuthenticationMethods publickey,keyboard-interactive', 'KbdInteractiveAuthentication yes'), code: 'sshd-keys-off', where: 'sshd_config:1', line: 'AuthenticationMethods publickey', mend: 'replace' },
  'sshd lets in others alone': { make: sshdSays('AllowUsers alice zrep'), code: 'sshd-account-denied', where: 'sshd_config:1 (for root)', line: 'AllowUsers alice zrep root', mend: 'replace' },
  'sshd turns an account away': { make: sshdSays('DenyUsers bob root'), code: 'sshd-account-denied', where: 'sshd_config:1 (for root)', line: 'DenyUsers bob', mend: 'replace' },
  'sshd lets in a group alone': { make: sshdSays('AllowGroups root adm'), code: 'sshd-account-denied', where: 'sshd_config:1 (for zrep)', line: 'AllowGroups root adm zrep', mend: 'replace' },
  'sshd allows no session': { make: sshdSays('MaxSessions 0'), code: 'sshd-no-sessions', where: 'sshd_config:1', mend: 'replace' },
  'sshd opens tunnels, which restrict does not close': { make: sshdSays('PermitTunnel yes'), code: 'sshd-tunnel', where: 'sshd_config:1', line: 'PermitTunnel no', mend: 'replace' },
  'sshd closes sessions that stall': { make: sshdSays('ChannelTimeout session=5m'), code: 'sshd-channel-timeout', where: 'sshd_config:1', line: 'ChannelTimeout none', mend: 'replace' },
  'sshd takes no key of this type': { make: sshdSays('PubkeyAcceptedAlgorithms -ssh-ed25519'), code: 'key-type-refused', where: rootLine, line: 'ssh-keygen -t', also: ['key-type-refused'], mend: { by: `sed -i 1d /etc/ssh/sshd_config` } },
  'sshd believes what others wrote': { make: sshdSays('StrictModes no'), code: 'sshd-strict-modes', where: 'sshd_config:1', mend: 'replace' },
  'sshd asks a program for keys': { make: sshdSays('AuthorizedKeysCommand /usr/bin/true', 'AuthorizedKeysCommandUser nobody'), code: 'sshd-keys-elsewhere', where: 'sshd_config:1', mend: 'replace' },
  'sshd writes nothing down': { make: sshdSays('LogLevel QUIET'), code: 'sshd-log-level', where: 'sshd_config:1', mend: 'replace' },
  'a configuration that sshd does not read': { make: sshdSays('Nonsense yes'), code: 'not-looked', where: 'sshd_config', line: 'sshd -t', mend: { by: 'cp /run/lab/kept/etc/ssh/sshd_config /etc/ssh/sshd_config' } },
}; // biome-ignore format: one table

const ACCOUNTS: Record<string, Mistake> = {
  'an account that is locked': { make: 'usermod -L zrep', code: 'account-locked', where: 'account zrep', line: "usermod -p '*' zrep", mend: 'run' },
  'an account that only PAM lets in': { make: `usermod -L zrep; ${sshdSays('UsePAM yes')}`, code: 'account-locked-pam', where: 'account zrep', mend: 'run' },
  'an account that has expired': { make: 'usermod -e 2020-01-01 zrep', code: 'account-expired', where: 'account zrep', mend: 'run' },
  'an account whose password must be changed': { make: 'chage -d 0 zrep', code: 'account-expired', where: 'account zrep', mend: 'run' },
  'an account with a password': { make: `usermod -p '$6$salt$hashhashhash' zrep; ${sshdSays('PasswordAuthentication yes')}`, code: 'account-password', where: 'account zrep', mend: 'run' },
  'an account with bash': { make: 'usermod -s /bin/bash zrep', code: 'account-shell-reads-files', where: 'account zrep', line: 'usermod -s /bin/sh zrep', mend: 'run' },
  'an account without a shell': { make: 'usermod -s /usr/sbin/nologin zrep', code: 'account-shell-closed', where: 'account zrep', mend: 'run' },
  'an account whose shell is not there': { make: 'usermod -s /opt/sh zrep', code: 'account-shell-closed', where: 'account zrep', mend: 'run' },
  'an account that owns its home': { make: 'chown zrep /var/lib/zrep', code: 'account-not-roots', where: '/var/lib/zrep', line: 'chown root /var/lib/zrep', mend: 'run' },
  'an account that owns its home, but not its keys': { make: `printf 'Match User zrep\\n  AuthorizedKeysFile /etc/ssh/keys/%%u\\n' >>/etc/ssh/sshd_config; install -D -m 644 ${ZREP_KEYS} /etc/ssh/keys/zrep; chown zrep /var/lib/zrep`, code: 'account-not-roots', where: '/var/lib/zrep', line: 'chown root /var/lib/zrep', mend: 'run', after: 'rm -r /etc/ssh/keys' },
  'an account that owns its keys': { make: `chown zrep ${ZREP_KEYS}`, code: 'account-not-roots', where: ZREP_KEYS, mend: 'run' },
  'keys that others can write': { make: `chmod 666 ${ROOT_KEYS}`, code: 'file-not-roots', where: ROOT_KEYS, line: `chmod go-w ${ROOT_KEYS}`, mend: 'run' },
  'keys that the account cannot read': { make: `chmod 600 ${ZREP_KEYS}`, code: 'keys-unreadable', where: ZREP_KEYS, line: `chmod a+r ${ZREP_KEYS}`, mend: 'run' },
  'a home that the account cannot enter': { make: 'chmod 700 /var/lib/zrep', code: 'keys-unreadable', where: '/var/lib/zrep', line: 'chmod a+x /var/lib/zrep', mend: 'run' },
  'a .bashrc of root that does things': { make: `echo 'echo hello' >/root/.bashrc`, code: 'shell-start-file', where: '/root/.bashrc', mend: { by: 'sed -i "1i [ -t 1 ] || return" /root/.bashrc' }, after: 'rm /root/.bashrc' },
}; // biome-ignore format: one table

/** What this sshd makes of lines with a key that it is not asked for: their numbers. */
async function takenBySshd(host: Host, text: string): Promise<number[]> {
  await host.writeFile('/run/lab/lines', text);
  const settings = [
    'AuthorizedKeysFile /run/lab/lines',
    'StrictModes no',
    'LogLevel DEBUG3',
    'PermitRootLogin yes',
  ];
  await host.writeFile('/run/lab/lines.conf', `${settings.join('\n')}\n`);
  const asked = await host.script(
    `[ -e /run/lab/asker ] || ssh-keygen -q -t ed25519 -N '' -f /run/lab/asker
    ssh -F none -o ProxyCommand="$(command -v sshd) -i -e -f /run/lab/lines.conf" -o UserKnownHostsFile=/dev/null \
      -o StrictHostKeyChecking=no -o BatchMode=yes -o IdentitiesOnly=yes -i /run/lab/asker root@fileserver true`,
    { allowFail: true },
  );
  const lines = text.split('\n');
  if (!asked.stderr.includes(`/${lines.length - 1} lines`))
    throw new Error(`sshd did not read them: ${asked.stderr.slice(-500)}`);
  const refused = new Set<number>();
  let last = 0;
  for (const said of asked.stderr.split('\n')) {
    const [, number] = /lines:(\d+): /.exec(said) ?? [];
    last = Number(number ?? last);
    if (/ bad key options: | advance: |^invalid key option string/.test(said)) refused.add(last);
  }
  const isOne = (line: string, index: number) => !/^[ \t\r]*(?:#|$)/.test(line) && !refused.has(index + 1);
  return lines.flatMap((line, index) => (isOne(line, index) ? [index + 1] : []));
}

/** Options as people write them, and as nobody does. */
const OPTION = fc.oneof(
  fc.constantFrom(
    'restrict',
    'PTY',
    'no-pty',
    'X11-forwarding',
    'cert-authority',
    'no-touch-required',
    'verify-required',
  ),
  fc.constantFrom('no-restrict', 'ptyx', 'pty="x"', 'command', 'only-at="noon"', '', ' ', '"', '\\"'),
  fc.constantFrom(
    'expiry-time="20300101"',
    'expiry-time="203001012359Z"',
    'expiry-time="2030"',
    'expiry-time="20301301"',
  ),
  fc.constantFrom(
    'environment="A=b"',
    'environment="A-B=c"',
    'tunnel="0"',
    'tunnel="any"',
    'tunnel="x"',
    'principals="a,b"',
  ),
  fc.constantFrom(
    'permitopen="host:80"',
    'permitopen="[::1]:*"',
    'permitopen="host"',
    'permitlisten="80"',
    'permitlisten="a:80"',
  ),
  fc
    .tuple(
      fc.constantFrom('command', 'FROM'),
      fc.stringMatching(/^[ab, \t=\\"]{0,6}$/),
      fc.constantFrom('"', '', '\\"'),
    )
    .map(([name, value, end]) => `${name}="${value}${end}`),
);

function comparedWithSshd({ fileserver }: GateLab): void {
  t.test('lines of authorized_keys are read as this sshd reads them', async (t) => {
    const [, other = ''] = (
      await fileserver.script(
        `ssh-keygen -q -t ed25519 -N '' -f /run/lab/lined; cat /run/lab/lined.pub; rm /run/lab/lined*`,
      )
    ).stdout.split(' ');
    const key = fc.constantFrom(
      `ssh-ed25519 ${other}`,
      `ssh-ed25519 ${other} a comment`,
      `ssh-ed25519\t${other}\r`,
      `ssh-ed25519 ${other.slice(0, -4)}\f${other.slice(-4)}`,
      `ssh-ed25519 ${other}\0 x`,
      `ssh-ed25519 ${other.slice(0, -4)}`,
      `ssh-rsa ${other}`,
      `ssh-x ${other}`,
      other,
      '',
    );
    const options = fc.array(OPTION, { maxLength: 3 }).map((all) => all.join(','));
    const line = fc
      .tuple(
        fc.constantFrom('', ' ', '\t', '# '),
        options,
        fc.constantFrom('', ',', ',,'),
        fc.constantFrom(' ', '\t ', ''),
        key,
      )
      .map((parts) => parts.join(''));
    const lines = fc.sample(line, 1500);
    const { lines: ours } = parseAuthorizedKeys(`${lines.join('\n')}\n`);
    const known = ours.filter((one) => unknownOptions(one).length === 0).map(({ number }) => number);
    const theirs = await takenBySshd(fileserver, `${lines.join('\n')}\n`);
    const differ = [
      ...known.filter((one) => !theirs.includes(one)),
      ...theirs.filter((one) => !known.includes(one)),
    ];
    t.same(
      differ.map((number) => lines[number - 1]),
      [],
    );
    t.ok(theirs.length > 100 && theirs.length < 1400, 'some are keys and some are not', {
      keys: theirs.length,
    });
  });
}

/** A client with two keys, whose ssh offers the open one first. */
function cutOffByAnOpenKey(gate: GateLab): void {
  const { fileserver, backup, tank } = gate;
  t.test(
    'a client that offers an open key first is cut off, is told why, and comes in when the doctor was followed',
    async (t) => {
      const { file, publicKey } = await sshKey(backup, 'old');
      const kept = await fileserver.readFile(ROOT_KEYS);
      await fileserver.appendFile(ROOT_KEYS, `${publicKey}\n`);
      const offered = ['-o', 'IdentitiesOnly=yes', '-i', file, '-i', '/root/.ssh/id_ed25519'];
      const ask = () => gate.ask(`zrep snaponly ${tank}/home`, { ssh: offered });
      t.equal((await ask()).code, 255, 'ssh loses the connection');
      await provideBuild(backup, { program: 'zrep' });
      const told = await backup.run(
        ['zrep', 'init', '--pull', `root@fileserver:${tank}/home`, `${gate.vault}/home`],
        {
          allowFail: true,
          env: { SSH: `ssh ${offered.join(' ')}` },
        },
      );
      t.not(told.code, 0);
      t.notMatch(told.stderr, 'policy', 'nobody has asked it');
      t.match(told.stderr.replace(/\s+/g, ' '), /zrep-gate doctor on fileserver names that key/);
      const { findings } = await diagnose(fileserver);
      const open = findings.find(({ code }) => code === 'root-open-key');
      await fileserver.script(open?.remedy.lines.join('\n') ?? 'false');
      t.match(await ask(), { code: 0, stderr: '' });
      await fileserver.writeFile(ROOT_KEYS, kept);
    },
  );

  t.test('authorize warns of open lines beside its own, and says how to close them', async (t) => {
    const kept = await fileserver.readFile(ROOT_KEYS);
    const { publicKey } = await sshKey(backup, 'old');
    const own = await backup.readFile('/root/.ssh/id_ed25519.pub');
    await fileserver.writeFile(ROOT_KEYS, `${publicKey}\n${own}command="x" ${own}`);
    const authorize = () => fileserver.run(['zrep-gate', 'authorize', 'backup1', '/run/lab/backup.pub']);
    const { stdout, stderr } = await authorize();
    t.match(stdout, /^restrict,command="\/usr\/bin\/zrep-gate serve backup1" ssh-ed25519 \S+ [^\n]+\n$/);
    t.match(stderr, `warning: ${ROOT_KEYS}:1 gives root a shell`);
    t.match(stderr, `warning: ${ROOT_KEYS}:2 gives this key a shell`);
    const commands = stderr.split('\n').filter((line) => line.startsWith('    '));
    await fileserver.script(commands.reverse().join('\n'));
    t.equal(await fileserver.readFile(ROOT_KEYS), `# ${publicKey}\n# ${own}command="x" ${own}`);
    t.equal((await authorize()).stderr, '');
    await fileserver.writeFile(ROOT_KEYS, kept);
  });
}

await inDoctorLab(
  t,
  POLICY_TEXT,
  () => ({ ...KEYS, ...SSHD, ...ACCOUNTS }),
  (gate) => {
    comparedWithSshd(gate);
    cutOffByAnOpenKey(gate);
  },
);
