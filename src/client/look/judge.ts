/** How it stands with a pair, for monitoring. Pure. */

import type { Failing } from '../copies/copy-record.ts';
import { sayAge } from './ages.ts';
import type { PairView } from './pair-view.ts';
import type { Verification } from './verify.ts';

/** As monitoring plugins have them. */
export const STATE_EXIT = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;
export type State = keyof typeof STATE_EXIT;

/** A copy that was refreshed here, and is not here any more. */
export const MISSING_STATE: State = 'critical';

/** What cannot be told may be bad, but what is known to be is worse. */
const WORST_FIRST = ['critical', 'warning', 'unknown', 'ok'] as const;

/** How long ago one can have been sent, in seconds. */
export interface Thresholds {
  readonly warn: number | undefined;
  readonly critical: number | undefined;
}

export interface Judgement {
  readonly state: State;
  /** A phrase each. */
  readonly problems: readonly string[];
}

/** A clock may be that far ahead. Seconds. */
const AHEAD = 300;

/** How long ago it was sent, in seconds; undefined where it never was. */
export function lagOf({ sent }: PairView, now: number): number | undefined {
  return sent === undefined ? undefined : Math.max(0, now - sent);
}

export function judge(
  pair: PairView,
  { warn, critical }: Thresholds,
  now: number,
  verification?: Verification,
  failing?: Failing,
): Judgement {
  const found: [State, string][] = [];
  const lag = lagOf(pair, now);
  if (lag === undefined) found.push(['critical', 'was never sent']);
  else if (critical !== undefined && lag >= critical) found.push(['critical', tooLong(lag, critical)]);
  else if (warn !== undefined && lag >= warn) found.push(['warning', tooLong(lag, warn)]);
  if (pair.sent !== undefined && pair.sent > now + AHEAD)
    found.push(['warning', `was sent ${sayAge(pair.sent - now)} from now: see to the clocks of both hosts`]);
  if (failing !== undefined) found.push(['warning', sayFailing(failing, now)]);
  const next = nextOf(pair);
  if (verification?.verdict === 'would-fail')
    found.push(['critical', `the next ${next} would fail: ${verification.why}`]);
  if (verification?.verdict === 'unknown')
    found.push(['unknown', `whether the next ${next} would succeed cannot be told: ${verification.why}`]);
  return { state: worst(found.map(([state]) => state)), problems: found.map(([, problem]) => problem) };
}

/** What brings the next increment, as a person calls it. */
export function nextOf({ pushed }: Pick<PairView, 'pushed'>): string {
  return pushed ? 'sync' : 'pull';
}

/** In a phrase. */
export function sayFailing({ since, why }: Failing, now: number): string {
  return `has failed to refresh for ${sayAge(Math.max(0, now - since))}: ${why}`;
}

function tooLong(lag: number, limit: number): string {
  return `was last sent ${sayAge(lag)} ago, which is more than ${sayAge(limit)}`;
}

/** Of none, ok. */
export function worst(states: readonly State[]): State {
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'ok';
}
