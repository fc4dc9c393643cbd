/** How a request ended: one of five ways, with its exit code. docs/exit-codes.md is this table in prose. */

import { constants } from 'node:os';
import type { Ended } from '../process/pipeline.ts';
import type { Refusal, RefusalCode } from '../refusal.ts';
import type { Done } from '../replication/done.ts';

export type Outcome =
  | { readonly kind: 'done'; readonly done: Done }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** zfs, or a filter behind it, failed at something to do with `dataset`. */
  | { readonly kind: 'failed'; readonly ended: Ended; readonly dataset: string }
  | { readonly kind: 'interrupted'; readonly signal: NodeJS.Signals }
  /** A bug of ours, or an installation that broke in the middle. */
  | { readonly kind: 'error'; readonly error: unknown };

/** Numbers from sysexits(3) where it has one; zfs's own are small. */
export const EXIT = {
  done: 0,
  usage: 64,
  internal: 70,
  auditUnavailable: 74,
  tryAgain: 75,
  refused: 77,
  policyBroken: 78,
} as const;

/** The process's exit code for `outcome`. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'done':
      return EXIT.done;
    case 'refused':
      return exitCodeOfRefusal(outcome.refusal);
    case 'failed':
      return outcome.ended.code ?? signalCode(outcome.ended.signal);
    case 'interrupted':
      return signalCode(outcome.signal);
    case 'error':
      return EXIT.internal;
  }
}

/** What the same command may well be granted a little later. */
const PASSING: readonly RefusalCode[] = [
  'lock-busy',
  'global-lock-busy',
  'too-many-sessions',
  'too-many-open-sessions',
  'too-many-streams',
  'too-many-streams-of-dataset',
  'too-many-snapshots',
  'snapshots-too-often',
  'pool-full',
  'stalled',
  'changed-meanwhile',
];

function exitCodeOfRefusal({ refused }: Refusal): number {
  if (PASSING.includes(refused)) return EXIT.tryAgain;
  if (refused === 'policy-broken') return EXIT.policyBroken;
  if (refused === 'audit-unavailable') return EXIT.auditUnavailable;
  return EXIT.refused;
}

/** As a shell reports it. */
function signalCode(signal: NodeJS.Signals | null): number {
  return signal === null ? EXIT.internal : 128 + constants.signals[signal];
}
