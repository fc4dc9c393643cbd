/**
 * Which copies are missing: those that were refreshed here and are no copies here now, and those that have another name than
 * they say themselves. Pure.
 */

import { type Dataset, isBelow, parseDataset, type Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue, ownValue, type Properties } from '../../zfs/state.ts';
import { BEGUN, type CopyRecord, isAnew, isBegun, NEVER } from './copy-record.ts';
import { retiredProperties, retiredSince } from './retirement.ts';

export type MissingCopy = {
  /** The name that it is missed by. */
  readonly dataset: Dataset;
  /** `HOST:FS`, as far as that is known. */
  readonly source: string | undefined;
  /** When it was last refreshed, epoch seconds; undefined where that is not remembered. */
  readonly refreshed: number | undefined;
} & (
  | /** Its set-up was begun at that time, epoch seconds, and not completed. */ {
      readonly why: 'begun';
      readonly begun: number;
      /** By zrep -R. */
      readonly recursive: boolean;
      /** By `--anew`. */
      readonly anew: boolean;
    }
  | /** No file system of its pool is here. */ { readonly why: 'no-pool' }
  /** Its pool is here, and it is not. */
  | { readonly why: 'destroyed' }
  /** Another file system has its name, and is no copy. */
  | { readonly why: 'replaced' }
  /** It is here, maybe under another name, and has no properties of a pair. */
  | { readonly why: 'no-role'; readonly now: Dataset }
  /** It is here under another name, and calls itself by the one before. */
  | { readonly why: 'renamed'; readonly now: Dataset }
);

/** What `findMissing` has to know of every file system here. */
export function surveyedProperties(tag: Tag): string[] {
  const names = ['master', 'src-fs', 'src-host', 'dest-fs', 'dest-host'];
  return ['guid', ...names.map((name) => `${tag}:${name}`), ...retiredProperties(tag)];
}

/** The missing copies under `tag`, by what zfs says of all file systems of this host, and by what is remembered. */
export function findMissing(
  listing: Listing,
  copies: readonly CopyRecord[],
  tag: Tag,
  hostName: string,
): MissingCopy[] {
  const here = new Map([...listing].filter(([name]) => !name.includes('@')));
  // What was never refreshed here is not missed.
  const known = copies.filter(({ tag: own, refreshed }) => own === tag && refreshed !== NEVER);
  const missed = known.flatMap((record) => missing(record, here) ?? []);
  const found = new Set(missed.map((one) => ('now' in one ? one.now : undefined)));
  const renamed = [...here].flatMap(([name, own]) => {
    const dataset = parseDataset(name);
    if (dataset === undefined || found.has(dataset)) return [];
    return saysOtherName(dataset, own, here, known, hostName, tag) ?? [];
  });
  return [...missed, ...renamed].sort((a, b) => (a.dataset < b.dataset ? -1 : 1));
}

function missing(record: CopyRecord, here: Listing): MissingCopy | undefined {
  const { tag, dataset, guid } = record;
  const one = { dataset, source: record.source, refreshed: record.refreshed };
  const own = here.get(dataset);
  if (isBegun(record)) {
    const { refreshed: begun, ...rest } = record;
    // What is begun anew may have an old copy in its place that has just been retired for it.
    const isRetired = retiredSince(own, tag) !== undefined && !isAnew(record);
    const isElse = isRetired || localValue(own, `${tag}:master`) === 'yes';
    if (isElse) return undefined;
    const recursive = guid === BEGUN.recursive || guid === BEGUN.anewRecursive;
    const how = { recursive, anew: isAnew(record) };
    return { dataset, source: rest.source, refreshed: undefined, why: 'begun', begun, ...how };
  }
  if (own !== undefined && isInOrder(dataset, own, tag)) return undefined;
  const same = own !== undefined && anyValue(own, 'guid') === guid;
  const now = same ? dataset : nameOf(guid, here);
  if (now === undefined) {
    if (own !== undefined) return { ...one, why: 'replaced' };
    return { ...one, why: hasPool(dataset, here) ? 'destroyed' : 'no-pool' };
  }
  const found = here.get(now);
  if (isInOrder(now, found, tag)) return undefined;
  const called = parseDataset(ownValue(found, `${tag}:dest-fs`) ?? '');
  if (called === undefined) return { ...one, why: 'no-role', now };
  return { ...one, dataset: called, why: 'renamed', now };
}

/** In service as what it is called; or meant to be out of it; or the master by now, which nobody refreshes. */
function isInOrder(dataset: string, own: Properties | undefined, tag: Tag): boolean {
  if (retiredSince(own, tag) !== undefined || localValue(own, `${tag}:master`) === 'yes') return true;
  return ownValue(own, `${tag}:dest-fs`) === dataset;
}

function nameOf(guid: string, here: Listing): Dataset | undefined {
  const found = [...here].find(([, own]) => anyValue(own, 'guid') === guid);
  return found && parseDataset(found[0]);
}

function hasPool(dataset: string, here: Listing): boolean {
  return here.has(dataset.split('/')[0] ?? '');
}

/**
 * A copy of this very host that calls itself by a name that nothing here has: that was renamed, or its pool was. Where the name
 * is there, or the record of it is that of another file system, this is a copy of the copy, which nobody is to refresh.
 */
function saysOtherName(
  dataset: Dataset,
  own: Properties,
  here: Listing,
  known: readonly CopyRecord[],
  hostName: string,
  tag: Tag,
): MissingCopy | undefined {
  const value = (name: string) => ownValue(own, `${tag}:${name}`);
  const [called, host, source] = [parseDataset(value('dest-fs') ?? ''), value('src-host'), value('src-fs')];
  if (called === undefined || host === undefined || source === undefined || isInOrder(dataset, own, tag))
    return undefined;
  if (value('dest-host') !== hostName || source === dataset || here.has(called)) return undefined;
  const record = known.find((one) => one.dataset === called);
  if (record !== undefined && record.guid !== anyValue(own, 'guid')) return undefined;
  const refreshed = known.find(({ guid }) => guid === anyValue(own, 'guid'))?.refreshed;
  return { dataset: called, source: `${host}:${source}`, refreshed, why: 'renamed', now: dataset };
}

/** What was renamed, and into what, when a file system got another name: the pool, or what of the two names differs. */
export function renamedPart(from: string, to: string): readonly [from: string, to: string] {
  const [was, is] = [from.split('/'), to.split('/')];
  while (was.length > 1 && is.length > 1 && was.at(-1) === is.at(-1)) {
    was.pop();
    is.pop();
  }
  return [was.join('/'), is.join('/')];
}

/** The name of `dataset` after `from` was renamed to `to`; undefined where it is neither `from` nor below it. */
export function afterRename(dataset: string, from: string, to: string): Dataset | undefined {
  if (dataset !== from && !isBelow(dataset, from)) return undefined;
  return parseDataset(`${to}${dataset.slice(from.length)}`);
}
