/**
 * The file of what was refreshed here, STATEDIR/copies: root's alone, and replaced whole.
 *
 * It is only ever a hint. One that others could have written is not believed, and neither is it written over; a line that is no
 * record is passed over, and kept. Each is named. No refresh fails for it.
 */

import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
} from 'node:fs';
import { ownershipProblems, type Untrusted } from '../../policy/ownership.ts';
import type { Interruption } from '../../process/interruption.ts';
import { isRefusal } from '../../refusal.ts';
import { withGlobalLock } from '../../replication/global-lock.ts';
import { replaceFile } from '../look/replace-file.ts';
import { Failure } from '../run/failure.ts';
import type { Settings } from '../words/settings.ts';
import { type CopyRecord, formatRecords, parseRecords, type Records } from './copy-record.ts';

/** Some ten thousand copies. Bytes. */
const MOST = 1 << 20;

/** Whoever has something to write does so to its end. */
const TO_ITS_END: Interruption = { signal: undefined, check() {}, onSignal: () => () => {} };

export interface ReadRecords {
  readonly records: Records;
  /** Why it is not believed, or not all of it, and what mends that. */
  readonly problem: Untrusted | undefined;
}

const NOTHING: Records = { copies: [], broken: [] };

export function recordFile({ statedir }: Pick<Settings, 'statedir'>): string {
  return `${statedir}/copies`;
}

/** What the file says; nothing where there is none, or where it is not to be believed. */
export function readRecordFile(settings: Pick<Settings, 'statedir'>): ReadRecords {
  const path = recordFile(settings);
  let descriptor: number | undefined;
  try {
    const folder = statSync(settings.statedir, { throwIfNoEntry: false });
    if (folder === undefined) return { records: NOTHING, problem: undefined };
    // NONBLOCK, so that a FIFO in its place opens at once.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
    descriptor = openSync(path, flags);
    const found = fstatSync(descriptor);
    const [untrusted] = [...untrustedBy(settings.statedir, folder), ...untrustedBy(path, found)];
    if (untrusted !== undefined) return { records: NOTHING, problem: untrusted };
    if (!found.isFile()) return unusable(path, 'is no file');
    if (found.size > MOST) return unusable(path, `has ${found.size} bytes, more than the ${MOST} allowed`);
    const records = parseRecords(readFileSync(descriptor, 'utf8'));
    const [first] = records.broken;
    const problem =
      first && unusable(path, `has a line that is no record of a copy, line ${first.line}`).problem;
    return { records, problem };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { records: NOTHING, problem: undefined };
    return unusable(path, code === 'ELOOP' ? 'is a link' : `cannot be read (${code})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Root goes by what is root's; others also by what is their own. */
function untrustedBy(place: string, { uid, mode }: Stats): Untrusted[] {
  const own = process.geteuid?.();
  return ownershipProblems(place, { uid: own === uid ? 0 : uid, mode });
}

function unusable(path: string, what: string): ReadRecords {
  const problem = { problem: `${path} ${what}`, remedy: `mv ${path} ${path}.old` };
  return { records: NOTHING, problem };
}

/**
 * Replaces the file by what `change` makes of it, if that is another; nobody else changes it meanwhile. The answer is why that
 * could not be done; undefined where it was, or where this account remembers nothing.
 */
export async function changeRecordFile(
  settings: Pick<Settings, 'statedir' | 'remembers' | 'hostName'>,
  change: (copies: readonly CopyRecord[]) => readonly CopyRecord[],
): Promise<string | undefined> {
  const { statedir, remembers, hostName } = settings;
  if (!remembers) return undefined;
  try {
    if (statSync(statedir, { throwIfNoEntry: false }) === undefined) makeFolder(statedir);
    const lock = { rundir: statedir, interruption: TO_ITS_END, hostName };
    const refusal = await withGlobalLock(lock, async () => {
      const { records, problem } = readRecordFile(settings);
      if (problem !== undefined && records.broken.length === 0) throw new Failure(sayProblem(problem));
      const text = formatRecords({ ...records, copies: change(records.copies) });
      if (text !== formatRecords(records)) replaceFile(recordFile(settings), text);
      return undefined;
    });
    return isRefusal(refusal) ? refusal.reason : undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return `${statedir} cannot be written to (${code})`;
  }
}

/** Another refresh may have made it by now. The folder above must be there. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path, 0o755);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** In one sentence, with the command. */
export function sayProblem({ problem, remedy }: Untrusted): string {
  return `${problem}; run: ${remedy}`;
}
