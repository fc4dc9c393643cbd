/**
 * A copy that was refreshed on this host, as it is remembered, and the file of such records: a line each. Pure.
 *
 * A refresh needs none of it. It tells which copies are missing: what is not there cannot say so itself.
 */

import { type Dataset, parseDataset, parseTag, type Tag } from '../../zfs/names.ts';
import { parseSource } from '../words/source.ts';

export interface CopyRecord {
  readonly tag: Tag;
  readonly dataset: Dataset;
  /** ZFS's own number of the file system, which stays when it, or its pool, is renamed; one of BEGUN where there is none yet. */
  readonly guid: string;
  /** `HOST:FS`. */
  readonly source: string;
  /** When the last refresh of it ended well, or its set-up was begun. Epoch seconds; NEVER where no good one is remembered. */
  readonly refreshed: number;
  /** Where refreshes have failed since. */
  readonly failing: Failing | undefined;
}

/** What keeps the refreshes of a copy from succeeding. */
export interface Failing {
  /** When the first of them failed, epoch seconds. */
  readonly since: number;
  /** What the last one said, in one printable line. */
  readonly why: string;
}

/** In the place of a time: no refresh of it has ended well here, as far as is remembered. */
export const NEVER = 0;

/** In the place of a GUID: the set-up was begun, and not completed; behind the dash what it was called with. */
export const BEGUN = { alone: '-', recursive: '-R', anew: '-A', anewRecursive: '-AR' } as const;

/** Whether it is a pair that had begun before, whose old copy is gone or steps aside. */
export function isAnew({ guid }: Pick<CopyRecord, 'guid'>): boolean {
  return guid === BEGUN.anew || guid === BEGUN.anewRecursive;
}

export function isBegun({ guid }: Pick<CopyRecord, 'guid'>): boolean {
  return Object.values<string>(BEGUN).includes(guid);
}

/** What a file of records holds. */
export interface Records {
  readonly copies: readonly CopyRecord[];
  /** Lines that are no records, as they stand. */
  readonly broken: readonly { readonly line: number; readonly text: string }[];
}

const HEAD =
  '# What zrep has refreshed on this host: TAG COPY GUID SOURCE TIME. By this it misses a copy. GUID - is a set-up that was begun (A: anew, R: with -R); SINCE WHY behind it: refreshes fail.';

/** The records in `text`; of two on one copy, the one of the later refresh. */
export function parseRecords(text: string): Records {
  const copies = new Map<string, CopyRecord>();
  const broken: { line: number; text: string }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const record = parseRecord(line);
    if (record === undefined) {
      broken.push({ line: index + 1, text: line });
      continue;
    }
    const before = copies.get(keyOf(record));
    if (before === undefined || before.refreshed <= record.refreshed) copies.set(keyOf(record), record);
  }
  return { copies: [...copies.values()], broken };
}

function parseRecord(line: string): CopyRecord | undefined {
  const [tagText = '', datasetText = '', guid = '', source = '', refreshed = '', ...more] = line.split(' ');
  const [tag, dataset] = [parseTag(tagText), parseDataset(datasetText)];
  if (tag === undefined || dataset === undefined) return undefined;
  if (!/^(?:\d{1,20}|-A?R?)$/.test(guid) || !/^\d{1,12}$/.test(refreshed)) return undefined;
  if (parseSource(source, '') === undefined) return undefined;
  const failing = failingFrom(more);
  if (failing === undefined && more.length > 0) return undefined;
  return { tag, dataset, guid, source, refreshed: Number(refreshed), failing };
}

function failingFrom([since = '', ...words]: readonly string[]): Failing | undefined {
  const why = words.join(' ');
  return /^\d{1,12}$/.test(since) && /^[\x20-\x7e]+$/.test(why) ? { since: Number(since), why } : undefined;
}

/** The file's text. What is no record stays as it was: it is somebody else's to judge. */
export function formatRecords({ copies, broken }: Records): string {
  const lines = copies.map(({ tag, dataset, guid, source, refreshed, failing }) =>
    [tag, dataset, guid, source, refreshed, ...(failing ? [failing.since, failing.why] : [])].join(' '),
  );
  return `${[HEAD, ...lines.sort(), ...broken.map(({ text }) => text)].join('\n')}\n`;
}

/** With `news` in the place of what was known of these copies, by name and by GUID: a renamed copy is one copy. */
export function withRecords(copies: readonly CopyRecord[], news: readonly CopyRecord[]): CopyRecord[] {
  const names = new Set(news.map(keyOf));
  const guids = new Set(news.map(({ tag, guid }) => `${tag} ${guid}`));
  const others = copies.filter((one) => !names.has(keyOf(one)) && !guids.has(`${one.tag} ${one.guid}`));
  return [...others, ...news];
}

/** With these, of which a refresh has just failed: since the first failure behind the last good one. */
export function withFailed(copies: readonly CopyRecord[], failed: readonly CopyRecord[]): CopyRecord[] {
  const news = failed.map((one) => {
    const before = copies.find((other) => keyOf(other) === keyOf(one) && other.guid === one.guid);
    const since = before?.failing?.since ?? one.failing?.since;
    const failing = one.failing && since !== undefined ? { ...one.failing, since } : undefined;
    return { ...one, refreshed: before?.refreshed ?? NEVER, failing };
  });
  return withRecords(copies, news);
}

/** With a set-up that was begun: in the place of another one of the same source, which it redirects, but of a copy only if that is begun anew. */
export function withBegun(copies: readonly CopyRecord[], begun: CopyRecord): CopyRecord[] {
  const others = copies.filter(
    (one) => !isBegun(one) || one.tag !== begun.tag || one.source !== begun.source,
  );
  const isIt = (one: CopyRecord) => keyOf(one) === keyOf(begun);
  if (isAnew(begun)) return [...others.filter((one) => !isIt(one)), begun];
  return others.some(isIt) ? others : [...others, begun];
}

/** Without what is known of `dataset` under `tag`. */
export function withoutRecord(copies: readonly CopyRecord[], tag: Tag, dataset: string): CopyRecord[] {
  return copies.filter((one) => one.tag !== tag || one.dataset !== dataset);
}

function keyOf({ tag, dataset }: Pick<CopyRecord, 'tag' | 'dataset'>): string {
  return `${tag} ${dataset}`;
}
