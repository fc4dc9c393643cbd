/** What is wrong with sshd's settings for one account from one address. Pure. */

import type { Code } from './codes.ts';
import { dangersIn, named } from './dangerous-variables.ts';
import { fitsPattern, isOff, isOn, type SshdSettings, setting } from './sshd-settings.ts';

/** What sshd_config(5) of Debian lets clients send, and what else only changes messages. */
const HARMLESS = /^(?:LANG|LANGUAGE|LC_[A-Z*?_]+|COLORTERM|NO_COLOR|TERM)$/;

/** A setting that is wrong, for whoever knows where it stands to make a finding of. */
export interface Fault {
  readonly code: Code;
  /** In small letters. */
  readonly keyword: string;
  readonly value: string;
  readonly problem: string;
  /** For sshd_config. */
  readonly line: string;
}

export interface SshdCircumstances {
  readonly name: string;
  /** Names of its groups. */
  readonly groups: readonly string[];
  readonly root: boolean;
  /** A line with the gate is in the account's keys. */
  readonly gate: boolean;
  /** Keys of the account without a forced command. */
  readonly otherKeys: number;
  /** It may be opened by a password, as far as that is known. */
  readonly password: boolean;
}

export function judgeSshd(settings: SshdSettings, about: SshdCircumstances): Fault[] {
  return [
    ...judgeEnvironment(settings),
    ...judgeWayIn(settings, about),
    ...(about.gate ? judgeLists(settings, about) : []),
    ...(about.root ? judgeRootLogin(settings, about) : []),
    ...judgeManners(settings),
  ];
}

function judgeEnvironment(settings: SshdSettings): Fault[] {
  const faults: Fault[] = [];
  for (const pattern of settings.get('acceptenv') ?? []) {
    if (HARMLESS.test(pattern)) continue;
    const dangers = dangersIn(pattern);
    faults.push({
      code: dangers.length > 0 ? 'sshd-accepts-environment' : 'sshd-accepts-more',
      keyword: 'acceptenv',
      value: pattern,
      problem: `sshd takes ${pattern} from clients${dangers.length > 0 ? `: ${named(dangers)}` : ''}`,
      line: 'AcceptEnv LANG LC_*',
    });
  }
  for (const assignment of settings.get('setenv') ?? []) {
    const [name = ''] = assignment.split('=');
    if (dangersIn(name).length === 0) continue;
    const problem = `sshd sets ${name} for every session`;
    faults.push({
      code: 'sshd-sets-environment',
      keyword: 'setenv',
      value: assignment,
      problem,
      line: '# (no SetEnv)',
    });
  }
  const permit = setting(settings, 'permituserenvironment');
  if (!isOff(settings, 'permituserenvironment') && permit !== '') {
    const problem = `PermitUserEnvironment is ${permit}`;
    const line = 'PermitUserEnvironment no';
    faults.push({
      code: 'sshd-user-environment',
      keyword: 'permituserenvironment',
      value: permit,
      problem,
      line,
    });
  }
  return faults;
}

/** Whether a key, and the command in its line, come to their own, and nothing beside it. */
function judgeWayIn(settings: SshdSettings, { gate }: SshdCircumstances): Fault[] {
  if (!gate) return [];
  const faults: Fault[] = [];
  const wrong = (code: Code, keyword: string, line: string, problem?: string) => {
    const value = setting(settings, keyword.toLowerCase());
    faults.push({
      code,
      keyword: keyword.toLowerCase(),
      value,
      problem: problem ?? `${keyword} is ${value}`,
      line,
    });
  };
  if (!isNone(settings, 'forcecommand')) wrong('sshd-force-command', 'ForceCommand', 'ForceCommand none');
  if (!isOn(settings, 'pubkeyauthentication'))
    wrong('sshd-keys-off', 'PubkeyAuthentication', 'PubkeyAuthentication yes');
  const methods = setting(settings, 'authenticationmethods').split(' ');
  if (!methods.some((method) => ['', 'any', 'publickey'].includes(method)))
    wrong('sshd-keys-off', 'AuthenticationMethods', 'AuthenticationMethods publickey');
  if (isOn(settings, 'refuseconnection')) wrong('sshd-keys-off', 'RefuseConnection', 'RefuseConnection no');
  // The other ways through a connection restrict closes.
  if (setting(settings, 'permittunnel') !== '' && !isOff(settings, 'permittunnel'))
    wrong('sshd-tunnel', 'PermitTunnel', 'PermitTunnel no');
  if (setting(settings, 'maxsessions') === '0') wrong('sshd-no-sessions', 'MaxSessions', 'MaxSessions 10');
  const timeouts = (settings.get('channeltimeout') ?? []).flatMap((value) => value.split(' '));
  if (timeouts.some(endsSessions)) wrong('sshd-channel-timeout', 'ChannelTimeout', 'ChannelTimeout none');
  return faults;
}

/**
 * Who is turned away by name, in the order of sshd (auth.c, `allowed_user`). Of USER@HOST the host is not known here: who may be meant is not
 * held to be turned away.
 */
