/**
 * A file of root's that is changed by hand of a person: the policy, an authorized_keys, a sudoers file. It is looked at, shown, and then
 * replaced in one step, if it still is what was shown. An old file keeps its owner and mode.
 *
 * Who could write to a folder on the way could lead root's writing elsewhere. So each one must be root's alone, and so must each link.
 */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parsePasswd } from '../../doctor/accounts.ts';
import { wayTo } from '../../doctor/file-trust.ts';
import { ownershipProblems } from '../../policy/ownership.ts';
import { CannotPair, InAnotherHome, sayProblem } from './cannot-pair.ts';
import { noteDone, sayDone } from './done.ts';
import { withWriteLock } from './write-lock.ts';

export interface Target {
  /** As it was given. */
  readonly path: string;
  /** What is there; '' where nothing is. Each byte is a character. */
  readonly text: string;
  /** What it is; undefined where it is not there. */
  readonly stats: Pick<Stats, 'uid' | 'gid' | 'mode'> | undefined;
}

/** Of what is made new. */
export interface Modes {
  readonly file: number;
  readonly folder: number;
}

/** An authorized_keys of ten thousand keys has less. Bytes. */
const MAXIMUM_SIZE = 16 * 1024 * 1024;

/**
 * Looks at the file, which need not be there.
 *
 * @throws CannotPair where root's writing could be led elsewhere, or it is no regular file.
 */
export function lookAtTarget(given: string): Target {
  const path = resolve(given);
  let place = path;
  while (lstatSync(place, { throwIfNoEntry: false }) === undefined) place = dirname(place);
  const [problem] = problemsOn(place, path);
  if (problem !== undefined) throw problem;
  if (place !== path) return { path, text: '', stats: undefined };
  // On the way there is root alone, so that nothing changes between the two.
  const real = realpathSync(path);
  const stats = lstatSync(real);
  if (!stats.isFile()) throw new CannotPair(`${path} is not a regular file`);
  if (stats.size > MAXIMUM_SIZE) throw new CannotPair(`${path} has ${stats.size} bytes, which is too much`);
  return { path, text: readFileSync(real, 'latin1'), stats };
}

/** What is not root's alone on the way to `place`, the part of `path` that is there. The file itself may be another's. */
function problemsOn(place: string, path: string): CannotPair[] {
  const problems: CannotPair[] = [];
  try {
    const way = wayTo(place, (link) => {
      if (link.stats.uid !== 0)
        problems.push(
          new CannotPair(
            `${link.path} is a symbolic link of user ${link.stats.uid}; remove it, or use the real path`,
          ),
        );
    });
    for (const { path: one, stats } of place === path ? way.slice(0, -1) : way) {
      const owner = stats.uid === 0 ? undefined : ownerOfHome(one, stats.uid);
      if (owner !== undefined) problems.push(new InAnotherHome(path, owner));
      else
        problems.push(
          ...ownershipProblems(one, stats).map(
            ({ problem, remedy }) => new CannotPair(`${problem}, so ${path} is not written; run: ${remedy}`),
          ),
        );
    }
    return problems;
  } catch {
    return [new CannotPair(`${place} leads nowhere; see: ls -l ${place}`)];
  }
}

/** The name of user `uid`, where `folder` is that user's home, or in it: to make it root's would break the account. */
function ownerOfHome(folder: string, uid: number): string | undefined {
  const { stdout } = spawnSync('/usr/bin/getent', ['passwd', String(uid)], { encoding: 'utf8' });
  return parsePasswd(stdout ?? '').find(({ home }) => `${folder}/`.startsWith(`${realOf(home)}/`))?.name;
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** What a file is to hold. */
export interface Change {
  readonly target: Target;
  readonly text: string;
}

/**
 * Puts `text` in the place of the file.
 *
 * @throws CannotPair where it is no longer what was looked at, or cannot be written, with what was changed before.
 */
export function writeTarget(target: Target, text: string, modes: Modes): void {
  try {
    withWriteLock(() => replace(target, text, modes));
  } catch (error) {
    throw new CannotPair(`${target.path} was not written: ${sayProblem(error)}${sayDone()}`);
  }
}

/** The same with several files, whatever becomes of each; the answer is why some were not written. */
export function writeEach(changes: readonly Change[], modes: Modes): string[] {
  const tryAll = () =>
    changes.flatMap(({ target, text }) => {
      try {
        replace(target, text, modes);
        return [];
      } catch (error) {
        return [`${target.path} was not written: ${sayProblem(error)}`];
      }
    });
  try {
    return withWriteLock(tryAll);
  } catch (error) {
    return [`nothing was written: ${sayProblem(error)}`];
  }
}

function replace(target: Target, text: string, modes: Modes): void {
  const { path, stats } = target;
  const now = lookAtTarget(path);
  if (now.text !== target.text || (now.stats === undefined) !== (stats === undefined))
    throw new CannotPair('it was changed meanwhile; run the command again');
  makeFolder(dirname(path), modes.folder);
  const real = stats === undefined ? path : realpathSync(path);
  // Neither sshd nor sudo reads a file with such a name.
  const draft = `${dirname(real)}/.${basename(real)}.${process.pid}.new`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const descriptor = openSync(draft, flags, 0o600);
  try {
    try {
      writeFileSync(descriptor, text, 'latin1');
      fchownSync(descriptor, stats?.uid ?? 0, stats?.gid ?? 0);
      // Behind the change of owner, which takes bits away; whatever the umask is.
      fchmodSync(descriptor, (stats?.mode ?? modes.file) & 0o7777);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, real);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  noteDone(path);
  syncFolder(dirname(real));
}

function makeFolder(folder: string, mode: number): void {
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return;
  makeFolder(dirname(folder), 0o755);
  mkdirSync(folder, { mode });
  chownSync(folder, 0, 0);
  chmodSync(folder, mode);
}

/** So that the new name is on the disk, too. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
