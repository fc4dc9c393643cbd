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
  let reading = await read(step, dataset, question.tags);
  // Where any snapshot may go, those of other tags must be known by their marks, too.
  const others = question.zrepIgnore ? otherTags(reading) : [];
  if (others.length > 0) reading = await read(step, dataset, [...question.tags, ...others]);
  const found = scheduleFor(configuration, dataset);
  return {
    reading,
    schedule: found?.schedule,
    pattern: found?.pattern,
    snapshots: snapshotsIn(reading, await basesAbove(step, reading)),
  };
}

async function read({ zfs, capabilities }: Step, dataset: string, tags: readonly string[]): Promise<Reading> {
  const properties = neededProperties(capabilities, tags);
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
