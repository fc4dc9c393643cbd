/** The file systems of this host that belong to a pair under the tag, and on which side of it they are. */

import { mustSucceed } from '../../replication/step.ts';
import { allPropertiesArgv } from '../../zfs/argv.ts';
import { type Dataset, parseDataset, type Tag } from '../../zfs/names.ts';
import { anyValue, localValue, type Properties, parseListing } from '../../zfs/state.ts';
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

/** Those that are the copy of another. What a child has inherited names its parent, and makes no copy of it. */
export function copiesHere(run: Run): Promise<Dataset[]> {
  const { tag } = run.settings;
  return find(run, (own, dataset) => {
    return own.get(`${tag}:dest-fs`)?.value === dataset && localValue(own, `${tag}:master`) !== 'yes';
  });
}

/** All of them. */
export function pairsHere(run: Run): Promise<Dataset[]> {
  return find(run, (own) => isOfPair(own, run.settings.tag));
}

/** Does a file system with these properties belong to a pair? What a child has inherited makes no pair of it. */
export function isOfPair(own: Properties, tag: Tag): boolean {
  return ['local', 'received'].includes(own.get(`${tag}:dest-fs`)?.source ?? '');
}

async function find(
  { settings, step }: Run,
  wanted: (own: Properties, dataset: Dataset) => boolean,
): Promise<Dataset[]> {
  const properties = ['master', 'src-host', 'dest-fs'].map((name) => `${settings.tag}:${name}`);
  const all = await step.zfs.ask(allPropertiesArgv(step.capabilities, properties));
  return [...parseListing(mustSucceed(all, 'all').output)].flatMap(([name, own]) => {
    const dataset = parseDataset(name);
    return dataset !== undefined && wanted(own, dataset) ? [dataset] : [];
  });
}
