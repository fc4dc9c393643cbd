/**
 * Which side of a pair a file system is, by its own properties: what was set on it, or came with a stream. Pure.
 *
 * A role is only what these agree on. A source that was moved by `zfs send -R`, a restore, or a test made of a copy, has all
 * properties of a pair and is neither side of it: its name is in none of them.
 */

import type { Tag } from '../zfs/names.ts';
import { localValue, ownValue, type Properties } from '../zfs/state.ts';

export type Role = 'copy' | 'source' | 'unclear';

/** The properties that tell it, behind the tag. */
export const ROLE_PROPERTIES = ['src-fs', 'src-host', 'dest-fs', 'dest-host'] as const;

/** Which side `dataset` is, on the host that zrep calls `hostName`. Both can have one name, on hosts of two names. */
export function roleOf(own: Properties | undefined, dataset: string, tag: Tag, hostName: string): Role {
  const value = (name: string) => ownValue(own, `${tag}:${name}`);
  const [source, copy] = [value('src-fs') === dataset, value('dest-fs') === dataset];
  if (source && isCalled(value('src-host'), hostName)) return 'source';
  const isHere = isCalled(value('dest-host'), hostName);
  if (localValue(own, `${tag}:master`) === 'yes') return copy && (isHere || !source) ? 'copy' : 'source';
  // All of it came with a stream, from another host: moved there, or restored.
  if (source && !copy && !isHere) return hasLocal(own, tag) ? 'source' : 'unclear';
  return copy || source || isRenamedCopy(own, tag, hostName) ? 'copy' : 'unclear';
}

function hasLocal(own: Properties | undefined, tag: Tag): boolean {
  return ROLE_PROPERTIES.some((name) => own?.get(`${tag}:${name}`)?.source === 'local');
}

/** Renamed here: nothing of it came with a stream, and it says itself that it is the copy on this host. */
function isRenamedCopy(own: Properties | undefined, tag: Tag, hostName: string): boolean {
  const values = ROLE_PROPERTIES.map((name) => own?.get(`${tag}:${name}`));
  const local = values.every((one) => one === undefined || one.value === '-' || one.source === 'local');
  const [, srcHost, destFs, destHost] = ROLE_PROPERTIES.map((name) => ownValue(own, `${tag}:${name}`));
  // With a part missing, the doctor says which.
  if (destFs === undefined) return true;
  return local && shortOf(destHost) === shortOf(hostName) && shortOf(srcHost) !== shortOf(hostName);
}

/** What there is of them, for a person: `zrep:src-fs=tank/x (received)`. */
export function roleProperties(own: Properties | undefined, tag: Tag): string[] {
  return [...ROLE_PROPERTIES, 'master'].flatMap((name) => {
    const property = `${tag}:${name}`;
    const value = ownValue(own, property);
    return value === undefined ? [] : [`${property}=${value} (${own?.get(property)?.source})`];
  });
}

/** Without `user@` and domain: each side may write the other's name in its own way. */
function shortOf(text: string | undefined): string | undefined {
  return hostOf(text)?.replace(/\..*/, '');
}

/**
 * Does `text` name the host that zrep calls `hostName`, with an account or without? It tells which side of a pair a file system is. Whether
 * this host is the master it does not: for that TAG:src-host has to be the very name (master.ts), as for stock.
 */
export function isCalled(text: string | undefined, hostName: string): boolean {
  return text === hostName || hostOf(text) === hostName;
}

/** Without `user@`. */
function hostOf(text: string | undefined): string | undefined {
  return text?.slice(text.lastIndexOf('@') + 1);
}
