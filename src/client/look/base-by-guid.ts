/** With which snapshot of a file system here its next increment begins, asked of both sides and told by GUID: marks can be lost, or lie. */

import { type Base, baseOf } from '../../pair/common.ts';
import { sayBelowUnseen } from '../../pair/obstacle.ts';
import type { Side } from '../../pair/side.ts';
import { baseOfTree, belowOf, type Tree } from '../../pair/tree.ts';
import { printable } from '../../printable.ts';
import { parseDataset } from '../../zfs/names.ts';
import { depthOf, readCopy } from '../copy/judge-pull.ts';
import { readTheirSide, type Seen as SeenThere } from '../far/their-side.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import { parseSourceHost } from '../words/source.ts';
import type { PairView } from './pair-view.ts';

export type BaseHere =
  /** Undefined where there is none here: nothing in common, or of a source only a bookmark. */
  | { readonly guid: string | undefined; readonly phrase: string }
  /** Why it could not be told, as a phrase. */
  | { readonly unseen: string };

/** Asks the other side of `pair`; with -R the base is that of the whole tree. Nothing is changed on either. */
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
  const [here, theirs] = await Promise.all([
    readCopy(run, dataset, depthOf(run)),
    readTheirSide(run, host, name, role, depthOf(run)),
  ]);
  if (!('side' in theirs)) return { unseen: theirs.unseen };
  const there = treeOf(run, theirs, name);
  const sides = role === 'copy' ? { source: there, copy: here } : { source: here, copy: there };
  const found = judge(run, sides, role === 'copy');
  if (found === undefined) return { guid: undefined, phrase: 'the two sides have no common snapshot' };
  const { base, isBlocked } = found;
  const own = role === 'copy' ? base.ofCopy : base.ofSource;
  const isHere = role === 'copy' || !base.isBookmark;
  const called = isHere ? `@${own.name}` : own.name;
  const what = run.settings.recursive && isTree(sides) ? 'increment of the whole tree' : 'increment';
  return {
    guid: isHere ? own.guid : undefined,
    phrase: [
      `the next ${what} begins with ${printable(called)}, by the GUIDs of both sides`,
      ...(run.settings.recursive && !isTree(sides) ? [sayBelowUnseen(host.name)] : []),
      ...(isBlocked ? [`something is in its way below: ${zrepAgain(run.settings)} doctor ${dataset}`] : []),
    ].join('; '),
  };
}

/** A side, with what is below it where its host tells. */
interface Seen {
  readonly top: Side;
  readonly below?: Tree['below'] | undefined;
}

interface Sides {
  readonly source: Seen;
  readonly copy: Seen;
}

function treeOf({ settings: { tag } }: Run, { side, below, said }: SeenThere, dataset: string): Seen {
  return { top: side, below: below ?? (said && belowOf(said.listing, dataset, tag)) };
}

function isTree(sides: Sides): sides is { readonly source: Tree; readonly copy: Tree } {
  return sides.source.below !== undefined && sides.copy.below !== undefined;
}

function judge(
  { settings: { tag, recursive } }: Run,
  sides: Sides,
  isPulled: boolean,
): { readonly base: Base; readonly isBlocked: boolean } | undefined {
  if (recursive && isTree(sides)) {
    const found = baseOfTree({ tag, all: tag === 'zrep', isRefused: false, ...sides, isPulled });
    return found && { base: found.base, isBlocked: found.below.length > 0 };
  }
  const base = baseOf({ source: sides.source.top, copy: sides.copy.top });
  return base && { base, isBlocked: false };
}
