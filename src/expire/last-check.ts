/**
 * A last look at a plan, by other means than those that made it: a tag that would lose all its snapshots, or its newest
 * sent one, is a reason to do nothing. Pure.
 */

import type { Verdict } from './decide.ts';
import { tagOf } from './snapshot.ts';

/** What is wrong with the plan, for a person; undefined where it can be carried out. */
export function refusePlan(verdicts: readonly Verdict[]): string | undefined {
  const guarded = verdicts.find(({ snapshot, action }) => action === 'destroy' && snapshot.guards.length > 0);
  if (guarded !== undefined) return `${guarded.snapshot.name} is protected, and would be destroyed`;
  const before = newestSentOf(verdicts);
  const after = newestSentOf(verdicts.filter(({ action }) => action === 'keep'));
  for (const [tag, newestSent] of before) {
    const left = after.get(tag);
    if (left === undefined) return `no snapshot of the tag ${tag} would be left`;
    if (left < newestSent) return `the newest sent snapshot of the tag ${tag} would be destroyed`;
  }
  return undefined;
}

/** The tags that there are → the creation of the newest that was sent. */
function newestSentOf(verdicts: readonly Verdict[]): Map<string, number> {
  const tags = new Map<string, number>();
  for (const { snapshot } of verdicts) {
    const own = tagOf(snapshot.name);
    for (const tag of [...(own === undefined ? [] : [own]), ...snapshot.sentAs]) {
      const known = tags.get(tag) ?? Number.NEGATIVE_INFINITY;
      tags.set(tag, snapshot.sentAs.has(tag) ? Math.max(known, snapshot.creation) : known);
    }
  }
  return tags;
}
