/** What is known of a pair, for programs: `zrep status --json`. Pure. */

import { isRefusal } from '../../refusal.ts';
import { fullName } from '../../replication/snapshots.ts';
import { formatZrepSnapshot, type Tag } from '../../zfs/names.ts';
import { parseResumeToken } from '../../zfs/resume-token.ts';
import type { Failing } from '../copies/copy-record.ts';
import type { MissingCopy } from '../copies/find-missing.ts';
import type { RetiredCopy } from '../copies/retirement.ts';
import { fixFor } from '../copies/say-missing.ts';
import { type Judgement, lagOf, MISSING_STATE, type State, worst } from './judge.ts';
import type { PairView } from './pair-view.ts';
import type { Verification } from './verify.ts';

/** All that is told of the file systems under a tag. */
export interface StatusFacts {
  readonly tag: Tag;
  readonly judged: readonly Judged[];
  readonly missing: readonly MissingCopy[];
  readonly retired: readonly RetiredCopy[];
  /** Why it cannot be told whether these are all that are missing. */
  readonly problem: string | undefined;
}

/** How all of it stands. */
export function stateOf({ judged, missing, problem }: StatusFacts): State {
  const states = judged.map(({ judgement }) => judgement.state);
  const unknown: State[] = problem === undefined ? [] : ['unknown'];
  return worst([...states, ...missing.map(() => MISSING_STATE), ...unknown]);
}

export interface Judged {
  readonly pair: PairView;
  readonly judgement: Judgement;
  /** Where that was asked for. */
  readonly verification: Verification | undefined;
  /** What keeps its refreshes from succeeding, as the last one said; undefined where none has failed since the last good one. */
  readonly failing: Failing | undefined;
}

/** As one object of JSON has it. */
export function allFactsOf(
  { judged, missing, retired, tag }: StatusFacts,
  now: number,
): Record<string, unknown> {
  return {
    datasets: judged.map((one) => factsOf(one, now)),
    missing: missing.map((one) => ({
      ...{ dataset: one.dataset, why: one.why, now: 'now' in one ? one.now : null },
      ...{ source: one.source ?? null, refreshed: one.refreshed ?? null, fix: fixFor(one, tag).line },
    })),
    retired: retired.map(({ dataset, since, source }) => ({ dataset, since, source })),
  };
}

/** Where nothing is, null: each has the same keys. */
export function factsOf(
  { pair, judgement, verification, failing }: Judged,
  now: number,
): Record<string, unknown> {
  const { dataset, role, source, destination, last, sent, snapshots, unsent, lock } = pair;
  return {
    dataset,
    role,
    ...judgement,
    source: { host: source.host ?? null, dataset: source.dataset ?? null },
    destination: { host: destination.host ?? null, dataset: destination.dataset ?? null },
    lastCommon:
      last === undefined
        ? null
        : { snapshot: fullName(last), guid: last.guid, creation: last.creation, sent: sent ?? null },
    lagSeconds: lagOf(pair, now) ?? null,
    snapshots: snapshots.length,
    unsent: unsent.length,
    failing: failing ?? null,
    resume: resumeOf(pair) ?? null,
    lock:
      lock === undefined
        ? null
        : { pid: lock.pid, since: lock.since ?? null, state: lock.live ? 'live' : 'stale' },
    ...(verification === undefined ? {} : { [pair.pushed ? 'nextSync' : 'nextPull']: verification }),
  };
}

/** What a stream that was cut off had brought; nulls where the token is none that zrep could go on with. */
export function resumeOf({ token }: PairView): { snapshot: string | null; bytes: number | null } | undefined {
  if (token === undefined) return undefined;
  const read = parseResumeToken(token);
  return isRefusal(read)
    ? { snapshot: null, bytes: null }
    : { snapshot: formatZrepSnapshot(read.snapshot), bytes: Number(read.bytes) };
}
