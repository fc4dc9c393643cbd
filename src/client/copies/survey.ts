/** What there is of copies on this host, and what is missing of those that were refreshed here. */

import { mustSucceed } from '../../replication/step.ts';
import { allPropertiesArgv, readPropertiesArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { anyValue, type Listing, parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';
import { parseSource } from '../words/source.ts';
import { type CopyRecord, withoutRecord, withRecords } from './copy-record.ts';
import { findMissing, type MissingCopy, surveyedProperties } from './find-missing.ts';
import { changeRecordFile, readRecordFile, sayProblem } from './record-file.ts';

/** Every file system here, with what copies are told by. */
export async function surveyAll({ settings, step }: Run): Promise<Listing> {
  const all = await step.zfs.ask(allPropertiesArgv(step.capabilities, surveyedProperties(settings.tag)));
  return parseListing(mustSucceed(all, 'all').output);
}

/** The same of these alone; those that are not there are not in it. */
export async function surveySome({ settings, step }: Run, datasets: readonly Dataset[]): Promise<Listing> {
  const read = await step.zfs.ask(readPropertiesArgv(datasets, surveyedProperties(settings.tag)));
  return parseListing(read.output);
}

export interface Missed {
  readonly missing: readonly MissingCopy[];
  /** Why nobody can tell whether that is all of them; undefined where it is. */
  readonly problem: string | undefined;
}

/** The copies under the tag that are missing, by a listing of all file systems. */
export function missingCopies({ settings }: Pick<Run, 'settings'>, listing: Listing): Missed {
  const { records, problem } = readRecordFile(settings);
  return {
    missing: findMissing(listing, records.copies, settings.tag, settings.hostName),
    problem: problem && `copies that are missing may not be known: ${sayProblem(problem)}`,
  };
}

/** Which of `datasets`, that `listing` of them does not have as copies in service, are missing. Asks zfs only where one is known. */
export async function missingAmong(
  run: Run,
  datasets: readonly string[],
  listing: Listing,
): Promise<readonly MissingCopy[]> {
  const { settings } = run;
  const { copies } = readRecordFile(settings).records;
  const known = copies.filter(({ tag, dataset }) => tag === settings.tag && datasets.includes(dataset));
  if (known.length === 0 || findMissing(listing, known, settings.tag, settings.hostName).length === 0)
    return [];
  const { missing } = missingCopies(run, await surveyAll(run));
  return missing.filter(({ dataset }) => datasets.includes(dataset));
}

/** Remembers these copies, which were refreshed at these times (epoch seconds); `listing` has what they are. */
export async function remember(
  { settings, report }: Run,
  listing: Listing,
  refreshed: ReadonlyMap<Dataset, number>,
): Promise<void> {
  const { tag } = settings;
  const news = [...refreshed].flatMap(([dataset, time]): CopyRecord[] => {
    const own = listing.get(dataset);
    const guid = anyValue(own, 'guid');
    const source = `${anyValue(own, `${tag}:src-host`)}:${anyValue(own, `${tag}:src-fs`)}`;
    if (guid === undefined || parseSource(source, '') === undefined) return [];
    return [{ tag, dataset, guid, source, refreshed: time }];
  });
  if (news.length === 0) return;
  const problem = await changeRecordFile(settings, (copies) => withRecords(copies, news));
  if (problem !== undefined)
    report.warn(`WARNING: what was refreshed is not remembered, so nobody misses it later: ${problem}`);
}

/** Nobody is to miss it from now on. */
export async function forget({ settings, report }: Run, dataset: string): Promise<void> {
  const { tag } = settings;
  const { copies } = readRecordFile(settings).records;
  if (!copies.some((one) => one.tag === tag && one.dataset === dataset)) return;
  const problem = await changeRecordFile(settings, (now) => withoutRecord(now, tag, dataset));
  if (problem !== undefined)
    report.warn(`WARNING: ${dataset} is still remembered as a copy, and will be missed: ${problem}`);
}
