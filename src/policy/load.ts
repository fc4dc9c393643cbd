/**
 * The policy file, read once, through one descriptor: open, look at what was opened, then read that.
 *
 * Whoever can write the file, or put another in its place, is root on this machine by way of the gate. So the
 * file and every directory above it must belong to root and be writable by nobody else, and nothing on the
 * way may be a symbolic link (doas does the same: open, fstat, believe).
 */

import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';

export const DEFAULT_POLICY = '/etc/zrep-gate/policy.toml';

/** A policy of a thousand grants has 300 KiB. */
const MAXIMUM_SIZE = 1024 * 1024;

/** A file that cannot be a policy: what is wrong with it. */
export class UnusablePolicy extends Error {}

/**
 * The text of the policy at `path`.
 *
 * @throws UnusablePolicy when it cannot be read, or when somebody but root could have written it.
 */
export function readTrustedPolicy(path: string): string {
  const [problem] = trustProblems(path);
  if (problem !== undefined) throw new UnusablePolicy(problem);
  return readPolicy(path, (opened) => {
    const [late] = ownershipProblems(path, opened);
    if (late !== undefined) throw new UnusablePolicy(late);
  });
}

/**
 * The text of a draft at `path`, whoever wrote it.
 *
 * @throws UnusablePolicy when it cannot be read.
 */
export function readDraftPolicy(path: string): string {
  return readPolicy(path, () => {});
}

/** Why the gate would not believe the file at `path`, each with what to do; [] when it would. */
export function trustProblems(path: string): string[] {
  const problems: string[] = [];
  for (let place = resolve(path); ; place = dirname(place)) {
    let found: Stats;
    try {
      found = lstatSync(place);
    } catch (error) {
      return [`${place}: ${reasonOf(error)}`];
    }
    if (found.isSymbolicLink()) problems.push(`${place} is a symbolic link; use the real path`);
    else problems.push(...ownershipProblems(place, found));
    if (place === dirname(place)) return problems;
  }
}

function ownershipProblems(place: string, { uid, mode }: Stats): string[] {
  const problems: string[] = [];
  if (uid !== 0) problems.push(`${place} belongs to user ${uid}, not root; run: chown root ${place}`);
  if ((mode & 0o022) !== 0)
    problems.push(`${place} can be written by others than root; run: chmod go-w ${place}`);
  return problems;
}

function readPolicy(given: string, judge: (opened: Stats) => void): string {
  // The kernel would follow a link in front of "..": what is opened must be what was looked at.
  const path = resolve(given);
  let descriptor: number;
  try {
    // NONBLOCK, so that a FIFO in the file's place opens at once and is then refused for what it is.
    descriptor = openSync(
      path,
      constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY,
    );
  } catch (error) {
    throw new UnusablePolicy(`${path}: ${reasonOf(error)}`);
  }
  try {
    const opened = fstatSync(descriptor);
    if (!opened.isFile()) throw new UnusablePolicy(`${path} is not a regular file`);
    judge(opened);
    return readText(path, descriptor, opened.size);
  } finally {
    closeSync(descriptor);
  }
}

function readText(path: string, descriptor: number, size: number): string {
  if (size > MAXIMUM_SIZE)
    throw new UnusablePolicy(`${path} has ${size} bytes, more than the ${MAXIMUM_SIZE} allowed`);
  // One byte more than it should have, to notice that it grew.
  const bytes = Buffer.alloc(size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (count === 0) break;
    length += count;
    if (length > size) throw new UnusablePolicy(`${path} grew while it was read`);
  }
  const content = bytes.subarray(0, length);
  if (!isUtf8(content)) throw new UnusablePolicy(`${path} is not UTF-8 text`);
  return content.toString('utf8');
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES') return 'cannot be read by this user';
  if (code === 'ELOOP') return 'is a symbolic link; use the real path';
  return String(code ?? error);
}
