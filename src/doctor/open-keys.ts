/** What stands beside the line that authorize prints: open lines in the file that it is most often put into. */

import { printable } from '../printable.ts';
import { type Account, parsePasswd } from './accounts.ts';
import { ask } from './ask.ts';
import { parseAuthorizedKeys } from './authorized-keys.ts';
import type { KeysFile } from './gate-lines.ts';
import { commentOut, openLinesIn } from './judge-logins.ts';
import { readKeysFile } from './key-files.ts';

/** Sentences for a person about `account`, which is to have `line`, with the command behind each. */
export async function openKeysBeside(account: string, line: string): Promise<string[]> {
  const [found] = parsePasswd((await ask(['getent', 'passwd', '--', account])).output);
  const [own] = parseAuthorizedKeys(line).lines;
  return found === undefined ? [] : openKeysOf(found, own?.key);
}

/** The same of an account's own file, for a key. */
export function openKeysOf(account: Account, key: string | undefined): string[] {
  const path = `${account.home}/.ssh/authorized_keys`;
  const file = readKeysFile(account, path);
  if (file === undefined) return [];
  if ('code' in file)
    return [`${path} was not looked at (${file.problem}): see that no line in it is open to this key`];
  return openKeysIn(file, key);
}

/** The same of any file with keys. */
export function openKeysIn(file: KeysFile, key: string | undefined): string[] {
  return openLinesIn([file]).flatMap((open) => {
    const where = `${file.path}:${open.line.number}`;
    if (open.line.key === key)
      return [`${where} gives this key a shell. Put a # in front of that line:\n    ${commentOut(open)}`];
    if (file.account.uid !== 0) return [];
    return [
      `${where} gives root a shell${open.line.comment === '' ? '' : ` (${printable(open.line.comment)})`}. Close it before you set PermitRootLogin forced-commands-only: sshd then drops a client that offers this key first. If nobody needs it:\n    ${commentOut(open)}`,
    ];
  });
}