function judgeLists(settings: SshdSettings, { name, groups }: SshdCircumstances): Fault[] {
  const faults: Fault[] = [];
  const words = (keyword: string) =>
    (settings.get(keyword) ?? []).flatMap((value) => value.split(' ')).filter(Boolean);
  const isUser = (pattern: string) => fitsPattern(name, pattern.replace(/@[^@]*$/, ''));
  const isGroup = (pattern: string) => groups.some((group) => fitsPattern(group, pattern));
  const wrong = (keyword: string, value: string, problem: string, line: string) =>
    faults.push({ code: 'sshd-account-denied', keyword: keyword.toLowerCase(), value, problem, line });
  const LISTS = [
    ['Users', (pattern: string) => !pattern.includes('@') && isUser(pattern), isUser, name],
    ['Groups', isGroup, isGroup, groups[0] ?? name],
  ] as const;
  for (const [kind, isDenied, isAllowed, own] of LISTS) {
    const [denied, allowed] = [words(`deny${kind.toLowerCase()}`), words(`allow${kind.toLowerCase()}`)];
    const hit = denied.find(isDenied);
    if (hit !== undefined) {
      const rest = denied.filter((pattern) => !isDenied(pattern)).join(' ');
      const line = rest === '' ? `# (no Deny${kind})` : `Deny${kind} ${rest}`;
      wrong(`Deny${kind}`, hit, `Deny${kind} has ${hit}`, line);
    }
    const [first] = allowed;
    if (first !== undefined && !allowed.some(isAllowed))
      wrong(
        `Allow${kind}`,
        first,
        `Allow${kind} is ${allowed.join(' ')}`,
        `Allow${kind} ${[...allowed, own].join(' ')}`,
      );
  }
  return faults;
}

/** A channel's type, a pattern, and a time; of all channels together where that is "global". */
function endsSessions(timeout: string): boolean {
  const [, pattern = '', time = ''] = /^([^=]+)=(.+)$/.exec(timeout) ?? [];
  const names = ['session', 'session:command', 'global'];
  return !/^(?:none|0[smhdw]?)?$/i.test(time) && names.some((name) => fitsPattern(name, pattern));
}

function judgeRootLogin(settings: SshdSettings, { gate, otherKeys, password }: SshdCircumstances): Fault[] {
  const keyword = 'permitrootlogin';
  const value = setting(settings, keyword).toLowerCase();
  const safe = otherKeys > 0 ? 'prohibit-password' : gate ? 'forced-commands-only' : 'no';
  const fault = (code: Code, problem: string, permit = safe): Fault[] => [
    { code, keyword, value, problem, line: `PermitRootLogin ${permit}` },
  ];
  if (value === 'yes') {
    const byPassword =
      isOn(settings, 'passwordauthentication') ||
      (isOn(settings, 'kbdinteractiveauthentication') && isOn(settings, 'usepam'));
    if (byPassword && password)
      return fault('root-password-login', 'PermitRootLogin is yes, and passwords are taken');
    return fault('root-login-open', 'PermitRootLogin is yes');
  }
  if (!gate) return [];
  if (value === 'no')
    return fault('root-login-closed', "PermitRootLogin is no, but the gate is in root's keys");
  if (value !== 'forced-commands-only' && otherKeys === 0)
    return fault(
      'root-other-keys',
      `PermitRootLogin is ${value}, and every key of root's has a forced command`,
    );
  return [];
}

function judgeManners(settings: SshdSettings): Fault[] {
  const faults: Fault[] = [];
  const wrong = (code: Code, keyword: string, problem: string, line: string) =>
    faults.push({ code, keyword, value: setting(settings, keyword), problem, line });
  const [interval, count] = ['clientaliveinterval', 'clientalivecountmax'].map((name) =>
    setting(settings, name),
  );
  if (interval === '0')
    wrong('sshd-client-alive', 'clientaliveinterval', 'ClientAliveInterval is 0', 'ClientAliveInterval 30');
  else if (count === '0')
    wrong('sshd-client-alive', 'clientalivecountmax', 'ClientAliveCountMax is 0', 'ClientAliveCountMax 3');
  if (isOff(settings, 'strictmodes'))
    wrong('sshd-strict-modes', 'strictmodes', 'StrictModes is no', 'StrictModes yes');
  if (/^(?:SILENT|QUIET|FATAL|ERROR)$/i.test(setting(settings, 'loglevel')))
    wrong('sshd-log-level', 'loglevel', `LogLevel is ${setting(settings, 'loglevel')}`, 'LogLevel INFO');
  for (const [keyword, name] of ELSEWHERE) {
    if (isNone(settings, keyword)) continue;
    wrong('sshd-keys-elsewhere', keyword, `${name} is ${setting(settings, keyword)}`, `${name} none`);
  }
  return faults;
}

const ELSEWHERE = [
  ['authorizedkeyscommand', 'AuthorizedKeysCommand'],
  ['trustedusercakeys', 'TrustedUserCAKeys'],
] as const;

function isNone(settings: SshdSettings, name: string): boolean {
  return ['', 'none'].includes(setting(settings, name).toLowerCase());
}
