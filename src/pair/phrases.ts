/** Phrases and lines in what is told of an obstacle. Pure. */

import { inShell, printable } from '../printable.ts';
import type { Base } from './common.ts';
import type { Snapshot } from './side.ts';

/** Of a list in a sentence, and of its lines: the others are told of when these are mended. */
export const SHOWN = 5;

export function nameOf({ ofCopy }: Base): string {
  return printable(ofCopy.name);
}

export function count(snapshots: readonly Snapshot[]): string {
  return snapshots.length === 1 ? 'a snapshot' : `${snapshots.length} snapshots`;
}

export function list(snapshots: readonly Snapshot[]): string {
  const names = snapshots.slice(0, SHOWN).map(({ name }) => `@${printable(name)}`);
  const more = snapshots.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Most file systems have the key of one above them, and zfs load-key takes that one alone. */
export function loadingKey(dataset: string): string {
  return `zfs load-key -r $(zfs get -H -o value encryptionroot ${dataset})`;
}

/** One call a property: an old zfs takes no more. */
export function setting(dataset: string, settings: readonly string[]): string {
  const [only = '', ...more] = settings;
  if (more.length === 0) return `zfs set ${inShell(only)} ${dataset}`;
  return `for p in ${settings.map(inShell).join(' ')}; do zfs set $p ${dataset}; done`;
}

export function renaming(copy: string, name: string): string {
  const [from, to] = [name, `${name}_old`].map((one) => inShell(printable(`${copy}@${one}`)));
  return `zfs rename ${from} ${to}`;
}
