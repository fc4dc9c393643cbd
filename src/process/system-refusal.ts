/**
 * What the operating system refused, for a person: a full disk, a read-only /tmp, a folder that is not there. Such an error
 * is nobody's bug, and its stack tells nothing.
 */

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { printable } from '../printable.ts';

/** What was tried, by the system call in Node's message. */
const TRIED: Readonly<Record<string, string>> = {
  open: 'open',
  write: 'write to',
  mkdir: 'make the folder',
  mkdtemp: 'make a folder',
  link: 'make',
  rename: 'rename',
  unlink: 'remove',
  rmdir: 'remove',
  rm: 'remove',
  scandir: 'list',
  lstat: 'look at',
  stat: 'look at',
};

/** In one line without a full stop, with a command that helps; undefined for every other error. */
export function saySystemRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errno, syscall, path, message } = error as NodeJS.ErrnoException;
  if (code === undefined || errno === undefined || syscall === undefined) return undefined;
  if (syscall.startsWith('spawn')) {
    const what = code === 'ENOENT' ? 'it is not installed, or not in PATH' : code;
    return printable(`cannot start ${path ?? syscall.slice('spawn '.length)}: ${what}`);
  }
  const reason = /^[A-Z0-9]+: (.*?), /.exec(message)?.[1] ?? code;
  const tried = `cannot ${TRIED[syscall] ?? syscall} ${path ?? ''}`.trim();
  return printable(`${tried}: ${reason} (${code})${path?.startsWith('/') ? helpFor(code, path) : ''}`);
}

function helpFor(code: string, path: string): string {
  const folder = dirname(path);
  if (code === 'ENOENT' && !existsSync(folder)) return `; make its folder: install -d -m 755 ${folder}`;
  if (code === 'ENOSPC' || code === 'EDQUOT') return `; see what is full: df -h ${folder}; df -i ${folder}`;
  if (code === 'EROFS') return `; see how it is mounted: findmnt -T ${folder}`;
  return '';
}
