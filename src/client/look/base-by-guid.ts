/** With which snapshot of a file system here its next increment begins, asked of both sides and told by GUID: marks can be lost, or lie. */

import { baseOf } from '../../pair/common.ts';
import { printable } from '../../printable.ts';
import { parseDataset } from '../../zfs/names.ts';
import { readCopy } from '../copy/judge-pull.ts';
import { readTheirSide } from '../far/their-side.ts';
import type { Run } from '../run/run.ts';
import { parseSourceHost } from '../words/source.ts';
import type { PairView } from './pair-view.ts';

export type BaseHere =
  /** Undefined where there is none here: nothing in common, or of a source only a bookmark. */
  | { readonly guid: string | undefined; readonly phrase: string }
  /** Why it could not be told, as a phrase. */
  | { readonly unseen: string };

/** Asks the other side of `pair`; nothing is changed on either. */
export async function baseByGuid(
  run: Run,
  { dataset, role, source, destination }: PairView,
): Promise<BaseHere> {
  if (role === 'unclear') return { unseen: 'its properties do not say which side of the pair it is' };
  const other = role === 'copy' ? source : destination;
  const host = parseSourceHost(other.host ?? '', run.settings.hostName);
  const name = parseDataset(other.dataset ?? '');
  if (host === undefined || name === undefined)
    return { unseen: 'its properties do not name the other side' };
  const [{ top: here }, theirs] = await Promise.all([
    readCopy(run, dataset),
    readTheirSide(run, host, name, role),
  ]);
  if (!('side' in theirs)) return { unseen: theirs.unseen };
  const sides = role === 'copy' ? { source: theirs.side, copy: here } : { source: here, copy: theirs.side };
  const base = baseOf(sides);
  if (base === undefined) return { guid: undefined, phrase: 'the two sides have no common snapshot' };
  const own = role === 'copy' ? base.ofCopy : base.ofSource;
  const isHere = role === 'copy' || !base.isBookmark;
  const called = isHere ? `@${own.name}` : own.name;
  return {
    guid: isHere ? own.guid : undefined,
    phrase: `the next increment begins with ${printable(called)}, by the GUIDs of both sides`,
  };
}
