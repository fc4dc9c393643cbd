/** Set-ups that were begun and not completed: remembered before the other side is asked to change anything. */

import type { Dataset } from '../../zfs/names.ts';
import type { Run } from '../run/run.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import { BEGUN, type CopyRecord, isBegun, withBegun } from './copy-record.ts';
import { changeRecordFile, readRecordFile } from './record-file.ts';

interface Remembered {
  /** Forgets it again, where it was not remembered before. */
  forget(): Promise<void>;
  /** Where earlier commands wanted the copy, which this one redirects. */
  readonly redirected: readonly Dataset[];
}

/** Remembers it, in the place of an earlier one of the same source; `isAnew` also in that of the old copy. */
export async function rememberBegun(
  { settings, report }: Run,
  { host, source, destination }: Pick<InitPullCommand, 'host' | 'source' | 'destination'>,
  isAnew = false,
): Promise<Remembered> {
  const { tag, recursive } = settings;
  const [alone, below] = isAnew ? [BEGUN.anew, BEGUN.anewRecursive] : [BEGUN.alone, BEGUN.recursive];
  const record: CopyRecord = {
    ...{ tag, dataset: destination, guid: recursive ? below : alone },
    ...{ source: `${host}:${source}`, refreshed: Math.floor(Date.now() / 1000), failing: undefined },
  };
  const before = readRecordFile(settings).records.copies;
  const problem = await changeRecordFile(settings, (copies) => withBegun(copies, record));
  if (problem !== undefined)
    report.warn(
      `WARNING: that this set-up was begun is not remembered, so nobody misses it later: ${problem}`,
    );
  const isIt = (one: CopyRecord) => isBegun(one) && one.tag === tag && one.source === record.source;
  // Among them, where it is begun anew, the record of the old copy.
  const kept = withBegun(before, record);
  const earlier = before.filter((one) => !kept.includes(one));
  return {
    redirected: earlier.map(({ dataset }) => dataset).filter((dataset) => dataset !== destination),
    forget: async () => {
      await changeRecordFile(settings, (copies) => [...copies.filter((one) => !isIt(one)), ...earlier]);
    },
  };
}

/** Nobody is to miss that set-up from now on; a copy of its name, and one of another source, are remembered all the same. */
export async function forgetBegun(
  { settings, report }: Run,
  { host, source, destination }: Pick<InitPullCommand, 'host' | 'source' | 'destination'>,
): Promise<void> {
  const { tag } = settings;
  const isIt = (one: CopyRecord) =>
    isBegun(one) && one.tag === tag && one.dataset === destination && one.source === `${host}:${source}`;
  if (!readRecordFile(settings).records.copies.some(isIt)) return;
  const problem = await changeRecordFile(settings, (copies) => copies.filter((one) => !isIt(one)));
  if (problem !== undefined)
    report.warn(`WARNING: the set-up of ${destination} is still remembered, and will be missed: ${problem}`);
}
