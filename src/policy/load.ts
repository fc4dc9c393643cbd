/**
 * The policy file, read once, through one descriptor: open, look at what was opened, then read that.
 *
 * Whoever can write the file, or put another in its place, is root on this machine by way of the gate. So the
 * file and every directory above it must belong to root and be writable by nobody else, and nothing on the
 * way may be a symbolic link (doas does the same: open, fstat, believe). What changes while it is read is not believed.
 */

import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ownershipProblems, type Untrusted } from './ownership.ts';

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
    if (late !== undefined) throw new UnusablePolicy(sentenceOf(late));
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
  return distrust(path).map(sentenceOf);
}

/** The same, problem and remedy apart. */
export function distrust(path: string): Untrusted[] {
  const problems: Untrusted[] = [];
  for (let place = resolve(path); ; place = dirname(place)) {
    let found: Stats;
    try {
      found = lstatSync(place);
    } catch (error) {
      return [{ problem: `${place}: ${reasonOf(error)}`, remedy: '' }];
    }
    if (found.isSymbolicLink())
      problems.push({ problem: `${place} is a symbolic link`, remedy: 'use the real path' });
    else problems.push(...ownershipProblems(place, found));
    if (place === dirname(place)) return problems;
  }
}

function sentenceOf({ problem, remedy }: Untrusted): string {
  if (remedy === '') return problem;
  return /^ch(?:own|mod) /.test(remedy) ? `${problem}; run: ${remedy}` : `${problem}; ${remedy}`;
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
    const text = readText(path, descriptor, opened.size);
    // Written in place, a policy can be half the old one and half the new one, and sound all the same.
    if (fstatSync(descriptor).mtimeMs !== opened.mtimeMs) throw new UnusablePolicy(changed(path));
    return text;
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
    if (length > size) throw new UnusablePolicy(changed(path));
  }
  if (length < size) throw new UnusablePolicy(changed(path));
  const content = bytes.subarray(0, length);
  if (!isUtf8(content)) throw new UnusablePolicy(`${path} is not UTF-8 text`);
  return content.toString('utf8');
}

function changed(path: string): string {
  return `${path} changed while it was read; write it aside, and mv it there`;
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES') return 'cannot be read by this user';
  if (code === 'ELOOP') return 'is a symbolic link; use the real path';
  return String(code ?? error);
}
