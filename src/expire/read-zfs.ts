/** Reads from ZFS what is to be decided over: which file systems there are, and the snapshots of one. */

import { mustSucceed, type Step } from '../replication/step.ts';
import { fileSystemsArgv, readStateArgv } from '../zfs/argv.ts';
import { anyValue, localValue, parseListing } from '../zfs/state.ts';
import { type Base, neededProperties, otherTags, pairRoot, type Reading, snapshotsIn } from './from-zfs.ts';
import type { Facts, LiveRun } from './live-run.ts';
import { scheduleFor } from './sections.ts';

/** Every file system of this machine, sorted as the original does. */
export async function fileSystems({ zfs }: Step): Promise<string[]> {
  const { output } = mustSucceed(await zfs.ask(fileSystemsArgv()), 'all');
  return output
    .split('\n')
    .filter((name) => name !== '')
    .sort();
}

/** Those that a section of the configuration is for, and what one names in full: of these a volume can be, too. */
export async function namedIn({ step, configuration }: LiveRun): Promise<string[]> {
  const names = configuration.sections.flatMap(({ patterns }) => patterns);
  if (names.length === 0) return [];
  const there = await fileSystems(step);
  const matched = there.filter((name) => scheduleFor(configuration, name)?.pattern !== undefined);
  return [...new Set([...matched, ...names.filter((name) => !name.includes('*'))])].sort();
}

/** @throws ZfsFailed where there is no such dataset. */
export async function readFacts({ step, configuration, question }: LiveRun, dataset: string): Promise<Facts> {
  // Where any snapshot may go, those of other tags must be known by their marks, too.
  const { reading, snapshots } = await readSnapshots(step, dataset, question.tags, {
    otherTags: question.zrepIgnore ?? false,
  });
  const found = scheduleFor(configuration, dataset);
  return { reading, schedule: found?.schedule, pattern: found?.pattern, snapshots };
}

/**
 * The snapshots of `dataset` with what guards them under `tags`, and with `otherTags` under all that their names tell; `more`
 * are further properties to read.
 *
 * @throws ZfsFailed where there is no such dataset.
 */
export async function readSnapshots(
  step: Step,
  dataset: string,
  tags: readonly string[],
  { otherTags: others, more = [] }: { readonly otherTags: boolean; readonly more?: readonly string[] },
): Promise<Pick<Facts, 'reading' | 'snapshots'>> {
  let reading = await read(step, dataset, tags, more);
  const found = others ? otherTags(reading) : [];
  if (found.length > 0) reading = await read(step, dataset, [...tags, ...found], more);
  return { reading, snapshots: snapshotsIn(reading, await basesAbove(step, reading)) };
}

async function read(
  { zfs, capabilities }: Step,
  dataset: string,
  tags: readonly string[],
  more: readonly string[],
): Promise<Reading> {
  const properties = [...neededProperties(capabilities, tags), ...more];
  const { output } = mustSucceed(await zfs.ask(readStateArgv(dataset, properties, 1)), dataset);
  return { dataset, tags, listing: parseListing(output) };
}

/** The names from which recursive refreshes of file systems above go on: children have those without a mark. */
async function basesAbove(step: Step, reading: Reading): Promise<Base[]> {
  const bases: Base[] = [];
  for (const tag of reading.tags) {
    const root = pairRoot(reading, tag);
    if (root === reading.dataset) continue;
    const argv = readStateArgv(root, ['createtxg', `${tag}:sent`], 1);
    const { output } = mustSucceed(await step.zfs.ask(argv), root);
    let newest = { name: '', createtxg: -1 };
    for (const [full, properties] of parseListing(output)) {
      if (!full.startsWith(`${root}@`) || localValue(properties, `${tag}:sent`) === undefined) continue;
      const createtxg = Number(anyValue(properties, 'createtxg'));
      if (createtxg > newest.createtxg) newest = { name: full.slice(root.length + 1), createtxg };
    }
    if (newest.createtxg >= 0) bases.push({ dataset: root, tag, name: newest.name });
  }
  return bases;
}
