/** `zrep status --warn --critical`, as monitoring plugins answer: a line that tells all, numbers, and a line each. Pure. */

import { fixFor, sayMissing, sayWhy } from '../copies/say-missing.ts';
import { sayAge } from './ages.ts';
import { lagOf, MISSING_STATE, type State, type Thresholds } from './judge.ts';
import type { PairView } from './pair-view.ts';
import { type Judged, resumeOf, type StatusFacts, stateOf } from './status-facts.ts';

/** What is told where nothing can be judged. */
export function unknownLine(why: string): string {
  return `ZREP UNKNOWN - ${forOneLine(why)}`;
}

/** The lines on these, of which at least one is in service, or missing. */
export function checkLines(facts: StatusFacts, thresholds: Thresholds, now: number): string[] {
  const { judged, missing, retired, problem, tag } = facts;
  const state = stateOf(facts);
  const numbers = [
    ...missing.map(({ dataset, refreshed }) =>
      performance(dataset, refreshed === undefined ? undefined : Math.max(0, now - refreshed), thresholds),
    ),
    ...judged.map(({ pair }) => performance(pair.dataset, lagOf(pair, now), thresholds)),
  ];
  const from = (source: string | undefined) => (source === undefined ? '' : ` from ${source}`);
  const own = [
    ...missing.map(
      (one) =>
        `[${upper(MISSING_STATE)}] ${one.dataset}${from(one.source)}: is missing: ${sayMissing(one, tag, now)}`,
    ),
    ...(problem === undefined ? [] : [`[UNKNOWN] ${problem}`]),
    ...judged.map((one) => `[${upper(one.judgement.state)}] ${sentenceOn(one, now)}`),
    ...retired.map(
      ({ dataset, since, source }) => `[RETIRED] ${dataset}${from(source)}: since ${sayAge(now - since)}`,
    ),
  ];
  const head = `ZREP ${upper(state)} - ${summary(facts, state, now)} | ${numbers.join(' ')}`;
  return [head, ...own.map(forOneLine)];
}

function summary({ judged, missing, problem, tag }: StatusFacts, state: State, now: number): string {
  const all = judged.length + missing.length;
  const bad = judged.filter(({ judgement }) => judgement.state !== 'ok').length + missing.length;
  const count = `${all} file system${all === 1 ? '' : 's'}`;
  const more = bad === 1 ? '' : `; ${bad} of ${count} are not well`;
  const [gone] = missing;
  if (gone !== undefined) {
    const { what, line } = fixFor(gone, tag);
    return forOneLine(`${gone.dataset} is missing: ${sayWhy(gone)}. ${what} ${line}${more}`);
  }
  const [first] = judged.filter(({ judgement }) => judgement.state === state);
  if (state === 'unknown' && problem !== undefined) return forOneLine(problem);
  if (state === 'ok' || first === undefined) {
    const longest = Math.max(...judged.map(({ pair }) => lagOf(pair, now) ?? 0));
    return `${count}, sent ${sayAge(longest)} ago or less`;
  }
  return forOneLine(`${first.pair.dataset} ${first.judgement.problems.join('; ')}${more}`);
}

/** `vault/home from fileserver:tank/home: sent 12min ago; last common snapshot zrep_000003` */
function sentenceOn({ pair, judgement }: Judged, now: number): string {
  const { dataset, last, unsent, lock } = pair;
  const lag = lagOf(pair, now);
  const resume = resumeOf(pair);
  const parts = [
    ...(judgement.problems.length > 0 || lag === undefined
      ? judgement.problems
      : [`sent ${sayAge(lag)} ago`]),
    ...(last === undefined ? [] : [`last common snapshot ${last.name}`]),
    ...(unsent.length === 0 ? [] : [`${unsent.length} not sent`]),
    ...(resume === undefined ? [] : [`a stream was cut off (${resume.snapshot ?? 'not of zrep'})`]),
    ...(lock === undefined
      ? []
      : [`locked by process ${lock.pid}, ${lock.live ? 'at work' : 'which is dead'}`]),
  ];
  return `${dataset}${relation(pair)}: ${parts.join('; ')}`;
}

function relation({ role, source, destination }: PairView): string {
  if (role === 'source') return ` to ${destination.host ?? '-'}:${destination.dataset ?? '-'}`;
  return role === 'copy' ? ` from ${source.host ?? '-'}:${source.dataset ?? '-'}` : '';
}

/** Nagios's performance data: 'label'=value;warn;crit;min. */
function performance(dataset: string, lag: number | undefined, { warn, critical }: Thresholds): string {
  const value = lag === undefined ? 'U' : `${lag}s`;
  return `'${dataset}'=${value};${warn ?? ''};${critical ?? ''};0`;
}

/** What stands behind a bar would be read as numbers. */
function forOneLine(text: string): string {
  return text.replaceAll('|', '/').replaceAll('\n', ' ');
}

function upper(state: State): string {
  return state.toUpperCase();
}
