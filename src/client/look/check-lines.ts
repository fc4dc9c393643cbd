/** `zrep status --warn --critical`, as monitoring plugins answer: a line that tells all, numbers, and a line each. Pure. */

import { sayAge } from './ages.ts';
import { lagOf, type State, type Thresholds, worst } from './judge.ts';
import type { PairView } from './pair-view.ts';
import { type Judged, resumeOf } from './status-facts.ts';

/** What is told where nothing can be judged. */
export function unknownLine(why: string): string {
  return `ZREP UNKNOWN - ${forOneLine(why)}`;
}

/** The lines on `judged`, of which there is at least one. */
export function checkLines(judged: readonly Judged[], thresholds: Thresholds, now: number): string[] {
  const state = worst(judged.map(({ judgement }) => judgement.state));
  const numbers = judged.map(({ pair }) => performance(pair, thresholds, now)).join(' ');
  const own = judged.map((one) => `[${upper(one.judgement.state)}] ${sentenceOn(one, now)}`);
  return [`ZREP ${upper(state)} - ${summary(judged, state, now)} | ${numbers}`, ...own];
}

function summary(judged: readonly Judged[], state: State, now: number): string {
  const bad = judged.filter(({ judgement }) => judgement.state !== 'ok');
  const [first] = judged.filter(({ judgement }) => judgement.state === state);
  const count = `${judged.length} file system${judged.length === 1 ? '' : 's'}`;
  if (state === 'ok' || first === undefined) {
    const longest = Math.max(...judged.map(({ pair }) => lagOf(pair, now) ?? 0));
    return `${count}, sent ${sayAge(longest)} ago or less`;
  }
  const more = bad.length === 1 ? '' : `; ${bad.length} of ${count} are not well`;
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
  return forOneLine(`${dataset}${relation(pair)}: ${parts.join('; ')}`);
}

function relation({ role, source, destination }: PairView): string {
  if (role === 'source') return ` to ${destination.host ?? '-'}:${destination.dataset ?? '-'}`;
  return role === 'copy' ? ` from ${source.host ?? '-'}:${source.dataset ?? '-'}` : '';
}

/** Nagios's performance data: 'label'=value;warn;crit;min. */
function performance(pair: PairView, { warn, critical }: Thresholds, now: number): string {
  const lag = lagOf(pair, now);
  const value = lag === undefined ? 'U' : `${lag}s`;
  return `'${pair.dataset}'=${value};${warn ?? ''};${critical ?? ''};0`;
}

/** What stands behind a bar would be read as numbers. */
function forOneLine(text: string): string {
  return text.replaceAll('|', '/').replaceAll('\n', ' ');
}

function upper(state: State): string {
  return state.toUpperCase();
}
