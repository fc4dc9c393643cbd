/** A file that appears whole or not at all: written beside its place, and renamed into it. */

import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Failure } from '../run/failure.ts';

/** Puts `text` in the place of `path`, readable by all (mode 644). @throws Failure with what is in the way. */
export function replaceFile(path: string, text: string): void {
  // Not of the ending that node_exporter looks for.
  const draft = `${dirname(path)}/.${basename(path)}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    const descriptor = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(descriptor, text);
      // Whatever the umask is.
      fchmodSync(descriptor, 0o644);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(`${path} cannot be written (${code}); its folder must be there, and writable for zrep`);
  }
}
