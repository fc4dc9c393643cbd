/** The lines of authorized_keys by which a client reaches the gate, and files without them. */

import { optionValue, parseAuthorizedKeys } from '../../doctor/authorized-keys.ts';
import { type GateLine, placeOf } from '../../doctor/gate-lines.ts';
import { readScene } from '../../doctor/scene.ts';
import { DEFAULT_POLICY } from '../../policy/load.ts';
import { inShell, printable, quote } from '../../printable.ts';
import { CannotPair, InAnotherHome, sayProblem } from './cannot-pair.ts';
import { lookAtTarget, type Target } from './target.ts';

interface KeyRemoval {
  readonly target: Target;
  readonly text: string;
  readonly lines: readonly string[];
}

export interface KeyLook {
  readonly removals: readonly KeyRemoval[];
  /** Lines for the client that stay, each with the command for it. */
  readonly left: readonly string[];
  /** Files that could not be read, whoever's lines are in them. */
  readonly unread: readonly string[];
  /** The clients that have a line. */
  readonly clients: readonly string[];
}

/** Whose lines are meant. */
export interface LineOwner {
  readonly client: string;
  /** An absolute path: lines that go by another policy stay. */
  readonly policyPath: string;
  readonly sshdConfig: string;
}

/** Looks at the keys of every account. */
export async function keyLinesOf(owner: LineOwner): Promise<KeyLook> {
  const { client, policyPath, sshdConfig } = owner;
  const options = { policy: undefined, clients: [], accounts: [], sshdConfig, program: '' };
  const { gates, unread } = await readScene(options);
  const removals: KeyRemoval[] = [];
  const left: string[] = [];
  for (const path of new Set(gates.map((gate) => gate.path))) {
    const inFile = gates.filter((gate) => gate.path === path);
    const own = inFile.filter(({ call }) => call?.client === client && policyOf(call) === policyPath);
    const unclear = inFile.filter((gate) => namesClient(gate, client));
    if (own.length + unclear.length === 0) continue;
    try {
      const target = lookAtTarget(path);
      if (own.length > 0) removals.push(removalFrom(target, own));
      left.push(...unclear.map((gate) => sayUnclear(target, gate, client)));
    } catch (error) {
      left.push(sayUnchanged(path, [...own, ...unclear], error));
    }
  }
  return {
    removals,
    left: [...left, ...otherPolicies(gates, owner)],
    unread: unread.map(
      ({ where, problem }) =>
        `${printable(`${where} ${problem}`)}: see yourself whether a line in it is for "${client}"`,
    ),
    clients: [...new Set(gates.flatMap(({ call }) => (call === undefined ? [] : [call.client])))],
  };
}

function policyOf(call: NonNullable<GateLine['call']>): string {
  return call.policy ?? DEFAULT_POLICY;
}

/** True for a command that is none of ours, but has the client's name as a word: a shell may well run the gate by it. */
function namesClient({ call, command }: GateLine, client: string): boolean {
  return call === undefined && command.split(/[\s'"\\;&|()]+/).includes(client);
}

/** @throws CannotPair where somebody has written between the two looks. */
function removalFrom(target: Target, gates: readonly GateLine[]): KeyRemoval {
  const numbers = new Set(gates.map(({ line }) => line.number));
  const now = parseAuthorizedKeys(target.text).lines;
  for (const { line, command } of gates) {
    const same = now.find(({ number }) => number === line.number);
    if (same?.key !== line.key || optionValue(same, 'command') !== command)
      throw new CannotPair('it was changed meanwhile; run the command again');
  }
  const all = target.text.split('\n');
  const isOwn = (_: string, index: number) => numbers.has(index + 1);
  return {
    target,
    text: all.filter((line, index) => !isOwn(line, index)).join('\n'),
    lines: all.filter(isOwn),
  };
}

/** The whole line, since its number is another one when others are gone. */
function sayUnclear(target: Target, gate: GateLine, client: string): string {
  const line = target.text.split('\n')[gate.line.number - 1] ?? '';
  const pattern = line.replace(/[\\.*[\]^$|]/g, '\\$&');
  const remove =
    printable(line).replaceAll('\\\\', '\\') === line
      ? `To remove it, run: sed -i ${inShell(`\\|^${pattern}$|d`)} ${inShell(target.path)}`
      : 'Remove that line';
  return `${printable(placeOf(gate))} names "${client}" in a command that revoke does not understand: ${quote(gate.command)}. ${remove}`;
}

/** Root runs nothing in a folder of another user, who could have a link there at that moment. */
function sayUnchanged(path: string, gates: readonly GateLine[], error: unknown): string {
  const numbers = [...new Set(gates.map(({ line }) => line.number))];
  const where = printable(`${path}:${numbers.join(',')}`);
  if (!(error instanceof InAnotherHome)) return `${where} stays: ${sayProblem(error)}`;
  const sed = ['sed', '-i', numbers.map((number) => `${number}d`).join(';'), path];
  const words = ['runuser', '-u', error.owner, '--', ...sed];
  const remove =
    printable(path) === path ? `Remove it as that user: ${words.map(inShell).join(' ')}` : 'Remove it';
  return `${where} stays, since it is in the home of ${error.owner}. ${remove}`;
}

/** What one `revoke` for each of them takes out. */
function otherPolicies(gates: readonly GateLine[], { client, policyPath }: LineOwner): string[] {
  return gates.flatMap((gate) => {
    if (gate.call?.client !== client || policyOf(gate.call) === policyPath) return [];
    const path = policyOf(gate.call);
    return [
      `${printable(placeOf(gate))} stays: it is for "${client}" by another policy. To revoke that as well, run: zrep-gate revoke ${client} --policy ${path}`,
    ];
  });
}
