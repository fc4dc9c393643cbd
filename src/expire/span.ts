/**
 * Lengths of time as people write them: `48 hours`, `2h`, `1 year 6 months`. Pure.
 *
 * A length is a calendar's: a month before the 31st of March is the 28th of February. Only as the least distance of two
 * snapshots it is a fixed number of seconds, the original's: what it is from the first of January of a common year.
 */

import { quote } from '../printable.ts';
import { addMonths, civilOf, DAY, dayOf } from './civil.ts';

export interface Span {
  readonly months: number;
  readonly days: number;
  readonly seconds: number;
  /** As it is said in a sentence: `2 hours 30 minutes`. */
  readonly text: string;
}

/** Why something that was written makes no sense; for a person. */
export interface Problem {
  readonly problem: string;
}

interface Unit {
  readonly name: string;
  readonly words: readonly string[];
  readonly months?: number;
  readonly days?: number;
  readonly seconds?: number;
}

/** Any of these may be followed by `s`, from the second word on. */
const UNITS: readonly Unit[] = [
  { name: 'second', words: ['s', 'sec', 'second'], seconds: 1 },
  { name: 'minute', words: ['min', 'minute'], seconds: 60 },
  { name: 'hour', words: ['h', 'hr', 'hour'], seconds: 3600 },
  { name: 'day', words: ['d', 'day'], days: 1 },
  { name: 'week', words: ['w', 'wk', 'week'], days: 7 },
  { name: 'month', words: ['mo', 'month'], months: 1 },
  { name: 'year', words: ['y', 'yr', 'year'], months: 12 },
];

const BY_WORD: ReadonlyMap<string, Unit> = new Map(
  UNITS.flatMap((unit) => unit.words.flatMap((word) => [[word, unit] as const, [`${word}s`, unit] as const])),
);

export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'problem' in value;
}

export function parseSpan(text: string): Span | Problem {
  const rest = text.trim().toLowerCase();
  if (rest === '') return { problem: 'a length of time is missing, e.g. 15 days' };
  const part = /(\d{1,9})\s*([a-z]+)\s*(?:,\s*|and\s+)?/y;
  const sum = { months: 0, days: 0, seconds: 0 };
  const said: string[] = [];
  while (part.lastIndex < rest.length) {
    const [, digits = '', word = ''] = part.exec(rest) ?? [];
    if (digits === '') return { problem: notALength(text) };
    if (word === 'm') return { problem: `${quote(text)} could be minutes or months: write min or months` };
    const unit = BY_WORD.get(word);
    if (unit === undefined) return { problem: notALength(text) };
    const amount = Number(digits);
    sum.months += amount * (unit.months ?? 0);
    sum.days += amount * (unit.days ?? 0);
    sum.seconds += amount * (unit.seconds ?? 0);
    said.push(`${amount} ${unit.name}${amount === 1 ? '' : 's'}`);
  }
  return { ...sum, text: said.join(' ') };
}

function notALength(raw: string): string {
  const text = raw.trim();
  const number = /^\d+$/.test(text) ? `${quote(text)} has no unit` : `${quote(text)} is no length of time`;
  return `${number}: write a number and a unit, e.g. 48 hours, 15 days, 4 weeks, 6 months, 2h`;
}

/** The moment that lies `span` before `time`, both in seconds of one and the same clock: months first, then the rest. */
export function before(time: number, { months, days, seconds }: Span): number {
  const day = Math.floor(time / DAY);
  const shifted = months === 0 ? day : dayOf(addMonths(civilOf(day), -months));
  return (shifted - days) * DAY + (time - day * DAY) - seconds;
}

const YEAR_ONE = { year: 1, month: 1, date: 1 };

/** A month is 31 days, six are 181, a year is 365: the original adds them to the first day of the year 1. */
export function fixedSeconds({ months, days, seconds }: Span): number {
  const length = dayOf(addMonths(YEAR_ONE, months)) - dayOf(YEAR_ONE);
  return (length + days) * DAY + seconds;
}
