/** What `zrep status` prints, in stock's columns. Pure. */

import type { PairView } from './pair-view.ts';

const NEVER = '[NEVER]';

/** `tank/home                         last: 2026/11/25-00:37:39`; `date` is of when it was last sent. */
export function statusLine({ dataset }: PairView, date: string | undefined): string {
  return `${dataset.padEnd(52)} last: ${date ?? NEVER}`;
}

/**
 * `tank/home                ->backup:vault/home                   2026/11/25-00:37`, from the file system that was
 * named, or with `all` from the source.
 */
export function directionLine(
  { dataset, source, destination }: PairView,
  date: string | undefined,
  all: boolean,
): string {
  const from = all ? (source.dataset ?? dataset) : dataset;
  const to = `${destination.host ?? '-'}:${destination.dataset ?? '-'}`;
  return `${from.padEnd(25)}->${to.padEnd(35)} ${date === undefined ? NEVER : withoutSeconds(date)}`;
}

/** A copy that is out of service, which stock knows nothing of; `date` is of when it was retired. */
export function retiredLine(dataset: string, date: string): string {
  return `${dataset.padEnd(52)} retired: ${date}`;
}

/** Stock cuts at the last colon, whatever the format. */
function withoutSeconds(date: string): string {
  const colon = date.lastIndexOf(':');
  return colon < 0 ? date : date.slice(0, colon);
}

/** One snapshot may be on its way; stock has the words, but never comes to print them. */
export function unsentLine({ dataset, unsent, last }: PairView): string | undefined {
  if (last !== undefined && unsent.length <= 1) return undefined;
  return last === undefined
    ? `WARNING: ${dataset} was never sent`
    : `WARNING: ${dataset} has ${unsent.length} snapshots that were not sent`;
}
