/** The host's accounts and their passwords: the local ones, and those that were asked for by name. */

import { type Account, type Password, parsePasswd, parseShadow } from './accounts.ts';
import { ask, readIfThere, reasonOf } from './ask.ts';
import { type Finding, finding } from './findings.ts';

export interface People {
  readonly accounts: readonly Account[];
  /** By name; none where shadow(5) could not be read. */
  readonly passwords: ReadonlyMap<string, Password>;
  readonly findings: readonly Finding[];
}

/** Everybody in /etc/passwd, and `names`, wherever they are from (nsswitch.conf(5)). */
export async function lookAtPeople(names: readonly string[]): Promise<People> {
  const findings: Finding[] = [];
  const accounts = parsePasswd(readIfThere('/etc/passwd') ?? '');
  const elsewhere = names.filter((name) => !accounts.some((account) => account.name === name));
  for (const name of elsewhere) {
    const found = parsePasswd((await ask(['getent', 'passwd', '--', name])).output);
    accounts.push(...found);
    if (found.length === 0)
      findings.push(
        finding('not-looked', `account ${name}`, 'is not there', 'See which there are:', 'getent passwd'),
      );
  }
  let shadow = '';
  try {
    shadow = readIfThere('/etc/shadow') ?? '';
  } catch (error) {
    findings.push(finding('not-looked', '/etc/shadow', reasonOf(error), 'Run the doctor as root.'));
  }
  const passwords = parseShadow(shadow);
  for (const name of elsewhere) {
    const { output } = await ask(['getent', 'shadow', '--', name]);
    for (const [own, password] of parseShadow(output)) passwords.set(own, password);
  }
  return { accounts, passwords, findings };
}
