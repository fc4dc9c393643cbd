/** The doctor's only ways to look: programs that answer questions, and files. Nothing is changed. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A program that does not answer in this time is taken to have failed. Milliseconds. */
const LIMIT = 20_000;
/** Of an answer. Bytes. */
const SIZE = 64 * 1024 * 1024;

/** Messages in English, whatever the administrator's language. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

export interface Answer {
  /** It ended with 0. */
  readonly good: boolean;
  readonly output: string;
  /** Its standard error, whole. */
  readonly aside: string;
  /** Why it is not good, in one line. */
  readonly message: string;
}

/** Runs a program to its end, without input. Never throws. */
export async function ask([file = '', ...argv]: readonly string[]): Promise<Answer> {
  const options = {
    env: ENVIRONMENT,
    cwd: '/',
    timeout: LIMIT,
    killSignal: 'SIGKILL',
    maxBuffer: SIZE,
  } as const;
  return new Promise((resolve) => {
    execFile(file, argv, options, (error, stdout, stderr) => {
      const [said = ''] = stderr.trim().split(/\r?\n/);
      const how = error?.killed
        ? `no answer within ${LIMIT / 1000} seconds`
        : (error?.message.split('\n')[0] ?? '');
      resolve({ good: error === null, output: stdout, aside: stderr, message: error ? said || how : '' });
    }).stdin?.end();
  });
}

/** The text of a file; undefined when it is not there, or a folder. @throws Error for any other reason. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}

/** Why a file or folder could not be looked at, without the name of the system call. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'cannot be looked at by this user';
  return code === 'ELOOP' ? 'is a circle of symbolic links' : String(code ?? message);
}
