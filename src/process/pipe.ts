/**
 * A kernel pipe between two children, made from a named one, since Node has no pipe(2) and its own "pipe" is
 * a socket pair that copies once more.
 */

import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { makeRunFolder } from './run-folder.ts';

export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/** Made and not asked for yet: to start mkfifo takes longer than all else, and a refresh needs as many as this makes at once. */
const spare: Pipe[] = [];
const AT_ONCE = 3;

/** Both ends, as descriptors to be handed to children and then closed. */
export function makePipe(): Pipe {
  if (spare.length === 0) spare.push(...makePipes(AT_ONCE));
  return spare.pop() as Pipe;
}

function makePipes(count: number): Pipe[] {
  // The folder is ours alone, so nobody can put something else in a name's place.
  const folder = makeRunFolder();
  try {
    const names = Array.from({ length: count }, (_, index) => `${folder}/${index}`);
    execFileSync('/usr/bin/mkfifo', ['-m', '600', ...names], { stdio: 'ignore', env: {} });
    return names.map(openPipe);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function openPipe(name: string): Pipe {
  // Opened for both at first: a FIFO's reader and writer otherwise wait for each other.
  const both = openSync(name, constants.O_RDWR);
  const read = openSync(name, constants.O_RDONLY);
  const write = openSync(name, constants.O_WRONLY);
  closeSync(both);
  return { read, write };
}
