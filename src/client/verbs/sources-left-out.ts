/**
 * Sources on this host that `zrep sync all` and `zrep status` do not take for ones that it is the master of: as stock, they go by the mark and
 * the host's name alone. Who relies on `all` is told which these are. Pure, but for `tellLeftOut`.
 */

import { masterProperties } from '../../replication/master.ts';
import { ROLE_PROPERTIES, roleOf } from '../../replication/role.ts';
import { parseDataset, type Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue, type Properties } from '../../zfs/state.ts';
import { retiredSince } from '../copies/retirement.ts';
import { sayOwnObstacle } from '../push/master.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import { isMasterHere } from './pairs-here.ts';

export interface SourceLeftOut {
  /** As zfs calls it; zrep may not take that for a name. */
  readonly dataset: string;
  /** A clause without a subject; with the line for it, if there is one. */
  readonly why: string;
}

/** What `sourcesLeftOut` needs of every file system. */
export function leftOutProperties(tag: Tag): string[] {
  const own = [...ROLE_PROPERTIES, 'savecount'].map((name) => `${tag}:${name}`);
  return [...new Set([...masterProperties(tag), ...own])];
}

/** Those in `listing`, of all file systems here; a source of which only some properties are left is one, too. */
export function sourcesLeftOut(listing: Listing, tag: Tag, hostName: string): SourceLeftOut[] {
  return [...listing].flatMap(([dataset, own]) => {
    if (dataset.includes('@') || retiredSince(own, tag) !== undefined) return [];
    const why = whyLeftOut(dataset, own, tag, hostName);
    return why === undefined ? [] : [{ dataset, why }];
  });
}

function whyLeftOut(dataset: string, own: Properties, tag: Tag, hostName: string): string | undefined {
  const role = roleOf(own, dataset, tag, hostName);
  const isMarked = localValue(own, `${tag}:master`) === 'yes';
  if (role !== 'source' && !isMarked) return undefined;
  const isUsable = parseDataset(dataset) !== undefined;
  if (isMasterHere(own, tag, hostName))
    return isUsable ? undefined : 'zrep cannot use its name: blanks, for example, are no part of one';
  const told = sayOwnObstacle(own, dataset, tag, hostName);
  if (told !== undefined) return told;
  return `${wrong(own, tag, isMarked)}${isUsable ? `. For what to do: ${zrepFor(tag)} doctor ${dataset}` : ''}`;
}

function wrong(own: Properties, tag: Tag, isMarked: boolean): string {
  if (!isMarked) return `${tag}:master=yes is not set on it`;
  const host = anyValue(own, `${tag}:src-host`);
  if (host === undefined) return `${tag}:src-host is not set on it`;
  return 'it is marked as the master, and its other properties say that it is a copy';
}

/** A line each, and an event. */
export function tellLeftOut({ report }: Pick<Run, 'report'>, others: readonly SourceLeftOut[]): void {
  for (const { dataset, why } of others) {
    report.warn(`LEFT OUT ${dataset}: ${why}`);
    report.event('left-out', { dataset, reason: why });
  }
}
