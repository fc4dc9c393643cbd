/**
 * File systems that were set up here as a side of a pair, and that `zrep refresh all` does not take for copies. What came with a
 * stream is a test or a restore, and nobody is to refresh it. Pure.
 */

import { ROLE_PROPERTIES, roleOf } from '../../replication/role.ts';
import { parseDataset, type Tag } from '../../zfs/names.ts';
import { type Listing, localValue, ownValue, type Properties } from '../../zfs/state.ts';
import { zrepFor } from '../words/again.ts';
import { retiredSince } from './retirement.ts';

export interface LeftOut {
  /** As zfs calls it; zrep may not take that for a name. */
  readonly dataset: string;
  /** A clause without a subject. */
  readonly why: string;
}

/** Those in `listing`, of all file systems here, that are not among `told`: the copies, and what is missing by its name of now. */
export function leftOut(listing: Listing, tag: Tag, hostName: string, told: ReadonlySet<string>): LeftOut[] {
  return [...listing].flatMap(([dataset, own]) => {
    if (dataset.includes('@') || told.has(dataset) || !isSetHere(own, tag)) return [];
    if (retiredSince(own, tag) !== undefined) return [];
    if (roleOf(own, dataset, tag, hostName) === 'source') return [];
    return [{ dataset, why: whyLeftOut(listing, dataset, own, tag) }];
  });
}

function isSetHere(own: Properties, tag: Tag): boolean {
  return ROLE_PROPERTIES.some((name) => localValue(own, `${tag}:${name}`) !== undefined);
}

function whyLeftOut(listing: Listing, dataset: string, own: Properties, tag: Tag): string {
  const called = ownValue(own, `${tag}:dest-fs`);
  if (parseDataset(dataset) === undefined)
    return 'zrep cannot use its name: blanks, for example, are no part of one';
  if (called === undefined) return `${tag}:dest-fs is not set on it`;
  if (localValue(own, `${tag}:master`) === 'yes')
    return `it is marked as the master, and the copy by its other properties: ${zrepFor(tag)} doctor ${dataset} says what to do`;
  if (called === dataset) return 'its properties do not say that it is a copy';
  return `${tag}:dest-fs says that it is ${called}${listing.has(called) ? ', which is another file system here' : ''}`;
}
