/**
 * A file of root's that is changed by hand of a person: the policy, an authorized_keys, a sudoers file. It is looked at, shown, and then
 * replaced in one step, if it still is what was shown. An old file keeps its owner and mode.
 *
 * Who could write to a folder on the way could lead root's writing elsewhere. So each one must be root's alone, and so must each link.
 */

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
import { wayTo } from '../../doctor/file-trust.ts';
import { ownershipProblems } from '../../policy/ownership.ts';
import { CannotPair } from './cannot-pair.ts';

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
  for (const problem of problemsOn(place, path)) throw new CannotPair(problem);
  if (place !== path) return { path, text: '', stats: undefined };
  // On the way there is root alone, so that nothing changes between the two.
  const real = realpathSync(path);
  const stats = lstatSync(real);
  if (!stats.isFile()) throw new CannotPair(`${path} is not a regular file`);
  if (stats.size > MAXIMUM_SIZE) throw new CannotPair(`${path} has ${stats.size} bytes, which is too much`);
  return { path, text: readFileSync(real, 'latin1'), stats };
}

/** What is not root's alone on the way to `place`, the part of `path` that is there. The file itself may be another's. */
function problemsOn(place: string, path: string): string[] {
  const problems: string[] = [];
  try {
    const way = wayTo(place, (link) => {
      if (link.stats.uid !== 0)
        problems.push(
          `${link.path} is a symbolic link of user ${link.stats.uid}; remove it, or use the real path`,
        );
    });
    for (const { path: one, stats } of place === path ? way.slice(0, -1) : way)
      problems.push(
        ...ownershipProblems(one, stats).map(
          ({ problem, remedy }) => `${problem}, so ${path} is not written; run: ${remedy}`,
        ),
      );
    return problems;
  } catch {
    return [`${place} leads nowhere; see: ls -l ${place}`];
  }
}

/**
 * Puts `text` in the place of the file.
 *
 * @throws CannotPair where it is no longer what was looked at.
 */
export function writeTarget(target: Target, text: string, modes: Modes): void {
  const { path, stats } = target;
  const now = lookAtTarget(path);
  if (now.text !== target.text || (now.stats === undefined) !== (stats === undefined))
    throw new CannotPair(`${path} was changed meanwhile: run the command again`);
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
