/** The file systems of this host that belong to a pair under the tag, and on which side of it they are. */

import { mustSucceed } from '../../replication/step.ts';
import { allPropertiesArgv } from '../../zfs/argv.ts';
import { type Dataset, parseDataset } from '../../zfs/names.ts';
import { anyValue, localValue, type Properties, parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';

/** Those that this host is the master of. */
export function mastersHere(run: Run): Promise<Dataset[]> {
  const { settings, step } = run;
  const { tag } = settings;
  return find(run, (own) => {
    const marked = localValue(own, `${tag}:master`) === 'yes';
    return marked && anyValue(own, `${tag}:src-host`) === step.hostName;
  });
}

/** Those that are the copy of another. What a child has inherited names its parent, and makes no copy of it. */
export function copiesHere(run: Run): Promise<Dataset[]> {
  const { tag } = run.settings;
  return find(run, (own, dataset) => {
    return own.get(`${tag}:dest-fs`)?.value === dataset && localValue(own, `${tag}:master`) !== 'yes';
  });
}

/** All of them. What a child has inherited makes no pair of it. */
export function pairsHere(run: Run): Promise<Dataset[]> {
  const property = `${run.settings.tag}:dest-fs`;
  return find(run, (own) => ['local', 'received'].includes(own.get(property)?.source ?? ''));
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
