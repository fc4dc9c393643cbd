/** What is wrong with a line that calls the gate, taken alone. Pure. */

import {
  type Feature,
  hasOption,
  type KeyLine,
  type KeyOption,
  openFeatures,
  optionValue,
} from './authorized-keys.ts';
import type { Code } from './codes.ts';
import { dangersIn } from './dangerous-variables.ts';
import { type Finding, finding } from './findings.ts';
import { type GateLine, placeOf } from './gate-lines.ts';

const OPEN: Readonly<Record<Feature, string>> = {
  'port-forwarding': 'port forwarding',
  'agent-forwarding': 'agent forwarding',
  'x11-forwarding': 'X11 forwarding',
  pty: 'a terminal',
  'user-rc': '~/.ssh/rc',
};

/** Options that say nothing once there is `restrict`, or that take from it. */
const DROPPED =
  /^(?:no-)?(?:port-forwarding|agent-forwarding|x11-forwarding|pty|user-rc)$|^(?:restrict|tunnel|environment|cert-authority)$/;

/** `delegate` is true for an account that does without root (see delegates.ts). */
export function judgeGateLine(gate: GateLine, delegate = false): Finding[] {
  return [
    ...judgeRestrictions(gate),
    ...judgeEnvironment(gate),
    ...judgeAuthority(gate),
    ...judgeCommand(gate, delegate),
  ];
}

function judgeRestrictions(gate: GateLine): Finding[] {
  const { line } = gate;
  const open: string[] = openFeatures(line).map((feature) => OPEN[feature]);
  if (hasOption(line, 'tunnel')) open.push('a tunnel device');
  const restricted = hasOption(line, 'restrict');
  if (restricted && open.length === 0) return [];
  const code: Code = restricted ? 'key-restriction-undone' : 'key-unrestricted';
  const left = open.length === 0 ? 'whatever a later sshd can do' : open.join(', ');
  const problem = restricted
    ? `allows ${left} behind "restrict"`
    : `lacks "restrict", and leaves open: ${left}`;
  return [inPlace(code, gate, problem)];
}

function judgeEnvironment(gate: GateLine): Finding[] {
  return gate.line.options
    .filter(({ name }) => name === 'environment')
    .map(({ value = '' }) => {
      const variable = value.split('=')[0] ?? '';
      const how = dangersIn(variable).length > 0 ? 'the dangerous variable' : 'the variable';
      return inPlace('key-environment', gate, `sets ${how} ${variable}`);
    });
}

function judgeAuthority(gate: GateLine): Finding[] {
  if (!hasOption(gate.line, 'cert-authority')) return [];
  return [inPlace('key-certificate-authority', gate, 'is for every key with a certificate of this one')];
}

function judgeCommand(gate: GateLine, delegate: boolean): Finding[] {
  const { account, call, command } = gate;
  if (call === undefined) {
    const form = 'command="/usr/bin/zrep-gate serve CLIENT"';
    return [
      finding(
        'key-command-wrong',
        placeOf(gate),
        `runs "${command}", which is no call of the gate`,
        'The form is this, with "/usr/bin/sudo -n " in front for an account that is not root (or sudo-rs, or doas):',
        form,
      ),
    ];
  }
  const { sudo, program } = call;
  if (delegate) {
    const problem = `runs the gate as ${account.name}, whose own the folder of zrep's lock is`;
    return [finding('key-by-zfs-allow', placeOf(gate), problem, 'Nothing has to be done.')];
  }
  if (account.uid !== 0 && sudo === undefined) {
    const words = command.replace(program, `/usr/bin/sudo -n ${program}`);
    return [
      inPlace('key-without-root', gate, `runs the gate as ${account.name}, without sudo`, { command: words }),
    ];
  }
  if (account.uid === 0 && sudo !== undefined) {
    const words = command.slice(command.indexOf(program));
    return [inPlace('key-sudo-as-root', gate, `calls ${sudo}, as root`, { command: words })];
  }
  return [];
}

/** A finding whose remedy is the line's own options as they should be. */
function inPlace(code: Code, gate: GateLine, problem: string, changes: { command?: string } = {}): Finding {
  const what = 'Write these options in front of the key, in place of those that are there:';
  return finding(code, placeOf(gate), problem, what, soundOptions(gate.line, changes));
}

/** `restrict`, then what else the line says and may go on to say. */
export function soundOptions(
  { options }: Pick<KeyLine, 'options'>,
  changes: { command?: string; from?: string } = {},
): string {
  const kept = options
    .filter(({ name }) => !DROPPED.test(name) && !(name in changes))
    .map(({ name, value }): KeyOption => ({ name, value }));
  const changed = Object.entries(changes).map(([name, value]): KeyOption => ({ name, value }));
  return ['restrict', ...[...changed, ...kept].map(formatOption)].join(',');
}

function formatOption({ name, value }: KeyOption): string {
  return value === undefined ? name : `${name}="${value.replaceAll('"', '\\"')}"`;
}

/** The addresses of a line's `from`, for comparison; undefined where it has none. */
export function addressesOf(line: KeyLine): readonly string[] | undefined {
  return optionValue(line, 'from')?.split(',').sort();
}
