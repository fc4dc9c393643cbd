/** Keys and clients against each other: who has which line, and what else the same key opens. Pure. */

import type { Policy } from '../policy/policy.ts';
import { optionValue } from './authorized-keys.ts';
import { type Finding, finding } from './findings.ts';
import { type GateLine, type KeysFile, placeOf, sedOn } from './gate-lines.ts';
import { addressesOf, soundOptions } from './judge-keys.ts';
import { commentOut, type OpenLine } from './judge-logins.ts';

/** A policy that is sound, and where it is. */
export interface PolicyAt {
  readonly path: string;
  readonly policy: Policy;
}

/** What a line says of its client, against the policy that it goes by. */
export function judgeLabel(gate: GateLine, { path, policy }: PolicyAt): Finding[] {
  const label = gate.call?.client ?? '';
  const client = policy.clients.get(label);
  if (client === undefined) {
    const known = [...policy.clients.keys()].join(', ') || 'none';
    return [
      finding(
        'unknown-client',
        placeOf(gate),
        `is for the client "${label}", which ${path} does not have (it has: ${known})`,
        'Write the name of a client behind "serve", or add the client to the policy:',
        `[client.${label}]`,
      ),
    ];
  }
  const wanted = client.from && [...client.from].sort();
  if (wanted === undefined || wanted.join() === addressesOf(gate.line)?.join()) return [];
  return [
    finding(
      'key-from-differs',
      placeOf(gate),
      `does not have the addresses that ${path} has for "${label}"`,
      'Write these options in front of the key, in place of those that are there:',
      soundOptions(gate.line, { from: client.from?.join() ?? '' }),
    ),
  ];
}

/** Clients without any line, of those that are `wanted`. */
export function judgeKeyless(
  { path, policy }: PolicyAt,
  gates: readonly GateLine[],
  wanted: (client: string) => boolean,
): Finding[] {
  const called = new Set(gates.map(({ call }) => call?.client));
  return [...policy.clients.keys()]
    .filter((client) => !called.has(client) && wanted(client))
    .map((client) =>
      finding(
        'client-without-key',
        `${path}: client.${client}`,
        `no key in an authorized_keys is for "${client}"`,
        'With the public key of that backup server in a file:',
        `zrep-gate authorize ${client} KEY.pub >>/root/.ssh/authorized_keys`,
      ),
    );
}

/** Every other line, of whichever account, for a key that has a line with the gate. */
export function judgeSecondLines(gates: readonly GateLine[], files: readonly KeysFile[]): Finding[] {
  const plain = files.flatMap(({ account, path, content, editor }) =>
    content.lines
      .filter((line) => !gates.some((gate) => gate.line === line))
      .map((line) => ({ account, path, line, editor })),
  );
  return [
    ...gates.flatMap((gate) =>
      plain.filter(({ line }) => line.key === gate.line.key).map((second) => judgePlain(second, gate)),
    ),
    ...gates.flatMap((gate, index) => {
      const first = gates.slice(0, index).find((other) => other.line.key === gate.line.key);
      return first === undefined ? [] : judgeTwice(first, gate);
    }),
  ];
}

function judgePlain(second: OpenLine, gate: GateLine): Finding {
  const key = `the same key as in ${placeOf(gate)}`;
  const command = optionValue(second.line, 'command');
  if (command === undefined)
    return finding(
      'key-open-elsewhere',
      placeOf(second),
      `has no forced command, and is for ${key}`,
      'Put a # in front of the line:',
      commentOut(second),
    );
  const away = ['Remove the line:', sedOn(second, `${second.line.number}d`)] as const;
  return finding('key-other-command', placeOf(second), `runs "${command}", and is for ${key}`, ...away);
}

function judgeTwice(first: GateLine, second: GateLine): Finding[] {
  const away = [
    'Take one of the two out, such as this one:',
    sedOn(second, `${second.line.number}d`),
  ] as const;
  const problem = `is for the same key as ${placeOf(first)}`;
  if (first.account.name !== second.account.name)
    return [finding('key-in-two-accounts', placeOf(second), problem, ...away)];
  // Two that can never both fit are not in each other's way.
  const [one, other] = [addressesOf(first.line), addressesOf(second.line)];
  if (one && other && !one.some((address) => other.includes(address))) return [];
  return [finding('key-twice', placeOf(second), problem, ...away)];
}
