/** Why a snapshot stays or goes, as one sentence for a person. Pure. */

import { labelOf } from './by-calendar.ts';
import type { Verdict, Why } from './decide.ts';
import type { Schedule, Tier } from './schedule.ts';
import { fullName, type Guard, type Snapshot } from './snapshot.ts';

/** The reason of a verdict that was made by `schedule`; one line, printable where names are. */
export function sayReason(
  { snapshot, why }: Pick<Verdict, 'snapshot' | 'why'>,
  schedule: Schedule | undefined,
): string {
  switch (why.code) {
    case 'clock':
      return `the clock looks wrong: ${fullName(why.newest)} is newer than now`;
    case 'no-schedule':
      return 'the configuration has no schedule for this file system';
    case 'keep-all':
      return 'everything is kept here';
    case 'newest':
      return why.keep === 1 ? 'the newest snapshot' : `one of the newest ${why.keep} (-k ${why.keep})`;
    case 'other-tag':
      return 'not of a tag that expires (-t)';
    case 'unsent':
      return 'never sent';
    case 'protected':
      return `${sayGuard(why.guard)}; otherwise it would go: ${sayReason({ snapshot, why: why.otherwise }, schedule)}`;
    case 'beyond':
      return `older than ${why.rule.age.text}, the longest age`;
    case 'first':
      return `the oldest within ${why.rule.age.text}`;
    case 'apart':
      return `${why.rule.interval.text} or more after ${why.since.name} (up to ${why.rule.age.text})`;
    case 'close':
      return `less than ${why.rule.interval.text} after ${why.since.name} (up to ${why.rule.age.text})`;
    case 'kept':
    case 'other':
    case 'outlived':
      return schedule?.kind === 'calendar' ? sayCalendar(why, snapshot, schedule) : '';
  }
}

/** What of the schedule, or beside it, keeps a snapshot, in a few words; undefined for one that goes. */
export function sayKeeper({ why, action }: Verdict, schedule: Schedule | undefined): string | undefined {
  if (action === 'destroy') return undefined;
  if (why.code === 'first' || why.code === 'apart') return `${why.rule.age.text} : ${why.rule.interval.text}`;
  if (why.code === 'kept' && schedule?.kind === 'calendar')
    return sayTier(schedule.tiers[why.tiers[0] ?? 0] as Tier);
  return KEEPERS[why.code];
}

const KEEPERS: Readonly<Partial<Record<Why['code'], string>>> = {
  clock: 'the clock',
  'no-schedule': 'no schedule',
  'keep-all': 'keep everything',
  newest: 'the newest',
  'other-tag': 'another tag',
  unsent: 'never sent',
  protected: 'protected',
};

function sayCalendar(
  why: Extract<Why, { code: 'kept' | 'other' | 'outlived' }>,
  snapshot: Snapshot,
  { tiers, pick, zone }: Extract<Schedule, { kind: 'calendar' }>,
): string {
  if (why.code === 'outlived') return 'older than all that the schedule keeps';
  const tier = tiers[why.code === 'kept' ? (why.tiers[0] ?? 0) : why.tier] as Tier;
  if (tier.period === 'every') return sayTier(tier);
  const label = labelOf(tier.period, snapshot, zone);
  return why.code === 'kept'
    ? `the ${pick} of ${label} (${sayTier(tier)})`
    : `${why.by.name} stands for ${label} (${sayTier(tier)})`;
}

export function sayGuard(guard: Guard): string {
  switch (guard.kind) {
    case 'newest-sent':
      return `the newest that was sent under the tag ${guard.tag}: the next refresh may go on from it`;
    case 'newest-of-tag':
      return `the newest of the tag ${guard.tag}`;
    case 'lastsent':
      return `${guard.tag}:lastsent names it: the next refresh goes on from it`;
    case 'streamed':
      return `the newest of the tag ${guard.tag} that a backup server is on record to have`;
    case 'base-above':
      return `a recursive refresh of ${guard.dataset} goes on from it`;
    case 'retired':
      return `the copy is retired under the tag ${guard.tag} (zrep retire): its snapshots stay`;
    case 'held':
      return 'held (zfs holds)';
    case 'resume':
      return 'a stream that was cut off goes on from it (receive_resume_token)';
  }
}

const PERIOD_WORDS = {
  every: 'every snapshot',
  hour: 'hourly',
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
  year: 'yearly',
} as const;

/** `daily for 15 days`: as it can be written in a file. */
export function sayTier(tier: Tier): string {
  return `${PERIOD_WORDS[tier.period]} ${tier.age === undefined ? 'forever' : `for ${tier.age.text}`}`;
}
