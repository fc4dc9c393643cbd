/** What the doctor finds: one thing that is wrong with one dataset, why it matters, and what mends it. Pure. */

import { inShell, printable } from '../../printable.ts';
import type { Severity } from '../../severity.ts';
import { CODES, type Code } from './codes.ts';

/** One thing that `--fix` does. */
export type Act =
  /** Words of zfs, on this host. */
  | { readonly kind: 'zfs'; readonly argv: readonly string[] }
  /** Has both sides mark the copy's snapshot of this name. */
  | { readonly kind: 'complete'; readonly snapshot: string; readonly sent: number }
  /** Takes the lock, which breaks a stale one, and lets go of it. */
  | { readonly kind: 'lock' }
  | { readonly kind: 'global-lock' };

export interface Mend {
  /** `safe` loses nothing; `force` gives something up, and wants -f; what is left is for a person. */
  readonly by: 'safe' | 'force' | 'hand';
  /** A sentence; with a colon at its end where lines follow. */
  readonly what: string;
  /** Where the lines are for; undefined where that is this host. */
  readonly on: string | undefined;
  /** To run, as they stand. */
  readonly lines: readonly string[];
  /** What is given up, a line each. */
  readonly losses: readonly string[];
  /** What --fix does, in this order. */
  readonly acts: readonly Act[];
}

export interface Finding {
  readonly severity: Severity;
  readonly code: Code;
  /** A dataset or a file. */
  readonly where: string;
  /** A sentence without its full stop. */
  readonly what: string;
  readonly why: string;
  readonly mend: Mend;
}

/** A finding of this kind, with nothing foreign in it that is not printable. */
export function finding(code: Code, where: string, what: string, mend: Mend): Finding {
  return { ...CODES[code], code, where: printable(where), what: escaped(what), mend };
}

/** Done by zfs here, and loses nothing. */
export function safely(what: string, ...argvs: (readonly string[])[]): Mend {
  return byZfs('safe', what, [], argvs);
}

/** Done by zfs here, and gives `losses` up. */
export function forcibly(what: string, losses: readonly string[], ...argvs: (readonly string[])[]): Mend {
  return byZfs('force', what, losses, argvs);
}

/** For a person: here, or on `on`. */
export function byHand(what: string, lines: readonly string[] = [], on?: string): Mend {
  return { by: 'hand', what: escaped(what), on, lines: lines.map(escaped), losses: [], acts: [] };
}

function byZfs(
  by: 'safe' | 'force',
  what: string,
  losses: readonly string[],
  argvs: readonly (readonly string[])[],
): Mend {
  return {
    by,
    what: escaped(what),
    on: undefined,
    lines: argvs.map((argv) => escaped(`zfs ${argv.map(inShell).join(' ')}`)),
    losses: losses.map(escaped),
    acts: argvs.map((argv) => ({ kind: 'zfs', argv })),
  };
}

/** Every character that is not printable; what `quote` has escaped stays as it is. */
function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, printable);
}

/** Exit codes for monitoring: 1 where something is wrong, 3 where only something was not seen. */
export function exitCodeFor(findings: readonly Finding[]): 0 | 1 | 3 {
  if (findings.some(({ severity }) => severity === 'error' || severity === 'warning')) return 1;
  return findings.some(({ severity }) => severity === 'unknown') ? 3 : 0;
}
