/** sshd's settings for an account: each by itself, and none that Debian ships. */

import t from 'tap';
import { judgeSshd, type SshdCircumstances } from '../../src/doctor/judge-sshd.ts';
import { parseSettings } from '../../src/doctor/sshd-settings.ts';

/** As Debian has them, but for what README.md tells to write. */
const SOUND = `permitrootlogin forced-commands-only
clientaliveinterval 30
clientalivecountmax 3
pubkeyauthentication yes
passwordauthentication yes
kbdinteractiveauthentication no
usepam yes
maxsessions 10
permittunnel no
strictmodes yes
loglevel INFO
permituserenvironment no
authenticationmethods any
forcecommand none
authorizedkeyscommand none
trustedusercakeys none
acceptenv LANG
acceptenv LC_*
acceptenv COLORTERM
acceptenv NO_COLOR
`;
const ROOT: SshdCircumstances = {
  name: 'root',
  groups: ['root'],
  root: true,
  gate: true,
  otherKeys: 0,
  password: true,
};
const ZREP: SshdCircumstances = {
  name: 'zrep',
  groups: ['zrep', 'backup'],
  root: false,
  gate: true,
  otherKeys: 0,
  password: false,
};

const judge = (change: string, about = ROOT) => {
  const [name = ''] = change.split(' ');
  const rest = name === 'acceptenv' ? SOUND : SOUND.replace(new RegExp(`^${name} .*\\n`, 'm'), '');
  return judgeSshd(parseSettings(`${change}\n${rest}`), about).map(({ code, line }) => `${code}: ${line}`);
};

t.test('who is turned away by a list of names, and what to write in its place', (t) => {
  const cases: [change: string, root: readonly string[], zrep: readonly string[]][] = [
    [
      'allowusers alice',
      ['sshd-account-denied: AllowUsers alice root'],
      ['sshd-account-denied: AllowUsers alice zrep'],
    ],
    ['allowusers root\nallowusers z*', [], []],
    ['allowusers zrep@192.0.2.*', ['sshd-account-denied: AllowUsers zrep@192.0.2.* root'], []],
    ['denyusers root', ['sshd-account-denied: # (no DenyUsers)'], []],
    ['denyusers root@192.0.2.1 bob', [], []],
    ['denyusers bob\ndenyusers r??t', ['sshd-account-denied: DenyUsers bob'], []],
    ['allowgroups backup', ['sshd-account-denied: AllowGroups backup root'], []],
    ['denygroups zrep', [], ['sshd-account-denied: # (no DenyGroups)']],
  ];
  for (const [change, root, zrep] of cases) {
    t.same(judge(change), root, change);
    t.same(judge(change, ZREP), zrep, change);
    t.same(judge(change, { ...ROOT, gate: false }), [], 'of who has no line for the gate nothing is said');
  }
  t.end();
});

t.test('what Debian ships, with README.md, is sound for root and for an account', (t) => {
  for (const about of [ROOT, ZREP]) t.same(judge('', about), []);
  t.end();
});

t.test('a variable that clients set is dangerous, or only needless', (t) => {
  for (const pattern of [
    '*',
    'LD_*',
    'LD_PRELOAD',
    'BASH_ENV',
    'NODE_OPTIONS',
    'NODE_FUTURE',
    '?AT?',
    'ENV',
    'LD_X',
    '*LD*',
  ])
    t.same(judge(`acceptenv ${pattern}`), ['sshd-accepts-environment: AcceptEnv LANG LC_*'], pattern);
  for (const pattern of ['EDITOR', 'GIT_PROTOCOL', 'XMODIFIERS', 'LANG*'])
    t.same(judge(`acceptenv ${pattern}`), ['sshd-accepts-more: AcceptEnv LANG LC_*'], pattern);
  for (const pattern of ['LANGUAGE', 'LC_ALL', 'LC_?LL']) t.same(judge(`acceptenv ${pattern}`), [], pattern);
  t.end();
});

