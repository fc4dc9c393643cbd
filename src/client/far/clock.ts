/** How far the clock of another host is from this one's, by a time that it told. Pure. */

import { sayAge } from '../look/ages.ts';

/** Less than this is nobody's concern. Seconds. */
const CONCERN = 60;

/**
 * Seconds that it is ahead, negative where it is behind; undefined where `told` is no time. It was told between `before` and
 * `after`, epoch seconds by this host's clock, and counts whole seconds.
 */
export function skewOf(told: string, before: number, after: number): number | undefined {
  if (!/^[1-9]\d{8,10}$/.test(told)) return undefined;
  const theirs = Number(told);
  if (theirs > after) return theirs - after;
  return theirs + 1 < before ? theirs + 1 - before : 0;
}

/** What a person is told of it, if anything. */
export function saySkew(host: string, skew: number | undefined): string | undefined {
  if (skew === undefined || Math.abs(skew) <= CONCERN) return undefined;
  return `WARNING: the clock of ${host} is ${sayAge(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} this host's. Set both by NTP; timedatectl shows how they are set`;
}
