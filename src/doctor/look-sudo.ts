/** sudo, asked what an account may do: its own listing for the rules, its own converter for the Defaults where it has one. */

import type { Account } from './accounts.ts';
import { ask } from './ask.ts';
import { type Finding, finding } from './findings.ts';
import { type GateCall, gateWords } from './gate-call.ts';
import { judgeOtherRules, judgeSudoCall, wantsTerminal } from './judge-sudo.ts';
import { type DefaultsEntry, parseDefaults, readDefaults } from './sudo-defaults.ts';
import { parseRules } from './sudo-rules.ts';
import { findSudo, type SudoTools } from './sudo-tools.ts';
import { lookAtSudoersFiles } from './sudoers-files.ts';

/** The rules by which `account` becomes root for `calls`, by each sudo that these call. */
export async function lookAtSudo(account: Account, calls: readonly GateCall[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const word of new Set(calls.map(({ sudo = '' }) => sudo))) {
    const tools = await findSudo(word);
    if ('code' in tools) findings.push(tools);
    else
      findings.push(
        ...(await lookByTools(
          tools,
          account,
          calls.filter(({ sudo }) => sudo === word),
        )),
      );
  }
  return findings;
}

async function lookByTools(
  tools: SudoTools,
  account: Account,
  calls: readonly GateCall[],
): Promise<Finding[]> {
  const { program } = tools;
  const { name } = account;
  const checked = await ask([tools.visudo, '-c']);
  const broken = checked.good
    ? []
    : [
        finding(
          'sudoers-broken',
          tools.sudoers,
          checked.message,
          'Mend it, until this is content:',
          `${tools.visudo} -c`,
        ),
      ];
  const list = `${program} -n -ll -U ${name}`;
  const listed = await ask(list.split(' '));
  if (!listed.good) return [...broken, unseen(name, list, listed.message)];
  const rules = parseRules(listed.output);
  const { entries, tags, findings } = await lookAtDefaults(tools, account, checked.aside);
  if (entries === undefined) return [...broken, ...findings];
  const judged: Finding[] = [];
  for (const call of calls) {
    const words = gateWords(call);
    const { good: allowed } = await ask([program, '-n', '-l', '-U', name, '--', ...words]);
    const defaults = readDefaults(entries, words);
    judged.push(...judgeSudoCall({ account: name, call, allowed, rules, tags, defaults }));
  }
  const programs = calls.map((call) => call.program);
  return [...broken, ...findings, ...judged, ...judgeOtherRules(name, rules, programs)];
}

interface DefaultsLook {
  /** Undefined where they could not be seen. */
  readonly entries: readonly DefaultsEntry[] | undefined;
  readonly tags: readonly string[];
  readonly findings: readonly Finding[];
}

/** `complaints` are what visudo printed. */
async function lookAtDefaults(
  { kind, sudoers }: SudoTools,
  { name, uid }: Account,
  complaints: string,
): Promise<DefaultsLook> {
  if (kind === 'sudo') {
    const convert = `cvtsudoers -e -p -f json -M -m user=${name} ${sudoers}`;
    const { good, output, message } = await ask(convert.split(' '));
    if (good) return { entries: parseDefaults(output), tags: [], findings: [] };
    return { entries: undefined, tags: [], findings: [unseen(name, convert, message)] };
  }
  const groups = await groupsOf(name);
  const ignored = new Set([...complaints.matchAll(/^(\/.*:\d+):\d+: /gm)].map(([, place = '']) => place));
  const look = lookAtSudoersFiles(sudoers, { name, uid, groups }, ignored);
  // It resets the environment whatever its file says.
  return { ...look, entries: [...look.entries, { Options: [{ env_reset: true }] }] };
}

/** By their names, and by their numbers as sudoers(5) has them. */
async function groupsOf(name: string): Promise<string[]> {
  const [names, numbers] = [await ask(['id', '-Gn', '--', name]), await ask(['id', '-G', '--', name])];
  return [
    ...names.output.trim().split(' '),
    ...numbers.output
      .trim()
      .split(' ')
      .map((one) => `#${one}`),
  ];
}

function unseen(name: string, command: string, message: string): Finding {
  if (message.includes('must have a tty')) return wantsTerminal(name);
  return finding(
    'not-looked',
    `sudo for ${name}`,
    `${command.split(' ')[0]} says: ${message}`,
    'As root, run:',
    command,
  );
}
