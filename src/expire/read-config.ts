/**
 * A configuration file into what it says: lines of a schedule, in sections or not. Pure.
 *
 * A file with one mistake is no configuration: half of a schedule would destroy what the other half keeps.
 */

import { quote } from '../printable.ts';
import { type Line, readLine } from './read-line.ts';
import {
  type Configuration,
  PERIODS,
  type Pick,
  type Rule,
  type Schedule,
  type Section,
  type Tier,
} from './schedule.ts';
import { isProblem, type Problem, parseSpan, type Span } from './span.ts';
import { UTC, type Zone } from './zone.ts';

export interface Mistake extends Problem {
  /** From 1; 0 is the file as a whole. */
  readonly line: number;
}

/** What stands in one section so far. */
interface Draft {
  readonly patterns: readonly string[];
  readonly line: number;
  readonly rules: Rule[];
  readonly tiers: Tier[];
  all: boolean;
  zone: Zone | undefined;
  pick: Pick | undefined;
}

/** The original's, for who gives no file. */
const DEFAULT_RULES = [
  ['1 hour', '1 minute'],
  ['12 hours', '5 minutes'],
  ['8 days', '1 hour'],
  ['32 days', '1 day'],
  ['1 year', '1 week'],
  ['5 years', '1 month'],
] as const;

export const DEFAULT_CONFIGURATION: Configuration = {
  sections: [],
  otherwise: {
    kind: 'rules',
    rules: DEFAULT_RULES.map(([age, interval]) => ({
      age: parseSpan(age) as Span,
      interval: parseSpan(interval) as Span,
    })),
  },
};

/** The configuration in `text`, or all its mistakes. */
export function readConfiguration(text: string): Configuration | readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const top = newDraft([], 0);
  const drafts = [top];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = readLine(raw);
    const problem = isProblem(line) ? line.problem : add(drafts, line, index + 1);
    if (problem !== undefined) mistakes.push({ line: index + 1, problem });
  }
  const schedules = drafts.map((draft) => scheduleOf(draft, top));
  for (const [index, { line }] of drafts.entries()) {
    const schedule = schedules[index];
    if (isProblem(schedule)) mistakes.push({ line, ...schedule });
    else if (schedule === undefined && index > 0)
      mistakes.push({
        line,
        problem: 'this section says nothing: write what it keeps, or keep everything',
      });
  }
  mistakes.push(...findUseless(drafts, mistakes.length > 0));
  if (mistakes.length > 0) return mistakes.sort((a, b) => a.line - b.line);
  const [otherwise] = schedules as (Schedule | undefined)[];
  const sections = drafts.slice(1).map(({ patterns, line }, index): Section => {
    return { patterns, line, schedule: schedules[index + 1] as Schedule };
  });
  return { sections, otherwise };
}

function newDraft(patterns: readonly string[], line: number): Draft {
  return { patterns, line, rules: [], tiers: [], all: false, zone: undefined, pick: undefined };
}

/** Adds what a line says to the last draft; the answer is what is wrong with that. */
function add(drafts: Draft[], line: Line, number: number): string | undefined {
  const draft = drafts.at(-1) as Draft;
  if (line.kind === 'nothing') return undefined;
  if (line.kind === 'section') {
    const known = drafts.flatMap(({ patterns }) => patterns);
    // Begun all the same: what follows is not the section's before.
    drafts.push(newDraft(line.patterns, number));
    const twice = line.patterns.find(
      (pattern, index) => known.includes(pattern) || line.patterns.indexOf(pattern) !== index,
    );
    return twice === undefined ? undefined : `${quote(twice)} has a section already`;
  }
  if (line.kind === 'rule') {
    draft.rules.push(line.rule);
    return undefined;
  }
  if (line.kind === 'tier') {
    if (draft.tiers.some(({ period }) => period === line.tier.period))
      return `${sayPeriod(line.tier)} is said twice here`;
    draft.tiers.push(line.tier);
    return undefined;
  }
  if (line.kind === 'all') {
    draft.all = true;
    return undefined;
  }
  const { kind } = line;
  if (draft[kind] !== undefined)
    return `${kind === 'zone' ? 'a time zone' : 'oldest or newest'} is said twice here`;
  if (line.kind === 'zone') draft.zone = line.zone;
  else draft.pick = line.pick;
  return undefined;
}

function sayPeriod({ period }: Tier): string {
  return period === 'every' ? 'every snapshot' : `one of each ${period}`;
}

/** What a section keeps; undefined where it does not say. Zone and pick of the top are for all sections. */
function scheduleOf({ rules, tiers, all, zone, pick }: Draft, top: Draft): Schedule | Problem | undefined {
  if ([rules.length > 0, tiers.length > 0, all].filter(Boolean).length > 1)
    return {
      problem:
        'lines of two kinds (15 days : 1 day; daily for 15 days; keep everything) do not mix: use one kind, or sections',
    };
  if (all) return { kind: 'all' };
  if (rules.length > 0) return { kind: 'rules', rules };
  if (tiers.length === 0) return undefined;
  const order = ['every', ...PERIODS];
  return {
    kind: 'calendar',
    zone: zone ?? top.zone ?? UTC,
    pick: pick ?? top.pick ?? 'oldest',
    tiers: [...tiers].sort((a, b) => order.indexOf(a.period) - order.indexOf(b.period)),
  };
}

/** A file that says nothing, and a zone or a pick that no calendar line is there for. */
function findUseless(drafts: readonly Draft[], already: boolean): Mistake[] {
  if (already) return [];
  if (drafts.length === 1 && scheduleOf(drafts[0] as Draft, drafts[0] as Draft) === undefined)
    return [{ line: 0, problem: 'it has no line that says what to keep, e.g. daily for 15 days' }];
  return drafts.flatMap(({ zone, pick, tiers, line }, index) => {
    if (zone === undefined && pick === undefined) return [];
    const used = tiers.length > 0 || (index === 0 && drafts.some((draft) => draft.tiers.length > 0));
    if (used) return [];
    return [
      {
        line,
        problem:
          'a time zone, oldest and newest go with lines such as daily for 15 days: the other kind counts hours, whatever day it is',
      },
    ];
  });
}
