/** What is wrong with how an account becomes root for the gate. Pure. */

import { sudoersLines } from '../gate/authorize.ts';
import type { Code } from './codes.ts';
import { dangersIn, named } from './dangerous-variables.ts';
import { type Finding, finding } from './findings.ts';
import { type GateCall, gateWords, parseGateCall } from './gate-call.ts';
import { fitsPattern } from './sshd-settings.ts';
import type { SudoDefaults } from './sudo-defaults.ts';
import type { SudoRule } from './sudo-rules.ts';

const FILE = '/etc/sudoers.d/zrep-gate';
const NEEDED = ['SSH_ORIGINAL_COMMAND', 'SSH_CONNECTION'];

/** What sudo keeps by itself where env_keep was not replaced, and what it checks the value of. */
const USUAL =
  /^(?:LANG|LANGUAGE|LC_[A-Z*_]+|TERM|TZ|COLORTERM|COLORS|DISPLAY|XAUTHORI[A-Z]+|KRB5CCNAME|LS_COLORS|PS[12])$/;

export interface SudoFacts {
  readonly account: string;
  readonly call: GateCall;
  /** sudo itself says that it would run the command (`sudo -l -U ACCOUNT COMMAND`). */
  readonly allowed: boolean;
  readonly rules: readonly SudoRule[];
  /** Of the account's rules, where the listing leaves them out. */
  readonly tags: readonly string[];
  readonly defaults: SudoDefaults;
}

/** The rule for one command line of the gate. */
export function judgeSudoCall(facts: SudoFacts): Finding[] {
  const { account, call, allowed, rules, tags, defaults } = facts;
  const words = gateWords(call).join(' ');
  if (!allowed)
    return [told('sudo-rule-missing', facts, FILE, `no rule lets ${account} run: ${words}`, ruleFor(facts))];
  const rule = rules.filter(({ commands }) => commands.some((one) => fitsCommand(one, words))).at(-1);
  const on = (name: string): boolean =>
    rule?.options.includes(name) ||
    tags.includes(name) ||
    (defaults.options.get(name) === true && !rule?.options.includes(`!${name}`));
  const asks =
    rule?.options.includes('authenticate') ||
    (!rule?.options.includes('!authenticate') && defaults.options.get('authenticate') !== false);
  const where = rule?.place ?? FILE;
  const findings: Finding[] = [];
  const wrong = (code: Code, problem: string, ...lines: string[]) =>
    findings.push(told(code, facts, where, problem, lines));
  if (asks) wrong('sudo-asks-password', `the rule lacks NOPASSWD`, ...ruleFor(facts));
  if (on('setenv')) wrong('sudo-setenv', 'setenv is on', ...ruleFor(facts));
  if (on('noexec')) wrong('sudo-noexec', 'noexec is on', ...ruleFor(facts));
  if (on('requiretty')) wrong('sudo-wants-terminal', 'requiretty is on', defaultsFor(facts, '!requiretty'));
  if (on('log_output') || on('log_input'))
    wrong('sudo-logs-stream', 'log_input or log_output is on', defaultsFor(facts, '!log_input, !log_output'));
  return [...findings, ...judgeVariables(facts, where)];
}

/** Of sudo for everybody: then root's questions without a terminal, as from cron, are not answered either. */
export function wantsTerminal(account: string): Finding {
  const line = `Defaults:root,${account} !requiretty`;
  return finding(
    'sudo-wants-terminal',
    `${FILE} (for ${account})`,
    'requiretty is on',
    'Write, by visudo:',
    line,
  );
}

/** Whether a command of sudoers(5) is for these words: all, with any arguments, by a pattern or an expression. */
function fitsCommand(command: string, words: string): boolean {
  const [program = ''] = words.split(' ');
  return command === 'ALL' || command === program || command.startsWith('^') || fitsPattern(words, command);
}

function judgeVariables(facts: SudoFacts, where: string): Finding[] {
  const { defaults } = facts;
  if (defaults.options.get('env_reset') === false)
    return [told('sudo-env-reset-off', facts, where, 'env_reset is off', [ruleFor(facts)[1] ?? ''])];
  const findings: Finding[] = [];
  const wrong = (code: Code, problem: string) =>
    findings.push(told(code, facts, where, problem, [ruleFor(facts)[1] ?? '']));
  const names = defaults.keeps.map((one) => one.split('=')[0] ?? '').filter((name) => !NEEDED.includes(name));
  const dangers = names.flatMap(dangersIn);
  if (dangers.length > 0) wrong('sudo-keeps-dangerous', `env_keep has ${named([...new Set(dangers)])}`);
  const more = names.filter((name) => dangersIn(name).length === 0 && !USUAL.test(name));
  if (more.length > 0) wrong('sudo-keeps-more', `env_keep has ${named([...new Set(more)])}`);
  const [command, address] = NEEDED.map((name) => defaults.keeps.includes(name));
  if (!command) wrong('sudo-drops-command', 'env_keep lacks SSH_ORIGINAL_COMMAND');
  if (!address) wrong('sudo-drops-address', 'env_keep lacks SSH_CONNECTION');
  if (!defaults.options.get('secure_path'))
    findings.push(
      told('sudo-no-secure-path', facts, '/etc/sudoers', 'secure_path is not set', [
        'Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
      ]),
    );
  return findings;
}

/** Whatever else the account may run; the gate for another client is no more than the gate. */
export function judgeOtherRules(
  account: string,
  rules: readonly SudoRule[],
  programs: readonly string[],
): Finding[] {
  return rules.flatMap(({ place, runAs, commands }) =>
    commands
      .filter(
        (command) => !command.startsWith('!') && !programs.includes(parseGateCall(command)?.program ?? ''),
      )
      .map((command) =>
        finding(
          'sudo-rule-too-wide',
          place ?? `sudo -l -U ${account}`,
          `${account} may run as ${runAs.join(', ') || 'root'}: ${command}`,
          'Take the rule out, wherever it is from; this finds it:',
          `grep -rnE '${account}|ALL' /etc/sudoers /etc/sudoers.d`,
        ),
      ),
  );
}

function told(
  code: Code,
  { account }: SudoFacts,
  where: string,
  problem: string,
  lines: readonly string[],
): Finding {
  return finding(code, `${where} (for ${account})`, problem, 'Write, by visudo:', ...lines);
}

/** Alias, Defaults and rule, as `authorize --sudo` prints them. */
function ruleFor({ account, call }: SudoFacts): string[] {
  const { program, client, policy } = call;
  return sudoersLines({ client, program, policyPath: policy, publicKey: '', sudo: true }, account).split(
    '\n',
  );
}

function defaultsFor(facts: SudoFacts, option: string): string {
  return (ruleFor(facts)[1] ?? '').replace(/ env_reset.*/, ` ${option}`);
}