t.test('the safe line for root depends on what keys root has', (t) => {
  const noPasswords = 'permitrootlogin yes\npasswordauthentication no';
  t.same(judge('permitrootlogin yes'), ['root-password-login: PermitRootLogin forced-commands-only']);
  t.same(judge('permitrootlogin yes', { ...ROOT, password: false }), [
    'root-login-open: PermitRootLogin forced-commands-only',
  ]);
  t.same(judge('permitrootlogin yes', { ...ROOT, otherKeys: 2 }), [
    'root-password-login: PermitRootLogin prohibit-password',
  ]);
  t.same(judge('permitrootlogin yes', { ...ROOT, gate: false }), ['root-password-login: PermitRootLogin no']);
  t.same(judge('permitrootlogin yes', { ...ROOT, gate: false, otherKeys: 1, password: false }), [
    'root-login-open: PermitRootLogin prohibit-password',
  ]);
  t.same(judge(noPasswords), ['root-login-open: PermitRootLogin forced-commands-only']);
  t.same(judge(`${noPasswords}\nkbdinteractiveauthentication yes`), [
    'root-password-login: PermitRootLogin forced-commands-only',
  ]);
  t.same(judge('permitrootlogin no'), ['root-login-closed: PermitRootLogin forced-commands-only']);
  t.same(judge('permitrootlogin no', { ...ROOT, gate: false }), []);
  t.same(judge('permitrootlogin without-password'), [
    'root-other-keys: PermitRootLogin forced-commands-only',
  ]);
  t.same(judge('permitrootlogin without-password', { ...ROOT, otherKeys: 1 }), []);
  t.same(judge('permitrootlogin without-password', { ...ROOT, gate: false }), []);
  t.same(judge('permitrootlogin yes', ZREP), [], 'it says nothing of others');
  t.end();
});

t.test('what keeps a key from the gate matters where there is one', (t) => {
  const cases: [string, string][] = [
    ['forcecommand internal-sftp', 'sshd-force-command: ForceCommand none'],
    ['pubkeyauthentication no', 'sshd-keys-off: PubkeyAuthentication yes'],
    ['authenticationmethods publickey,password', 'sshd-keys-off: AuthenticationMethods publickey'],
    ['permittunnel yes', 'sshd-tunnel: PermitTunnel no'],
    ['permittunnel ethernet', 'sshd-tunnel: PermitTunnel no'],
    ['maxsessions 0', 'sshd-no-sessions: MaxSessions 10'],
    ['refuseconnection yes', 'sshd-keys-off: RefuseConnection no'],
    ['channeltimeout session=5m', 'sshd-channel-timeout: ChannelTimeout none'],
    ['channeltimeout x11-connection=5m session:command=1h', 'sshd-channel-timeout: ChannelTimeout none'],
    ['channeltimeout *=30', 'sshd-channel-timeout: ChannelTimeout none'],
    ['channeltimeout global=1d', 'sshd-channel-timeout: ChannelTimeout none'],
  ];
  for (const [setting, fault] of cases) {
    t.same(judge(setting), [fault]);
    t.same(judge(setting, { ...ROOT, gate: false }), []);
  }
  t.same(judge('authenticationmethods publickey,password publickey'), []);
  for (const value of ['none', 'session=0', 'session=none *=0s', 'direct-tcpip=1m session:shell=1m'])
    t.same(judge(`channeltimeout ${value}`), [], value);
  t.same(judge('permittunnel no'), []);
  t.end();
});

t.test('an sshd that writes its words in another case is judged the same', (t) => {
  const capitals = (text: string) => text.replace(/^[a-z]/gm, (letter) => letter.toUpperCase());
  for (const change of ['permitrootlogin Yes', 'permittunnel Yes', 'strictmodes No', 'loglevel quiet']) {
    const [plain, other] = [change.toLowerCase(), capitals(change)].map((text) => {
      const [name = ''] = text.split(' ');
      const rest = SOUND.replace(new RegExp(`^${name} .*\\n`, 'im'), '');
      const faults = judgeSshd(parseSettings(capitals(`${text}\n${rest}`)), ROOT);
      return faults.map(({ code, line }) => `${code}: ${line}`);
    });
    t.same(plain, other);
    t.equal(plain?.length, 1, change);
  }
  t.end();
});

t.test('the rest, one by one', (t) => {
  const cases: [string, string][] = [
    ['clientaliveinterval 0', 'sshd-client-alive: ClientAliveInterval 30'],
    ['clientalivecountmax 0', 'sshd-client-alive: ClientAliveCountMax 3'],
    ['strictmodes no', 'sshd-strict-modes: StrictModes yes'],
    ['loglevel SILENT', 'sshd-log-level: LogLevel INFO'],
    ['permituserenvironment yes', 'sshd-user-environment: PermitUserEnvironment no'],
    ['permituserenvironment LANG,LC_*', 'sshd-user-environment: PermitUserEnvironment no'],
    ['setenv NODE_OPTIONS=--inspect', 'sshd-sets-environment: # (no SetEnv)'],
    ['authorizedkeyscommand /usr/bin/x', 'sshd-keys-elsewhere: AuthorizedKeysCommand none'],
    ['trustedusercakeys /etc/ssh/ca', 'sshd-keys-elsewhere: TrustedUserCAKeys none'],
  ];
  for (const [setting, fault] of cases) t.same(judge(setting), [fault]);
  t.same(judge('setenv EDITOR=vi'), []);
  t.end();
});
