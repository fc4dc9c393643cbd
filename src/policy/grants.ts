/**
 * Which grant speaks for a dataset. Pure, and by path component: no patterns.
 *
 * The most specific grant decides alone. A dataset that the most specific grant excepts is not granted, even
 * when a wider grant would cover it.
 */

import { type Dataset, isBelow } from '../zfs/names.ts';
import type { Client, Grant } from './policy.ts';

/** The grant for `dataset`, or undefined. */
export function findGrant({ grants }: Pick<Client, 'grants'>, dataset: string): Grant | undefined {
  let found: Grant | undefined;
  for (const grant of grants) {
    const spans = grant.dataset === dataset || (grant.subtree && isBelow(dataset, grant.dataset));
    if (spans && (found === undefined || grant.dataset.length > found.dataset.length)) found = grant;
  }
  return found && !found.except.some((excepted) => covers(excepted, dataset)) ? found : undefined;
}

/**
 * The grant that speaks for what lies below `dataset` and for which no other grant was made: the most specific one with
 * `subtree`, and `grant`, the dataset's own, where there is none. Undefined where that one excepts what lies there.
 */
export function findGrantBelow(client: Client, grant: Grant, dataset: Dataset): Grant | undefined {
  const [below] = client.grants
    .filter((one) => one.subtree && covers(one.dataset, dataset))
    .sort((a, b) => b.dataset.length - a.dataset.length);
  if (below === undefined) return grant;
  return below.except.some((excepted) => covers(excepted, dataset)) ? undefined : below;
}

/** True when `dataset` is `root` or lies below it. */
export function covers(root: string, dataset: string): boolean {
  return root === dataset || isBelow(dataset, root);
}

/** A part of a tree whose access is decided otherwise than that of the tree's root. */
export interface Carving {
  readonly root: Dataset;
  /** The grant that decides there; undefined where the part is excepted. */
  readonly grant: Grant | undefined;
}

/**
 * Every part of the tree below `dataset` that `grant` does not speak for: other grants, and exceptions, be they
 * those of a grant further down, or of a wider one where `grant` is for its dataset alone.
 * What goes through the whole tree (a recursive stream, a listing with children) must agree with each of them.
 */
export function carvings(client: Client, grant: Grant, dataset: Dataset): Carving[] {
  const others = client.grants
    .filter((other) => other !== grant)
    .map((other) => ({ root: other.dataset, grant: other }));
  const excepted = client.grants
    .filter((other) => other === grant || !grant.subtree || isBelow(other.dataset, grant.dataset))
    .flatMap(({ except }) => except.map((root) => ({ root, grant: undefined })));
  return [...excepted, ...others].filter(({ root }) => isBelow(root, dataset));
}
