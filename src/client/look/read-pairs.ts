/** The file systems of pairs on this host, read by two calls of zfs however many there are. */

import { succeeded } from '../../process/pipeline.ts';
import { mustSucceed, type Step } from '../../replication/step.ts';
import { allPropertiesArgv, readPropertiesArgv, readSnapshotsArgvs } from '../../zfs/argv.ts';
import { type Listing, type Properties, parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';
import { type PairView, pairView, viewedProperties, viewedSnapshotProperties } from './pair-view.ts';

/** What zfs says of these file systems, or of all; of those that are not there, nothing. */
export async function readOwn(
  { step }: Run,
  datasets: readonly string[] | 'all',
  properties: readonly string[],
): Promise<Listing> {
  if (datasets === 'all') {
    const all = await step.zfs.ask(allPropertiesArgv(step.capabilities, properties));
    return fileSystems(parseListing(mustSucceed(all, 'all').output));
  }
  return datasets.length === 0 ? new Map() : askOf(step, datasets, readPropertiesArgv(datasets, properties));
}

/** What zfs says of those that are there: of the others it only complains. */
async function askOf({ zfs }: Step, datasets: readonly string[], argv: readonly string[]): Promise<Listing> {
  const ended = await zfs.ask(argv);
  if (!succeeded(ended) && !ended.message.includes('dataset does not exist'))
    mustSucceed(ended, datasets.join(' '));
  return parseListing(ended.output);
}

/** Where zfs cannot be asked for them alone, snapshots come with them. */
function fileSystems(listing: Listing): Listing {
  return new Map([...listing].filter(([name]) => !name.includes('@')));
}

/** The views of those among `datasets`, or of all there are, that are `wanted`: in zfs's order, or in that of the names. */
export async function readPairs(
  run: Run,
  datasets: readonly string[] | 'all',
  wanted: (own: Properties, dataset: string) => boolean,
): Promise<PairView[]> {
  const own = await readOwn(run, datasets, viewedProperties(run.step.capabilities, run.settings.tag));
  const names = [...(datasets === 'all' ? own.keys() : datasets)].filter((name) => {
    const properties = own.get(name);
    return properties !== undefined && wanted(properties, name);
  });
  return viewsOf(run, own, names);
}

/** The views of `names`, of which `own` has the properties. */
export async function viewsOf(run: Run, own: Listing, names: readonly string[]): Promise<PairView[]> {
  const { settings, step } = run;
  const { tag } = settings;
  if (names.length === 0) return [];
  const below = new Map<string, Listing>();
  for (const argv of readSnapshotsArgvs(step.capabilities, names, viewedSnapshotProperties(tag)))
    for (const [name, own] of snapshotsByDataset(await askOf(step, names, argv))) below.set(name, own);
  return names.map((name) =>
    pairView(name, own.get(name), below.get(name) ?? new Map(), tag, settings.hostName),
  );
}

/** Each dataset's own, so that no view has to look through those of all. */
function snapshotsByDataset(listing: Listing): ReadonlyMap<string, Listing> {
  const found = new Map<string, Map<string, Properties>>();
  for (const [name, properties] of listing) {
    const at = name.indexOf('@');
    if (at < 0) continue;
    const dataset = name.slice(0, at);
    const own = found.get(dataset) ?? new Map<string, Properties>();
    own.set(name, properties);
    found.set(dataset, own);
  }
  return found;
}
