/**
 * One line of a schedule. Pure.
 *
 * Whatever means one thing only is understood; what could mean two, or nothing, is a problem, and then nothing at all is
 * destroyed.
 */

import { didYouMean } from '../did-you-mean.ts';
import { quote } from '../printable.ts';
import type { Period, Pick, Rule, Tier } from './schedule.ts';
import { isPattern } from './sections.ts';
import { isProblem, type Problem, parseSpan } from './span.ts';
import { findZone, type Zone } from './zone.ts';

export type Line =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'section'; readonly patterns: readonly string[] }
  | { readonly kind: 'rule'; readonly rule: Rule }
  | { readonly kind: 'tier'; readonly tier: Tier }
  | { readonly kind: 'zone'; readonly zone: Zone }
  | { readonly kind: 'pick'; readonly pick: Pick }
  | { readonly kind: 'all' };

const ADVERBS: Readonly<Record<string, Period>> = {
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
  annually: 'year',
};

const KEEP_ALL =
  /^(?:keep (?:everything|all(?: snapshots)?|every snapshot)|never (?:expire|destroy)(?: anything)?)$/;
const ZONE = /^(?:time[ -]?zone|zone|tz)(?:\s*[:=]\s*|\s+)(.*)$/;
const PICK =
  /^(?:keep\s*[:=]?\s*)?(?:the )?(oldest|newest|first|last)(?: (?:one|snapshot))?(?: (?:of|in) (?:each|every|a|the) (?:period|one))?$/;
const EVERY = /^(?:every(?: snapshot| one)?|everything|all(?: snapshots)?)$/;
const PERIOD = /^(?:(?:one|1) )?(?:per|a|an|each|every) (hour|day|week|month|year)$/;
const ADVERB =
  /^(?:(?:one|1|the|a|an) )?(hourly|daily|weekly|monthly|yearly|annually)(?: snapshots?| ones?)?$/;

/** Words of a line that somebody can mistype. */
const WORDS = [
  ...Object.keys(ADVERBS),
  ...[
    'hours',
    'days',
    'weeks',
    'months',
    'years',
    'minutes',
    'every',
    'everything',
    'snapshot',
    'newest',
    'oldest',
  ],
];

export function readLine(text: string): Line | Problem {
  const line = readWords(text);
  if (!isProblem(line) || text.trim().startsWith('[')) return line;
  const words =
    text
      .replace(/#.*/, '')
      .toLowerCase()
      .match(/[a-z]{4,}/g) ?? [];
  const [meant] = words.flatMap((word) => (WORDS.includes(word) ? [] : (didYouMean(word, WORDS) ?? [])));
  return meant === undefined ? line : { problem: `${line.problem}. Did you mean ${meant}?` };
}

function readWords(text: string): Line | Problem {
  const trimmed = text.replace(/#.*/, '').trim();
  if (trimmed === '') return { kind: 'nothing' };
  // A name can have two blanks in a row.
  if (trimmed.startsWith('[')) return readSection(trimmed);
  const bare = trimmed.replace(/\s+/g, ' ');
  const words = bare.toLowerCase();
  if (KEEP_ALL.test(words.replace(/ for ?ever$/, ''))) return { kind: 'all' };
  const pick = PICK.exec(words)?.[1];
  if (pick !== undefined)
    return { kind: 'pick', pick: pick === 'oldest' || pick === 'first' ? 'oldest' : 'newest' };
  // The name of a zone is the only word here whose case counts.
  const zone = ZONE.exec(words)?.[1];
  if (zone !== undefined) return readZone(bare.slice(bare.length - zone.length));
  return readTier(words) ?? readRule(bare);
}

function readSection(bare: string): Line | Problem {
  const inner = /^\[([^[\]]*)\]$/.exec(bare)?.[1];
  if (inner === undefined) return { problem: `${quote(bare)} begins like a section: write [tank/home]` };
  const patterns = inner.split(',').map((pattern) => pattern.trim());
  const bad = patterns.find((pattern) => !isPattern(pattern));
  return bad === undefined
    ? { kind: 'section', patterns }
    : {
        problem: `${quote(bad)} is no file system: write [tank/home], [tank/*] for those directly below tank, [tank/**] for all below it, or several with commas`,
      };
}

function readZone(name: string): Line | Problem {
  const zone = findZone(name);
  return zone === undefined
    ? {
        problem: `${quote(name)} is no time zone: write one of the IANA database, e.g. Europe/Berlin, or UTC`,
      }
    : { kind: 'zone', zone };
}

/** `daily for 15 days`, `daily: 15 days`, `15 days : daily`; undefined where no word is a period's. */
function readTier(words: string): Line | Problem | undefined {
  const reversed = /^(.*\d.*)\s*:\s*([a-z ]+)$/.exec(words);
  const turned = reversed && periodOf(reversed[2] as string);
  if (turned) return tierOf(turned, reversed[1] as string);
  const [, name = '', length = ''] =
    /^(?:keep )?([a-z][a-z0-9 ]*?)(?: ?[:=] ?| for (?!ever)| )(\d.*|for ?ever)$/.exec(words) ??
    /^(?:keep )?(1 [a-z ]+?)(?: ?[:=] ?| for (?!ever)| )(\d.*|for ?ever)$/.exec(words) ??
    [];
  const period = periodOf(name.trim());
  if (period !== undefined) return tierOf(period, length);
  const lonely = periodOf(words.replace(/^keep /, ''));
  if (lonely === undefined) return undefined;
  return { problem: `${quote(words)} does not say for how long: write e.g. ${words} for 15 days` };
}

function tierOf(period: Period | 'every', length: string): Line | Problem {
  if (/^for ?ever$/.test(length)) return { kind: 'tier', tier: { period, age: undefined } };
  const age = parseSpan(length);
  return isProblem(age) ? age : { kind: 'tier', tier: { period, age } };
}

function periodOf(words: string): Period | 'every' | undefined {
  const found = PERIOD.exec(words)?.[1] ?? ADVERBS[ADVERB.exec(words)?.[1] ?? ''];
  if (found !== undefined) return found as Period;
  return EVERY.test(words) ? 'every' : undefined;
}

function readRule(bare: string): Line | Problem {
  const [age = '', interval, ...more] = bare.split(':');
  if (interval === undefined || more.length > 0)
    return {
      problem: `${quote(bare)} is not understood: write e.g. 15 days : 1 day (older than that: gone; two that stay: so far apart), or daily for 15 days`,
    };
  const [first, second] = [parseSpan(age), parseSpan(interval)];
  if (isProblem(first)) return first;
  if (isProblem(second)) return second;
  return { kind: 'rule', rule: { age: first, interval: second } };
}
