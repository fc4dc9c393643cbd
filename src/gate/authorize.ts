/** `zrep-gate authorize`: the authorized_keys line that ties a public key to a client. */

import { createHash } from 'node:crypto';
import { didYouMean } from '../did-you-mean.ts';
import { CLIENT_NAME, sayNoClientName } from '../policy/client-name.ts';
import type { Policy } from '../policy/policy.ts';
import { tomlKey } from '../policy/statements.ts';
import { printable } from '../printable.ts';
import { readPublicKey } from '../public-key.ts';

/** A problem with what authorize was given, in one sentence. */
export class CannotAuthorize extends Error {}

export interface Authorization {
  readonly client: string;
  /** The public key file's text: one key, without options. */
  readonly publicKey: string;
  /** Absolute path of the installed gate. */
  readonly program: string;
  /** Absolute path, when it is not the default one. */
  readonly policyPath: string | undefined;
  readonly sudo: boolean;
}

/**
 * One line for authorized_keys: `restrict`, the forced command, and the policy's addresses.
 *
 * @throws CannotAuthorize when the client is not in the policy, or the key is not one.
 */
export function authorizedKeysLine(policy: Policy, authorization: Authorization): string {
  const { client, publicKey, program, policyPath, sudo } = authorization;
  const known = policy.clients.get(client);
  if (known === undefined) throw new CannotAuthorize(sayUnknown(policy, client));
  const read = readPublicKey(publicKey);
  if ('problem' in read) throw new CannotAuthorize(`the key ${read.problem}`);
  const { type, base64, comment } = read.key;
  for (const path of [program, policyPath ?? '']) {
    if (!/^[A-Za-z0-9_./+@:%=,-]*$/.test(path))
      throw new CannotAuthorize(
        `a path has a character that a forced command cannot carry: ${printable(path)}`,
      );
  }

  const command = [
    // By its path: which sudo that is, is not for the account's PATH or its shell's functions to say.
    ...(sudo ? ['/usr/bin/sudo', '-n'] : []),
    program,
    'serve',
    client,
    ...(policyPath ? ['--policy', policyPath] : []),
  ];
  const options = ['restrict', `command="${command.join(' ')}"`];
  if (known.from) options.push(`from="${known.from.join(',')}"`);
  return [options.join(','), type, base64, printable(comment || client)].join(' ');
}

function sayUnknown({ clients }: Policy, client: string): string {
  if (!CLIENT_NAME.test(client)) return sayNoClientName(client);
  const meant = didYouMean(client, [...clients.keys()]);
  const what = `the policy has no client "${client}"`;
  return meant === undefined
    ? `${what}; add [client.${tomlKey(client)}] first`
    : `${what}. Did you mean ${meant}?`;
}

/** The sudoers rule that lets `account` run exactly that, for `--sudo`. */
export function sudoersLines(authorization: Authorization, account: string): string {
  const { client, program, policyPath } = authorization;
  const words = [program, 'serve', client, ...(policyPath ? ['--policy', policyPath] : [])];
  // sudoers(5): these must stand behind a backslash in a command's arguments.
  const command = words.map((word) => word.replace(/[,:=]/g, '\\$&')).join(' ');
  const alias = `ZREP_GATE_${aliasOf(client)}`;
  return [
    `Cmnd_Alias ${alias} = ${command}`,
    `Defaults!${alias} env_reset, env_keep = "SSH_ORIGINAL_COMMAND SSH_CONNECTION"`,
    `${account} ALL=(root) NOPASSWD: ${alias}`,
  ].join('\n');
}

/** A name for a sudoers alias, which has neither small letters nor `-`; two clients never have the same. */
function aliasOf(client: string): string {
  const plain = client.toUpperCase().replace(/[^A-Z0-9]/g, '_');
  if (plain === client.toUpperCase() && client === client.toLowerCase()) return plain;
  return `${plain}_${createHash('sha256').update(client).digest('hex').slice(0, 8).toUpperCase()}`;
}
