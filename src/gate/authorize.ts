/** `zrep-gate authorize`: the authorized_keys line that ties a public key to a client. */

import { createHash } from 'node:crypto';
import type { Policy } from '../policy/policy.ts';
import { printable } from '../printable.ts';

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

/** Key types of OpenSSH (ssh-keygen(1)), base64, and perhaps a comment. */
const PUBLIC_KEY =
  /^(?<type>ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) (?<key>[A-Za-z0-9+/]+={0,2})(?: (?<comment>.*))?$/;

/**
 * One line for authorized_keys: `restrict`, the forced command, and the policy's addresses.
 *
 * @throws CannotAuthorize when the client is not in the policy, or the key is not one.
 */
export function authorizedKeysLine(policy: Policy, authorization: Authorization): string {
  const { client, publicKey, program, policyPath, sudo } = authorization;
  const known = policy.clients.get(client);
  if (known === undefined)
    throw new CannotAuthorize(
      `the policy has no client "${printable(client)}"; add [client.${printable(client)}] first`,
    );
  const key = PUBLIC_KEY.exec(publicKey.trim())?.groups;
  if (key === undefined || !isKeyOf(key['type'] ?? '', key['key'] ?? ''))
    throw new CannotAuthorize(
      'that file does not hold exactly one public key; give the .pub file that ssh-keygen wrote',
    );
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
  return [options.join(','), key['type'], key['key'], printable(key['comment'] ?? client)].join(' ');
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

/** How many strings the base64 of each kind of key holds behind its name (RFC 4253, 6.6; RFC 5656; PROTOCOL.u2f). */
const PARTS: Readonly<Record<string, number>> = {
  'ssh-ed25519': 1,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
};

/** True when the base64 is a key of this type to its last byte: sshd passes over a line that is not. */
function isKeyOf(type: string, base64: string): boolean {
  const blob = Buffer.from(base64, 'base64');
  if (blob.toString('base64') !== base64) return false;
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 4 <= blob.length) {
    const length = blob.readUInt32BE(at);
    parts.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const expected = PARTS[type] ?? 2;
  return at === blob.length && parts[0]?.toString('latin1') === type && parts.length === 1 + expected;
}
