/** A configuration in words, for who wrote it to compare with what was meant. Pure. */

import type { CalendarSchedule, Configuration, Rule, Schedule, Tier } from './schedule.ts';
import { before, fixedSeconds, type Span } from './span.ts';
import { sayTier } from './wording.ts';

export function describeConfiguration({ sections, otherwise }: Configuration): string {
  const parts = sections.map(({ patterns, schedule, line }) =>
    paragraph(`[${patterns.join(', ')}] (line ${line})`, schedule),
  );
  const rest =
    sections.length === 0 ? 'Every file system' : 'Every other file system, for which there is no section';
  if (otherwise === undefined) parts.push(`${rest}:\n  nothing is destroyed there\n`);
  else parts.push(paragraph(rest, otherwise));
  return parts.join('\n');
}

function paragraph(title: string, schedule: Schedule): string {
  const lines = [...describeSchedule(schedule), ...notesOn(schedule).map((note) => `note: ${note}`)];
  return `${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

export function describeSchedule(schedule: Schedule): string[] {
  if (schedule.kind === 'all') return ['everything is kept, and nothing is destroyed'];
  return schedule.kind === 'rules' ? describeRules(schedule.rules) : describeCalendar(schedule);
}

function describeRules(rules: readonly Rule[]): string[] {
  const sorted = youngestFirst(rules);
  const lines = sorted.map(({ age, interval }, index) => {
    const from = index === 0 ? `up to ${age.text} old` : `then, up to ${age.text}`;
    const what = isNothing(interval) ? 'every snapshot' : `those at least ${interval.text} apart`;
    return `${from}: ${what}`;
  });
  return [...lines, `older than ${sorted.at(-1)?.age.text}: nothing`];
}

function describeCalendar({ tiers, pick, zone }: CalendarSchedule): string[] {
  const lines = tiers.map(({ period, age }) => {
    const long = age === undefined ? 'for ever' : `for ${age.text}`;
    return period === 'every' ? `every snapshot ${long}` : `the ${pick} of each ${period} ${long}`;
  });
  const oldest = tiers.some(({ age }) => age === undefined)
    ? []
    : ['whatever is older than all that: nothing'];
  const days = tiers.some(({ period }) => period !== 'every' && period !== 'hour');
  const clock = days ? [`days begin at midnight in ${zone.name}, weeks on Monday`] : [];
  return [...lines, ...oldest, ...clock];
}

/** What is allowed, and hardly meant. */
function notesOn(schedule: Schedule): string[] {
  if (schedule.kind === 'rules') return notesOnRules(youngestFirst(schedule.rules));
  if (schedule.kind === 'all') return [];
  const { tiers } = schedule;
  return tiers.flatMap((tier, index) => {
    const finer = tiers.slice(0, index).find(({ age }) => reaches(age) >= reaches(tier.age));
    return finer === undefined ? [] : [`"${sayTier(tier)}" adds nothing to "${sayTier(finer)}"`];
  });
}

function notesOnRules(rules: readonly Rule[]): string[] {
  return rules.flatMap((rule, index) => {
    const said = `"${rule.age.text} : ${rule.interval.text}"`;
    const next = rules[index + 1];
    if (next !== undefined && reaches(next.age) === reaches(rule.age))
      return [`two lines are about ${rule.age.text}; the one that keeps more counts`];
    if (fixedSeconds(rule.interval) > fixedSeconds(rule.age))
      return [`${said} has the longer time on the right: the age comes first, the distance behind it`];
    if (next !== undefined && fixedSeconds(next.interval) < fixedSeconds(rule.interval))
      return [
        `${said} keeps fewer of the young than "${next.age.text} : ${next.interval.text}" would of the old`,
      ];
    return [];
  });
}

function youngestFirst(rules: readonly Rule[]): Rule[] {
  return [...rules].sort((a, b) => reaches(a.age) - reaches(b.age));
}

/** For comparing: how far an age reaches back from some day. */
function reaches(age: Tier['age']): number {
  return age === undefined ? Number.POSITIVE_INFINITY : -before(0, age);
}

function isNothing({ months, days, seconds }: Span): boolean {
  return months === 0 && days === 0 && seconds === 0;
}
