/** The account by which a client logs in: root, or one that becomes root by sudo, which is made where it is missing. */

import { type Account, parsePasswd } from '../../doctor/accounts.ts';
import { ask } from '../../doctor/ask.ts';
import { quote } from '../../printable.ts';
import { CannotPair } from './cannot-pair.ts';

export interface Login extends Account {
  /** Whether it is there already. */
  readonly exists: boolean;
}

/** As useradd has it by default (its NAME_REGEX), without `$`. */
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Root's, or that of the account with this name. @throws CannotPair for a name that none can have. */
export async function findLogin(account: string | undefined): Promise<Login> {
  const name = account ?? 'root';
  if (!NAME.test(name))
    throw new CannotPair(`${quote(name)} is no name of an account; take small letters, digits, "_" and "-"`);
  const [found] = parsePasswd((await ask(['getent', 'passwd', '--', name])).output);
  if (account !== undefined && found?.uid === 0)
    throw new CannotPair(`${name} is root already: leave --sudo out`);
  if (found !== undefined) return { ...found, exists: true };
  if (account === undefined) throw new CannotPair('there is no account root in passwd');
  // Nobody has it yet: who it is shows when it is made.
  return { name, uid: -1, gid: -1, home: `/var/lib/${name}`, shell: '/bin/sh', exists: false };
}

/** What makes the account: without a password, but not locked, and with a home that is root's, so that it cannot change its keys. */
export async function accountSteps({ name, home, exists }: Login): Promise<string[][]> {
  if (exists) return [];
  return [
    [
      'useradd',
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      home,
      '--shell',
      '/bin/sh',
      name,
    ],
    ['usermod', '-p', '*', name],
    ['install', '-d', '-m', '755', home, `${home}/.ssh`],
  ];
}
