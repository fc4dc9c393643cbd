/** The account by which a client logs in: root, or one that becomes root by sudo, which is made where it is missing. */

import { lstatSync } from 'node:fs';
import { type Account, parsePasswd, parseShadow } from '../../doctor/accounts.ts';
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
  return { name, uid: -1, gid: -1, home: homeOf(name), shell: '/bin/sh', exists: false };
}

/**
 * What is missing of the account, by what there is: one without a password, but not locked, and with a home that is root's, so that it cannot
 * change its keys. So it also completes what was begun.
 *
 * @throws CannotPair where a new account would get a home that is something else.
 */
export async function accountSteps({ name, home, exists }: Login): Promise<string[][]> {
  const isHomeThere = lstatSync(home, { throwIfNoEntry: false }) !== undefined;
  if (!exists && isHomeThere)
    throw new CannotPair(
      `${home} is there already, and may be something else than the home of ${name}: take another name, or remove it`,
    );
  const useradd = ['useradd', '--system', '--user-group', '--no-create-home', '--home-dir', home];
  return [
    ...(exists ? [] : [[...useradd, '--shell', '/bin/sh', name]]),
    ...(exists && !(await hasNoPassword(name)) ? [] : [['usermod', '-p', '*', name]]),
    ...(isHomeThere || home !== homeOf(name) ? [] : [['install', '-d', '-m', '755', home, `${home}/.ssh`]]),
  ];
}

/** True as useradd leaves an account: locked, and without a password behind the lock, which usermod -L leaves there. */
async function hasNoPassword(name: string): Promise<boolean> {
  const passwords = parseShadow((await ask(['getent', 'shadow', '--', name])).output);
  return /^!!?$/.test(passwords.get(name)?.hash ?? '');
}

function homeOf(name: string): string {
  return `/var/lib/${name}`;
}
