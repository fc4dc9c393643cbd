/** What is wrong with an account that the gate's keys let in. Pure. */

import { basename } from 'node:path';
import { type Account, hasPassword, isLocked, type Password } from './accounts.ts';
import { type Finding, finding } from './findings.ts';
import { isOn, type SshdSettings } from './sshd-settings.ts';

export interface AccountFacts {
  /** Undefined where shadow(5) says nothing of it. */
  readonly password: Password | undefined;
  readonly settings: SshdSettings;
  /** Days since 1970. */
  readonly today: number;
  /** What the login shell's path leads to can be run. */
  readonly shellRuns: boolean;
  /** Of ~/.bashrc. */
  readonly startFile: string | undefined;
}

/** Shells that read nothing before a command; a bash that is called sh is one of them (its shell.c, run_by_ssh). */
const PLAIN = /^(?:sh|dash|busybox)$/;
const CLOSED = /^(?:nologin|false|true|sync|halt|shutdown)$/;

export function judgeAccount(account: Account, facts: AccountFacts): Finding[] {
  return [...judgePassword(account, facts), ...judgeShell(account, facts)];
}

function judgePassword({ name, uid }: Account, { password, settings, today }: AccountFacts): Finding[] {
  if (password === undefined) return [];
  const findings: Finding[] = [];
  const where = `account ${name}`;
  const unlock = ['No password, and not locked:', `usermod -p '*' ${name}`] as const;
  if (isLocked(password)) {
    // sshd asks only where PAM is not to (auth.c, allowed_user).
    const code = isOn(settings, 'usepam') ? 'account-locked-pam' : 'account-locked';
    findings.push(finding(code, where, 'is locked ("!" in /etc/shadow)', ...unlock));
  }
  if (password.expires !== undefined && password.expires <= today)
    findings.push(finding('account-expired', where, 'has expired', 'Let it live:', `usermod -e '' ${name}`));
  else if (password.changed === 0)
    findings.push(
      finding('account-expired', where, 'must have a new password first', 'Run:', `chage -d -1 ${name}`),
    );
  const asks = isOn(settings, 'passwordauthentication') || isOn(settings, 'kbdinteractiveauthentication');
  // Of root's password PermitRootLogin has its say.
  if (uid !== 0 && asks && hasPassword(password))
    findings.push(finding('account-password', where, 'has a password, and sshd takes it', ...unlock));
  return findings;
}

function judgeShell({ name, uid, home, shell }: Account, { shellRuns, startFile }: AccountFacts): Finding[] {
  const where = `account ${name}`;
  const plain = ['Give it the plain shell:', `usermod -s /bin/sh ${name}`] as const;
  const program = basename(shell);
  if (CLOSED.test(program))
    return [
      finding('account-shell-closed', where, `has the login shell ${shell}, which runs no command`, ...plain),
    ];
  if (!shellRuns)
    return [
      finding('account-shell-closed', where, `has the login shell ${shell}, which cannot be run`, ...plain),
    ];
  if (PLAIN.test(program)) return [];
  // Root's shell is the administrator's own; an account that is made for the gate needs no more than sh.
  if (uid !== 0) {
    const problem = `has the login shell ${shell}`;
    return [finding('account-shell-reads-files', where, problem, ...plain)];
  }
  if (program !== 'bash' || !hasCommands(startFile ?? '')) return [];
  const problem = 'is read by bash before the gate runs, and has commands in it';
  const guard = '[ -t 1 ] || return';
  return [
    finding(
      'shell-start-file',
      `${home}/.bashrc`,
      problem,
      'Let it end at once for a command, in its first line:',
      guard,
    ),
  ];
}

/** Anything that runs before a line which ends the file for a shell without a terminal. */
function hasCommands(text: string): boolean {
  const [first = ''] = text.split('\n').filter((line) => !/^\s*(?:#.*)?$/.test(line));
  return (
    first !== '' && !/^\s*(?:\[ -t [01] \] \|\| return|\[ -z "\$PS1" \] && return|case \$- in)/.test(first)
  );
}
