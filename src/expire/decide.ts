/**
 * What becomes of each snapshot: schedule, listing and clock in, an action and its reason out. Pure.
 *
 * A schedule only proposes. What is among the newest `keep`, of a tag that nobody asked about, never sent, or protected
 * stays; and when the clock makes no sense, all do. A protected snapshot changes nothing for the others.
 */

import { type CalendarWhy, judgeByCalendar } from './by-calendar.ts';
import { judgeByRules, type RuleWhy } from './by-rules.ts';
import { protect } from './protection.ts';
import type { Schedule } from './schedule.ts';
import { type Guard, hasTag, oldestFirst, type Snapshot } from './snapshot.ts';

export interface Question {
  /** Epoch seconds. */
  readonly now: number;
  /** So many newest snapshots stay, of any kind; less than 1 is 1. */
  readonly keep: number;
  readonly tags: readonly string[];
  /** All snapshots are candidates, whatever they are called, sent or not. */
  readonly zrepIgnore?: boolean;
  /** What was never sent counts as sent, where a newer one of its tag was. */
  readonly thinUnsent?: boolean;
}

export type Why =
  | { readonly code: 'clock'; readonly newest: Snapshot }
  /** No section of the file is for this file system. */
  | { readonly code: 'no-schedule' }
  | { readonly code: 'keep-all' }
  | { readonly code: 'newest'; readonly keep: number }
  | { readonly code: 'other-tag' }
  /** Of all that would have it go, the first; `otherwise` is what it says. */
  | { readonly code: 'protected'; readonly guard: Guard; readonly otherwise: Why }
  | RuleWhy
  | CalendarWhy;

export interface Verdict {
  readonly snapshot: Snapshot;
  readonly action: 'keep' | 'destroy';
  readonly why: Why;
}

/**
 * Decides over several datasets. The clock is the machine's: where it looks wrong to one of them, all of all is kept.
 */
export function decideAll(
  datasets: readonly { readonly schedule: Schedule | undefined; readonly snapshots: readonly Snapshot[] }[],
  question: Question,
): Verdict[][] {
  const wrong = fromTheFuture(
    datasets.flatMap(({ snapshots }) => snapshots),
    question.now,
  );
  return datasets.map(({ schedule, snapshots }) => {
    return wrong === undefined
      ? decide(schedule, snapshots, question)
      : keepAll(snapshots, { code: 'clock', newest: wrong });
  });
}

/** The newest of the snapshots that are newer than now, or of which it cannot be told. */
export function fromTheFuture(snapshots: readonly Snapshot[], now: number): Snapshot | undefined {
  let found: Snapshot | undefined;
  for (const snapshot of snapshots)
    if (!(snapshot.creation <= now) && !(snapshot.creation <= (found?.creation ?? 0))) found = snapshot;
  return found;
}

/** Decides over the snapshots of one dataset, in their order. `schedule` is undefined where a file has none for it. */
export function decide(
  schedule: Schedule | undefined,
  snapshots: readonly Snapshot[],
  question: Question,
): Verdict[] {
  const sorted = oldestFirst(snapshots);
  const wrong = fromTheFuture(snapshots, question.now);
  if (wrong !== undefined) return keepAll(snapshots, { code: 'clock', newest: wrong });
  if (schedule === undefined) return keepAll(snapshots, { code: 'no-schedule' });
  if (schedule.kind === 'all') return keepAll(snapshots, { code: 'keep-all' });
  const proposals = propose(schedule, sorted, question);
  const guards = protect(snapshots, question.tags);
  return snapshots.map((snapshot): Verdict => {
    const why = proposals.get(snapshot) ?? { code: 'other-tag' };
    if (!destroys(why)) return { snapshot, action: 'keep', why };
    const guard = guards.get(snapshot);
    if (guard === undefined) return { snapshot, action: 'destroy', why };
    return { snapshot, action: 'keep', why: { code: 'protected', guard, otherwise: why } };
  });
}

function keepAll(snapshots: readonly Snapshot[], why: Why): Verdict[] {
  return snapshots.map((snapshot) => ({ snapshot, action: 'keep', why }));
}

/** What the schedule alone says of each candidate; a snapshot that two tags claim goes where one of them has it go. */
function propose(
  schedule: Exclude<Schedule, { kind: 'all' }>,
  sorted: readonly Snapshot[],
  { now, keep, tags, zrepIgnore = false, thinUnsent = false }: Question,
): Map<Snapshot, Why> {
  const proposals = new Map<Snapshot, Why>();
  const stays = Math.max(1, Math.floor(keep) || 1);
  const place = Math.max(0, sorted.length - stays);
  for (const tag of zrepIgnore ? [undefined] : tags) {
    const ofTag = tag === undefined ? sorted : sorted.filter(({ name }) => hasTag(name, tag));
    const counts = tag === undefined ? () => true : sentAs(tag, ofTag, thinUnsent);
    const judged = judge(schedule, ofTag, sorted.slice(0, place), counts, now);
    for (const [snapshot, why] of judged) {
      const known = proposals.get(snapshot);
      if (known === undefined || destroys(why)) proposals.set(snapshot, why);
    }
  }
  for (const snapshot of sorted.slice(place)) {
    const known = proposals.get(snapshot);
    if (known?.code !== 'kept') proposals.set(snapshot, { code: 'newest', keep: stays });
  }
  return proposals;
}

/** Rules do not see the newest `keep`; a calendar does, or the newest of a day would be the one before them. */
function judge(
  schedule: Exclude<Schedule, { kind: 'all' }>,
  ofTag: readonly Snapshot[],
  older: readonly Snapshot[],
  counts: (snapshot: Snapshot) => boolean,
  now: number,
): [Snapshot, Why][] {
  if (schedule.kind === 'calendar') {
    const whys = judgeByCalendar(schedule, ofTag, counts, now);
    return ofTag.map((snapshot, index) => [snapshot, whys[index] as Why]);
  }
  const seen = new Set(older);
  const candidates = ofTag.filter((snapshot) => seen.has(snapshot));
  const whys = judgeByRules(schedule.rules, candidates, counts, now);
  return candidates.map((snapshot, index) => [snapshot, whys[index] as Why]);
}

/**
 * Which snapshots of a tag count as sent. What is behind the newest sent one may be on its way, and never does. In a file
 * system that is streamed along with one above, that one is the snapshot from which its refresh goes on.
 */
function sentAs(
  tag: string,
  ofTag: readonly Snapshot[],
  thinUnsent: boolean,
): (snapshot: Snapshot) => boolean {
  const isMarked = (snapshot: Snapshot) => snapshot.sentAs.has(tag);
  if (!thinUnsent) return isMarked;
  const isBase = ({ guards }: Snapshot) =>
    guards.some((guard) => guard.kind === 'base-above' && guard.tag === tag);
  const last = ofTag.findLastIndex((snapshot) => isMarked(snapshot) || isBase(snapshot));
  const before = new Set(ofTag.slice(0, last + 1));
  return (snapshot) => before.has(snapshot);
}

const DESTROYING: ReadonlySet<Why['code']> = new Set(['beyond', 'close', 'other', 'outlived']);

function destroys({ code }: Why): boolean {
  return DESTROYING.has(code);
}
