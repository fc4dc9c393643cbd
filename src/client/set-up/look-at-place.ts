/** Looks at the place of a new copy on this host: what zfs, zpool, and the file tree say of it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { succeeded } from '../../process/pipeline.ts';
import { mustSucceed } from '../../replication/step.ts';
import { fileSystemsArgv, readPropertiesArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { createZfs } from '../../zfs/run.ts';
import { parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';
import { above, mountPathOf, PLACE_PROPERTIES, type Place } from './place.ts';

/** Everything that `judgePlace` looks at. */
export async function lookAtPlace({ step }: Run, dataset: Dataset): Promise<Place> {
  const key = step.capabilities.has('encryption') ? ['keystatus', 'encryptionroot'] : [];
  const wanted = [...above(dataset), dataset];
  // zfs prints those that are there, and fails for the others.
  const read = await step.zfs.ask(readPropertiesArgv(wanted, [...PLACE_PROPERTIES, ...key]));
  if (!succeeded(read) && !read.message.includes('does not exist')) mustSucceed(read, dataset);
  const listing = parseListing(read.output);
  const isThere = wanted.every((name) => listing.has(name) || (name === dataset && name.includes('/')));
  const path = listing.has(dataset) ? undefined : mountPathOf(listing, dataset);
  const what = path === undefined ? undefined : whatIsAt(path);
  return {
    dataset,
    listing,
    names: isThere ? [] : (await step.zfs.ask(fileSystemsArgv())).output.split('\n').filter((name) => name),
    isPoolReadonly: isThere && (await isReadonly(step, dataset)),
    hides: path === undefined || what === undefined ? undefined : { path, what },
  };
}

/** Only zpool knows; where it does not answer, zfs receive will. */
async function isReadonly({ zfs, interruption }: Run['step'], dataset: string): Promise<boolean> {
  const binary = zfs.binary.replace(/zfs$/, 'zpool');
  if (binary === zfs.binary || !existsSync(binary)) return false;
  const [pool = ''] = dataset.split('/');
  const argv = ['get', '-H', '-o', 'value', 'readonly', pool];
  const { output } = await createZfs(binary, interruption).ask(argv);
  return output.trim() === 'on';
}

/** What a mount on `path` would hide; undefined where that is nothing, or cannot be known. */
function whatIsAt(path: string): string | undefined {
  try {
    if (isMountPoint(path)) return 'where another file system is mounted';
    return readdirSync(path).length > 0 ? 'which is not empty' : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'which is a file' : undefined;
  }
}

/** proc(5), mountinfo: the fifth word, with blanks as \040. */
function isMountPoint(path: string): boolean {
  const mounted = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return mounted.some((line) => line.split(' ')[4] === path.replaceAll(' ', '\\040'));
}
