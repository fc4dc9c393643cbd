/**
 * Time zones by their names in the IANA database (Europe/Berlin), as node has them (Intl). Pure.
 *
 * Intl is slow for every snapshot at every run, so a zone remembers its offset a day of UTC at a time: where a day begins
 * and ends with the same offset, that is the offset of all of it.
 */

import { DAY } from './civil.ts';

export interface Zone {
  readonly name: string;
  /** How far local time is ahead of UTC, in seconds, at `epoch`. */
  offset(epoch: number): number;
}

export const UTC: Zone = { name: 'UTC', offset: () => 0 };

/** The zone of this name; undefined where node knows none. */
export function findZone(name: string): Zone | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return undefined;
  if (name.toUpperCase() === 'UTC') return UTC;
  try {
    return createZone(name);
  } catch {
    return undefined;
  }
}

function createZone(timeZone: string): Zone {
  const numeric = 'numeric';
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, calendar: 'gregory', hourCycle: 'h23', era: 'short' },
    ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
  });
  const exact = (epoch: number): number => {
    const parts = new Map(format.formatToParts(epoch * 1000).map(({ type, value }) => [type, value]));
    const [year = 0, month = 0, ...rest] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map((type) =>
      Number(parts.get(type as Intl.DateTimeFormatPartTypes)),
    );
    const [day = 0, hour = 0, minute = 0, second = 0] = rest;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - epoch;
  };
  const edges = new Map<number, number>();
  const edge = (day: number): number => {
    const known = edges.get(day);
    if (known !== undefined) return known;
    const found = exact(day * DAY);
    edges.set(day, found);
    return found;
  };
  return {
    name: format.resolvedOptions().timeZone,
    offset(epoch) {
      // What no calendar of node's holds has no clock changes to care for.
      if (Math.abs(epoch) > 100_000_000 * DAY - DAY || epoch < 0) return edge(0);
      const day = Math.floor(epoch / DAY);
      const first = edge(day);
      return first === edge(day + 1) ? first : exact(epoch);
    },
  };
}

/** When a clock of the zone shows `local`; of the two times that an hour is there, or where it is not there at all, the earlier. */
export function epochOf(zone: Zone, local: number): number {
  const guesses = [local - zone.offset(local - DAY), local - zone.offset(local + DAY)];
  const right = guesses.filter((guess) => guess + zone.offset(guess) === local);
  return Math.min(...(right.length > 0 ? right : guesses));
}
