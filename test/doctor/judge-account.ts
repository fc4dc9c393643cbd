/** An account that clients log in to: its password, its end, its shell. */

import t from 'tap';
import { parseShadow } from '../../src/doctor/accounts.ts';
import { type AccountFacts, judgeAccount } from '../../src/doctor/judge-account.ts';
import { parseSettings } from '../../src/doctor/sshd-settings.ts';
import { ROOT, ZREP } from '../fixtures/doctor/lines.ts';

const TODAY = 20_000;
const shadow = (fields: string) => parseShadow(`x:${fields}`).get('x');
const FACTS: AccountFacts = {
  password: shadow('*:19000:0:99999:7:::'),
  settings: parseSettings('usepam no\npasswordauthentication yes'),
  today: TODAY,
  shellRuns: true,
  startFile: undefined,
};

const judge = (changes: Partial<AccountFacts>, account = ZREP) =>
  judgeAccount(account, { ...FACTS, ...changes }).map(({ code, remedy }) =>
    [code, ...remedy.lines].join(' '),
  );

t.test('no password, not locked, sh: that is sound', (t) => {
  t.same(judge({}), []);
  t.same(judge({ password: undefined }), [], 'of whom shadow says nothing, nothing is said');
  for (const shell of ['/bin/sh', '/usr/bin/dash', '/bin/busybox']) t.same(judge({}, { ...ZREP, shell }), []);
  t.end();
});

t.test('locked, with PAM and without', (t) => {
  const password = shadow('!:19000:0:99999:7:::');
  t.same(judge({ password }), ["account-locked usermod -p '*' zrep"]);
  t.same(judge({ password, settings: parseSettings('usepam yes') }), [
    "account-locked-pam usermod -p '*' zrep",
  ]);
  t.end();
});

t.test('expired from its day on, or waiting for a new password', (t) => {
  t.same(judge({ password: shadow(`*:19000:0:99999:7::${TODAY}:`) }), ["account-expired usermod -e '' zrep"]);
  t.same(judge({ password: shadow(`*:19000:0:99999:7::${TODAY + 1}:`) }), []);
  t.same(judge({ password: shadow('*:0:0:99999:7:::') }), ['account-expired chage -d -1 zrep']);
  t.end();
});

t.test('a password matters where sshd takes one, and root has a setting of its own', (t) => {
  const password = shadow('$6$salt$hashhashhash:19000:0:99999:7:::');
  t.same(judge({ password }), ["account-password usermod -p '*' zrep"]);
  t.same(judge({ password, settings: parseSettings('kbdinteractiveauthentication yes') }), [
    "account-password usermod -p '*' zrep",
  ]);
  t.same(judge({ password, settings: parseSettings('passwordauthentication no') }), []);
  t.same(judge({ password }, ROOT), []);
  t.end();
});

t.test('a shell that runs nothing, and one that reads files first', (t) => {
  for (const shell of ['/usr/sbin/nologin', '/bin/false'])
    t.same(judge({}, { ...ZREP, shell }), ['account-shell-closed usermod -s /bin/sh zrep']);
  t.same(judge({ shellRuns: false }), ['account-shell-closed usermod -s /bin/sh zrep']);
  for (const shell of ['/bin/bash', '/usr/bin/zsh'])
    t.same(judge({}, { ...ZREP, shell }), ['account-shell-reads-files usermod -s /bin/sh zrep']);
  t.end();
});

t.test("root's bash is as Debian has it, unless its start file does something", (t) => {
  const file = (startFile: string | undefined, shell = ROOT.shell) =>
    judge({ startFile }, { ...ROOT, shell });
  for (const text of [
    undefined,
    '',
    '# a comment\n\n  # another\n',
    '[ -t 1 ] || return\necho x\n',
    '[ -z "$PS1" ] && return\nx\n',
    'case $- in *i*) ;; *) return;; esac\nx',
  ])
    t.same(file(text), []);
  for (const text of ['echo hello', '# a comment\nalias x=y\n'])
    t.same(file(text), ['shell-start-file [ -t 1 ] || return']);
  t.same(file('echo hello', '/bin/sh'), []);
  t.end();
});
