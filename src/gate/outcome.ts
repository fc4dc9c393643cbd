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

/** Numbers from sysexits(3) where it has one. */
export const EXIT = {
  done: 0,
  usage: 64,
  internal: 70,
  auditUnavailable: 74,
  tryAgain: 75,
  refused: 77,
  policyBroken: 78,
} as const;

/**
 * ssh ends with 255 by itself when it loses its connection, and clients try again. Some of zfs's failures end with it, too
 * (`zfs set`, `zfs send -t`).
 */
const CONNECTION_LOST = 255;

/** What a client takes for the gate's own word, or for ssh's. A child that ends so has failed like any other. */
const NOT_A_CHILDS: readonly number[] = [CONNECTION_LOST, ...Object.values(EXIT)];

/** A child that failed, and whose own code means something else here. */
const FAILED = 1;

/** The process's exit code for `outcome`; never 255. */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'done':
      return EXIT.done;
    case 'refused':
      return exitCodeOfRefusal(outcome.refusal);
    case 'failed':
      return exitCodeOfChild(outcome.ended);
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

function exitCodeOfChild({ code, signal }: Ended): number {
  if (code === null) return signalCode(signal);
  return NOT_A_CHILDS.includes(code) ? FAILED : code;
}

/** As a shell reports it. Node has no name for a realtime signal. */
function signalCode(signal: NodeJS.Signals | null): number {
  const number = signal === null ? undefined : constants.signals[signal];
  return number === undefined ? EXIT.internal : 128 + number;
}
