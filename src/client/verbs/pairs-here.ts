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
export function mastersHere(run: Run): Promise<Dataset[]> {
  const { settings, step } = run;
  return find(run, (own) => isMasterHere(own, settings.tag, step.hostName));
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
export function pairsHere(run: Run): Promise<Dataset[]> {
  return find(run, (own) => isOfPair(own, run.settings.tag));
}

/** Does a file system with these properties belong to a pair in service? What a child has inherited makes no pair of it. */
export function isOfPair(own: Properties, tag: Tag): boolean {
  return ownValue(own, `${tag}:dest-fs`) !== undefined && retiredSince(own, tag) === undefined;
}

async function find(
  { settings, step }: Run,
  wanted: (own: Properties, dataset: Dataset) => boolean,
): Promise<Dataset[]> {
  const { tag } = settings;
  const [retired] = retiredProperties(tag);
  const properties = [...['master', 'src-host', 'dest-fs'].map((name) => `${tag}:${name}`), retired];
  const all = await step.zfs.ask(allPropertiesArgv(step.capabilities, properties));
  return chosen(parseListing(mustSucceed(all, 'all').output), wanted);
}

function chosen(listing: Listing, wanted: (own: Properties, dataset: Dataset) => boolean): Dataset[] {
  return [...listing].flatMap(([name, own]) => {
    const dataset = parseDataset(name);
    return dataset !== undefined && wanted(own, dataset) ? [dataset] : [];
  });
}
