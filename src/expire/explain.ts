/** What becomes of one snapshot, line by line of its schedule. Pure. */

import { printable } from '../printable.ts';
import { sayAge, sayTime } from './amounts.ts';
import { decide, type Question, type Verdict } from './decide.ts';
import type { Schedule } from './schedule.ts';
import { fullName } from './snapshot.ts';
import { sayGuard, sayKeeper, sayReason, sayTier } from './wording.ts';

export interface Facts {
  readonly now: number;
  /** The section that is for it; undefined for what stands in front of any. */
  readonly pattern: string | undefined;
  readonly question: Omit<Question, 'now'>;
}

/** `verdict` is one of `verdicts`, those of its dataset. */
export function explainVerdict(
  verdicts: readonly Verdict[],
  verdict: Verdict,
  schedule: Schedule | undefined,
  { now, pattern, question }: Facts,
): string {
  const { snapshot, action } = verdict;
  const sent = snapshot.sentAs.size === 0 ? 'never sent' : `sent under ${[...snapshot.sentAs].join(', ')}`;
  const keeper = sayKeeper(verdict, schedule);
  const lines = [
    `${fullName(snapshot)} ${action === 'destroy' ? 'would be destroyed' : 'stays'}`,
    `  why: ${sayReason(verdict, schedule)}`,
    ...(keeper === undefined ? [] : [`  kept by: ${keeper}`]),
    `  made: ${sayTime(snapshot.creation)}, ${sayAge(now - snapshot.creation)}; ${sent}`,
    ...snapshot.guards.map((guard) => `  protected: ${sayGuard(guard)}`),
    ...(schedule === undefined
      ? []
      : [`  schedule: ${pattern === undefined ? 'that of every file system' : `section [${pattern}]`}`]),
  ];
  if (schedule?.kind === 'calendar') {
    const snapshots = verdicts.map((one) => one.snapshot);
    for (const tier of schedule.tiers) {
      const alone = decide({ ...schedule, tiers: [tier] }, snapshots, { ...question, now, keep: 1 });
      const own = alone.find((one) => one.snapshot === snapshot) as Verdict;
      const why = own.why.code === 'protected' ? own.why.otherwise : own.why;
      if (why.code === 'kept') lines.push(`    ${sayTier(tier)}: keeps it`);
      else if (why.code === 'other') lines.push(`    ${sayTier(tier)}: keeps ${why.by.name} instead`);
      else if (why.code === 'outlived') lines.push(`    ${sayTier(tier)}: it is older`);
    }
  }
  return `${lines.map(printable).join('\n')}\n`;
}
