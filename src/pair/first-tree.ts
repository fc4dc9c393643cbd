/**
 * What the first stream of a tree (`zrep -R init --pull`) has left, judged by what both sides have. Pure.
 *
 * What `zfs receive` does with a stream of `zfs send -R SNAPSHOT` that is cut (tried on OpenZFS 2.4): the file systems that came before the
 * cut are whole. The one in which it was cut is not there; with -s a part of it is, and can be resumed by itself, but what follows cannot. The whole
 * stream is refused from then on, because the top is there ("destination exists"; with -F "destination has snapshots").
 */

import { printable } from '../printable.ts';
import type { Tag } from '../zfs/names.ts';
import { anyValue, type Listing, localValue, type Properties } from '../zfs/state.ts';
import type { Side } from './side.ts';
import type { Tree } from './tree.ts';

export type FirstTree =
  /** Every file system of the source has come; its marks alone are missing. */
  | 'whole'
  /** Something is missing. All that came is on the source as well, and nobody has added anything. */
  | 'part'
  /** Something is missing, and something is here that did not come so: a phrase that says what. */
  | { readonly keep: string };

/** What `judgeFirstTree` has to know of a copy, and of what is below it. */
export function firstTreeProperties(tag: Tag): string[] {
  return ['guid', 'createtxg', 'userrefs', 'clones', 'receive_resume_token', `${tag}:sent`, 'written'];
}

/** `source` has the createtxg of each file system, too. `copy` has `firstTreeProperties` of the copy and of what is below it. */
export function judgeFirstTree(source: Tree, copy: Listing, dataset: string, tag: Tag): FirstTree {
  if (isWhole(source, copy, dataset)) return 'whole';
  const known = new Set([source.top, ...source.below.values()].flatMap(guidsOf));
  for (const [name, own] of copy) {
    const why = name.includes('@') ? whyKept(own, known, tag) : whyKeptSystem(name, own, copy);
    if (why !== undefined) return { keep: `${printable(name)} ${why}` };
  }
  return 'part';
}

/**
 * All that the source has of the newest snapshot here. It is one of the tag: a stream that is cut within the top leaves older ones, of other tools,
 * which those below need not have. It is one of the whole tree: some file system below has it, or none is as old as it.
 */
function isWhole({ top, below }: Tree, copy: Listing, dataset: string): boolean {
  const newest = newestOf(copy, dataset);
  const streamed = top.tagged.find(({ guid }) => guid === newest);
  if (streamed === undefined) return false;
  const parts = [...below].map(([child, side]) => ({
    isOlder: Number(anyValue(side.properties, 'createtxg') ?? 0) < streamed.createtxg,
    there: side.snapshots.find(({ name }) => name === streamed.name)?.guid,
    here: anyValue(copy.get(`${dataset}${child}@${streamed.name}`), 'guid'),
  }));
  const isOfTree = parts.some(({ there }) => there !== undefined) || !parts.some(({ isOlder }) => isOlder);
  return isOfTree && parts.every(({ there, here }) => there === undefined || there === here);
}

function newestOf(listing: Listing, dataset: string): string | undefined {
  const own = [...listing].filter(([name]) => name.startsWith(`${dataset}@`)).map(([, one]) => one);
  const txgOf = (one: Properties) => Number(anyValue(one, 'createtxg') ?? -1);
  const newest = own.reduce<Properties | undefined>(
    (most, one) => (most === undefined || txgOf(one) > txgOf(most) ? one : most),
    undefined,
  );
  return anyValue(newest, 'guid');
}

function guidsOf({ snapshots }: Side): string[] {
  return snapshots.map(({ guid }) => guid);
}

function whyKept(own: Properties, known: ReadonlySet<string>, tag: Tag): string | undefined {
  if (!known.has(anyValue(own, 'guid') ?? '')) return 'is not on the source';
  if (localValue(own, `${tag}:sent`) !== undefined) return 'is marked as sent';
  if ((anyValue(own, 'userrefs') ?? '0') !== '0') return 'is held';
  return (anyValue(own, 'clones') ?? '') === '' ? undefined : 'has a clone';
}

function whyKeptSystem(name: string, own: Properties, copy: Listing): string | undefined {
  const isPart = anyValue(own, 'receive_resume_token') !== undefined;
  const hasSnapshots = [...copy.keys()].some((one) => one.startsWith(`${name}@`));
  if (!hasSnapshots && !isPart) return 'did not come with the stream';
  return hasSnapshots && anyValue(own, 'written') !== '0' ? 'was changed' : undefined;
}
