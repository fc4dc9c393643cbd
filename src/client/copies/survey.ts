/** What there is of copies on this host, and what is missing of those that were refreshed here. */

import { inOneLine } from '../../printable.ts';
import { mustSucceed } from '../../replication/step.ts';
import { allPropertiesArgv, readPropertiesArgv } from '../../zfs/argv.ts';
import { type Dataset, parseDataset } from '../../zfs/names.ts';
import { anyValue, type Listing, parseListing } from '../../zfs/state.ts';
import type { Failed } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { parseSource } from '../words/source.ts';
import {
  type CopyRecord,
  type Failing,
  NEVER,
  withFailed,
  withoutRecord,
  withRecords,
} from './copy-record.ts';
import { findMissing, type MissingCopy, surveyedProperties } from './find-missing.ts';
import { changeRecordFile, type ReadRecords, readRecordFile, sayProblem } from './record-file.ts';

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

/** The copies under the tag that are missing, by a listing of all file systems, and by what was read of the record file. */
export function missingCopies(
  { settings }: Pick<Run, 'settings'>,
  listing: Listing,
  { records, problem }: ReadRecords = readRecordFile(settings),
): Missed {
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
  read: ReadRecords = readRecordFile(run.settings),
): Promise<readonly MissingCopy[]> {
  const { settings } = run;
  const { copies } = read.records;
  const known = copies.filter(({ tag, dataset }) => tag === settings.tag && datasets.includes(dataset));
  if (known.length === 0 || findMissing(listing, known, settings.tag, settings.hostName).length === 0)
    return [];
  const { missing } = missingCopies(run, await surveyAll(run), read);
  return missing.filter(({ dataset }) => datasets.includes(dataset));
}

/** Of a file, a line each has room for this, and the longest line to copy for it. Characters. */
const LONGEST = 4000;

/** What keeps copies under the tag from being refreshed, by their names, as far as it is remembered of what `listing` has. */
export function failingCopies(
  { settings }: Pick<Run, 'settings'>,
  listing: Listing,
  { records }: ReadRecords,
): ReadonlyMap<string, Failing> {
  return new Map(
    records.copies.flatMap(({ tag, dataset, guid, failing }) => {
      const isIt = tag === settings.tag && anyValue(listing.get(dataset), 'guid') === guid;
      return isIt && failing !== undefined ? [[dataset, failing] as const] : [];
    }),
  );
}

/**
 * Remembers these copies, which were refreshed at these times (epoch seconds), and of others why they were not; `listing` has what
 * they are.
 */
export async function remember(
  { settings, report }: Run,
  listing: Listing,
  refreshed: ReadonlyMap<Dataset, number>,
  failed: readonly Failed[] = [],
): Promise<void> {
  const { tag } = settings;
  const recordOf = (dataset: string, time: number, failing: Failing | undefined): CopyRecord[] => {
    const name = parseDataset(dataset);
    const own = listing.get(dataset);
    const guid = anyValue(own, 'guid');
    const source = `${anyValue(own, `${tag}:src-host`)}:${anyValue(own, `${tag}:src-fs`)}`;
    if (name === undefined || guid === undefined || parseSource(source, '') === undefined) return [];
    return [{ tag, dataset: name, guid, source, refreshed: time, failing }];
  };
  const news = [...refreshed].flatMap(([dataset, time]) => recordOf(dataset, time, undefined));
  const since = Math.floor(Date.now() / 1000);
  const failures = failed.flatMap(({ dataset, why }) =>
    recordOf(dataset, NEVER, { since, why: inOneLine(why).slice(0, LONGEST) || 'it does not say why' }),
  );
  if (news.length + failures.length === 0) return;
  const problem = await changeRecordFile(settings, (copies) =>
    withFailed(withRecords(copies, news), failures),
  );
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
