/** The file systems of this host that belong to a pair under the tag, and on which side of it they are. */

import { mustSucceed } from '../../replication/step.ts';
import { allPropertiesArgv } from '../../zfs/argv.ts';
import { type Dataset, parseDataset, type Tag } from '../../zfs/names.ts';
import {
  anyValue,
  type Listing,
  localValue,
  ownValue,
  type Properties,
  parseListing,
} from '../../zfs/state.ts';
import { retiredProperties, retiredSince } from '../copies/retirement.ts';
import type { Run } from '../run/run.ts';

/** Those that this host is the master of. */
export async function mastersHere(run: Run): Promise<Dataset[]> {
  return mastersIn(await readAll(run), run);
}

/** Those in `listing` that this host is the master of. */
export function mastersIn(listing: Listing, { settings, step }: Pick<Run, 'settings' | 'step'>): Dataset[] {
  return chosen(listing, (own) => isMasterHere(own, settings.tag, step.hostName));
}

/** Is a file system with these properties one that the host of this name is the master of? */
export function isMasterHere(own: Properties, tag: Tag, hostName: string): boolean {
  return localValue(own, `${tag}:master`) === 'yes' && anyValue(own, `${tag}:src-host`) === hostName;
}

/**
 * Those among `listing` that are the copy of another, and in service. What a child has inherited names its parent, and makes no
 * copy of it.
 */
export function copiesIn(listing: Listing, tag: Tag): Dataset[] {
  return chosen(listing, (own, dataset) => {
    if (retiredSince(own, tag) !== undefined) return false;
    return own.get(`${tag}:dest-fs`)?.value === dataset && localValue(own, `${tag}:master`) !== 'yes';
  });
}

/** All of them. */
export async function pairsHere(run: Run): Promise<Dataset[]> {
  return chosen(await readAll(run), (own) => isOfPair(own, run.settings.tag));
}

/** Does a file system with these properties belong to a pair in service? What a child has inherited makes no pair of it. */
export function isOfPair(own: Properties, tag: Tag): boolean {
  return ownValue(own, `${tag}:dest-fs`) !== undefined && retiredSince(own, tag) === undefined;
}

/** Every file system here, with what these are told by, and `more` properties of it. */
export async function readAll({ settings, step }: Run, more: readonly string[] = []): Promise<Listing> {
  const { tag } = settings;
  const [retired] = retiredProperties(tag);
  const properties = [...['master', 'src-host', 'dest-fs'].map((name) => `${tag}:${name}`), retired];
  const argv = allPropertiesArgv(step.capabilities, [...new Set([...properties, ...more])]);
  return parseListing(mustSucceed(await step.zfs.ask(argv), 'all').output);
}

function chosen(listing: Listing, wanted: (own: Properties, dataset: Dataset) => boolean): Dataset[] {
  return [...listing].flatMap(([name, own]) => {
    const dataset = parseDataset(name);
    return dataset !== undefined && wanted(own, dataset) ? [dataset] : [];
  });
}
