/**
 * The original's way of thinning out: oldest first, each is compared with the one before it that stays. Pure.
 *
 * Which rule counts for a snapshot is the one with the smallest age that still covers it; what no rule covers goes. The
 * oldest that is covered always stays, and two exactly as far apart as the rule says both do. Ages are of UTC's calendar,
 * so no clock change makes a snapshot older.
 */

import type { Rule } from './schedule.ts';
import type { Snapshot } from './snapshot.ts';
import { before, fixedSeconds } from './span.ts';

export type RuleWhy =
  | { readonly code: 'beyond'; readonly rule: Rule }
  | { readonly code: 'first'; readonly rule: Rule }
  | { readonly code: 'apart'; readonly rule: Rule; readonly since: Snapshot }
  | { readonly code: 'close'; readonly rule: Rule; readonly since: Snapshot }
  | { readonly code: 'unsent' };

interface Cut {
  readonly rule: Rule;
  readonly cutoff: number;
  readonly interval: number;
}

/** Of `candidates`, oldest first, why each stays or goes; those that `counts` says no to stay, and count as neighbours. */
export function judgeByRules(
  rules: readonly Rule[],
  candidates: readonly Snapshot[],
  counts: (snapshot: Snapshot) => boolean,
  now: number,
): RuleWhy[] {
  const cuts = cutsOf(rules, now);
  const longest = cuts[0] as Cut;
  let kept: Snapshot | undefined;
  return candidates.map((snapshot): RuleWhy => {
    if (!counts(snapshot)) {
      if (kept !== undefined) kept = snapshot;
      return { code: 'unsent' };
    }
    if (snapshot.creation < longest.cutoff) return { code: 'beyond', rule: longest.rule };
    const { rule, interval } = cuts.findLast(({ cutoff }) => cutoff <= snapshot.creation) ?? longest;
    const since = kept;
    if (since !== undefined && snapshot.creation - since.creation < interval)
      return { code: 'close', rule, since };
    kept = snapshot;
    return since === undefined ? { code: 'first', rule } : { code: 'apart', rule, since };
  });
}

/** Longest age first; of two with the same age the one that keeps more counts, which is put last. */
function cutsOf(rules: readonly Rule[], now: number): Cut[] {
  return rules
    .map((rule) => ({ rule, cutoff: before(now, rule.age), interval: fixedSeconds(rule.interval) }))
    .sort((a, b) => a.cutoff - b.cutoff || b.interval - a.interval);
}
