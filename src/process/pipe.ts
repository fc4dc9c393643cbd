/**
 * A kernel pipe between two children, made from a named one, since Node has no pipe(2) and its own "pipe" is
 * a socket pair that copies once more.
 */

import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { makeRunFolder } from './run-folder.ts';

/** Both ends, as descriptors to be handed to children and then closed. */
export function makePipe(): { read: number; write: number } {
  // The folder is ours alone, so nobody can put something else in the name's place.
  const folder = makeRunFolder();
  try {
    const name = `${folder}/pipe`;
    execFileSync('/usr/bin/mkfifo', ['-m', '600', name], { stdio: 'ignore', env: {} });
    // Opened for both at first: a FIFO's reader and writer otherwise wait for each other.
    const both = openSync(name, constants.O_RDWR);
    const read = openSync(name, constants.O_RDONLY);
    const write = openSync(name, constants.O_WRONLY);
    closeSync(both);
    return { read, write };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
