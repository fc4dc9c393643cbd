/** sudo, asked what an account may do: its own listing for the rules, its own converter for the Defaults. */

import type { Account } from './accounts.ts';
import { ask } from './ask.ts';
import { type Finding, finding } from './findings.ts';
import { type GateCall, gateWords } from './gate-call.ts';
import { judgeOtherRules, judgeSudoCall, wantsTerminal } from './judge-sudo.ts';
import { readDefaults } from './sudo-defaults.ts';
import { parseRules } from './sudo-rules.ts';

const SUDO = '/usr/bin/sudo';

/** Whether what sudo reads is sound at all. */
export async function lookAtSudoers(): Promise<Finding[]> {
  const found = await ask(['visudo', '-c']);
  if (found.good) return [];
  return [
    finding('sudoers-broken', '/etc/sudoers', found.message, 'Mend it, until this is content:', 'visudo -c'),
  ];
}

/** The rules by which `account` becomes root for `calls`. */
export async function lookAtSudo({ name }: Account, calls: readonly GateCall[]): Promise<Finding[]> {
  const unseen = (command: string, message: string) => {
    if (message.includes('must have a tty')) return wantsTerminal(name);
    const missing = message.includes('ENOENT');
    if (missing && command.startsWith(SUDO))
      return finding('sudo-missing', SUDO, 'does not exist', 'Run:', 'apt-get install sudo');
    return finding(
      'not-looked',
      `sudo for ${name}`,
      `${command.split(' ')[0]} says: ${message}`,
      'As root, run:',
      command,
    );
  };
  const list = `${SUDO} -n -ll -U ${name}`;
  const listed = await ask(list.split(' '));
  if (!listed.good) return [unseen(list, listed.message)];
  const rules = parseRules(listed.output);
  const convert = `cvtsudoers -e -p -f json -M -m user=${name} /etc/sudoers`;
  const converted = await ask(convert.split(' '));
  if (!converted.good) return [unseen(convert, converted.message)];
  const findings: Finding[] = [];
  for (const call of calls) {
    const words = gateWords(call);
    const { good: allowed } = await ask([SUDO, '-n', '-l', '-U', name, '--', ...words]);
    const defaults = readDefaults(converted.output, words);
    findings.push(...judgeSudoCall({ account: name, call, allowed, rules, defaults }));
  }
  return [
    ...findings,
    ...judgeOtherRules(
      name,
      rules,
      calls.map(({ program }) => program),
    ),
  ];
}
