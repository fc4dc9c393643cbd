/** Reads authorized_keys, of every account: read as sshd reads it, since some belong to users who may lay traps. */

import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from './accounts.ts';
import { reasonOf } from './ask.ts';
import { parseAuthorizedKeys } from './authorized-keys.ts';
import { barrier, untrusted, wayTo } from './file-trust.ts';
import { type Finding, finding } from './findings.ts';
import type { KeysFile } from './gate-lines.ts';

/** A file of ten thousand keys has less. Bytes. */
const MAXIMUM_SIZE = 16 * 1024 * 1024;

/** The file at `path`; undefined when there is none. */
export function readKeysFile(account: Account, path: string): KeysFile | Finding | undefined {
  const unread = (problem: string) =>
    finding('not-looked', path, problem, 'Run the doctor as root, and see:', `ls -l ${path}`);
  try {
    // Not even opened: some devices act on that. NONBLOCK, should a FIFO take the file's place just now.
    if (!statSync(path).isFile()) return undefined;
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const found = fstatSync(descriptor);
      if (!found.isFile()) return undefined;
      const { size } = found;
      if (size > MAXIMUM_SIZE) return unread(`has ${size} bytes`);
      const content = parseAuthorizedKeys(readFileSync(descriptor, 'latin1'));
      return { account, path, content, editor: editorOf(account, path) };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' ? undefined : unread(reasonOf(error));
  }
}

/** The account's name, if a folder on the way is its own. */
function editorOf({ name, uid }: Account, path: string): string | undefined {
  return uid !== 0 && wayTo(dirname(path)).some(({ stats }) => stats.uid === uid) ? name : undefined;
}

/**
 * Owner and mode of a file with a line for the gate, of everything above it and of the account's home, and whether
 * sshd, which reads the file as an account that is in `groups`, can read it at all.
 */
export function lookAtKeysFile(account: Account, path: string, groups: readonly number[]): Finding[] {
  const code = account.uid === 0 ? 'file-not-roots' : 'account-not-roots';
  const findings = untrusted(path, code);
  const stopped = barrier(wayTo(path), { uid: account.uid, groups });
  if (stopped !== undefined) {
    const mode = stopped === path ? 'a+r' : 'a+x';
    findings.push(
      finding('keys-unreadable', stopped, `is closed to ${account.name}`, 'Run:', `chmod ${mode} ${stopped}`),
    );
  }
  return existsSync(account.home) ? [...findings, ...untrusted(account.home, code)] : findings;
}
