/**
 * A copy that was taken out of service: it stays with all its snapshots and marks, and nothing refreshes or expires it.
 *
 * That is said by zfs properties of its own, so that it holds wherever the pool goes. Those by which a stock zrep finds a copy
 * (TAG:dest-fs) and its fileserver (TAG:src-host) are taken away meanwhile: it would neither list nor refresh it. TAG:src-fs
 * stays, by which what is refreshed above it leaves its snapshots alone. A stream cannot retire a copy: only what was set here
 * counts. Pure.
 */

import { inheritArgv, setArgvs } from '../../zfs/argv.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import type { Tag } from '../../zfs/names.ts';
import { type Listing, localValue, ownValue, type Properties } from '../../zfs/state.ts';

/** The properties by which a copy is retired. */
export function retiredProperties(tag: Tag): [since: string, host: string] {
  return [`${tag}:retired`, `${tag}:retired-src-host`];
}

/** When it was retired, epoch seconds; undefined for a file system that was not. */
export function retiredSince(own: Properties | undefined, tag: Tag): number | undefined {
  const [since] = retiredProperties(tag);
  const text = localValue(own, since);
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

/** Where it came from. */
export function retiredHost(own: Properties | undefined, tag: Tag): string | undefined {
  const [, host] = retiredProperties(tag);
  return localValue(own, host);
}

/** Is it found by nobody any more? Cut off, `zrep retire` leaves one that is. */
export function isRetiredWhole(own: Properties | undefined, tag: Tag): boolean {
  const found = ['dest-fs', 'src-host'].some((name) => ownValue(own, `${tag}:${name}`) !== undefined);
  return retiredSince(own, tag) !== undefined && !found;
}

/** What retires a copy of `source` on `host`: first what says so, then what it is found by goes. */
export function retireArgvs(
  capabilities: Capabilities,
  dataset: string,
  tag: Tag,
  { host, source, now }: { readonly host: string; readonly source: string; readonly now: number },
): string[][] {
  const [since, former] = retiredProperties(tag);
  const values = { [former]: host, [`${tag}:src-fs`]: source, [since]: String(now) };
  return [
    ...setArgvs(capabilities, dataset, values),
    inheritArgv(dataset, `${tag}:dest-fs`),
    inheritArgv(dataset, `${tag}:src-host`),
  ];
}

/** What takes it into service again, under the name that it has by now. */
export function reviveArgvs(
  capabilities: Capabilities,
  dataset: string,
  tag: Tag,
  { host, hostName }: { readonly host: string; readonly hostName: string },
): string[][] {
  const [since, former] = retiredProperties(tag);
  const values = {
    [`${tag}:src-host`]: host,
    [`${tag}:dest-host`]: hostName,
    [`${tag}:dest-fs`]: dataset,
  };
  return [
    ...setArgvs(capabilities, dataset, values),
    inheritArgv(dataset, former),
    inheritArgv(dataset, since),
  ];
}

/** A copy that is out of service. */
export interface RetiredCopy {
  readonly dataset: string;
  /** Epoch seconds. */
  readonly since: number;
  /** `HOST:FS`. */
  readonly source: string;
}

/** Those in `listing`. */
export function retiredIn(listing: Listing, tag: Tag): RetiredCopy[] {
  return [...listing].flatMap(([dataset, own]) => {
    const since = dataset.includes('@') ? undefined : retiredSince(own, tag);
    if (since === undefined) return [];
    const source = `${retiredHost(own, tag) ?? '-'}:${localValue(own, `${tag}:src-fs`) ?? '-'}`;
    return [{ dataset, since, source }];
  });
}
