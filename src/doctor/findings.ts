/** What the doctor finds: one thing that is wrong, where, why it matters, and what to write. */

import { printable } from '../printable.ts';
import type { Severity } from '../severity.ts';
import { CODES, type Code } from './codes.ts';

export interface Finding {
  readonly severity: Severity;
  readonly code: Code;
  /** A file and line, a setting, an account. */
  readonly where: string;
  readonly problem: string;
  readonly why: string;
  readonly remedy: Remedy;
}

interface Remedy {
  /** A sentence; with a colon at its end where lines follow. */
  readonly what: string;
  /** To write into a file or to run, as they stand. */
  readonly lines: readonly string[];
}

/** A finding of this kind, with nothing of a file's unescaped. */
export function finding(
  code: Code,
  where: string,
  problem: string,
  what: string,
  ...lines: string[]
): Finding {
  const remedy = { what: printable(what), lines: lines.map(oneLine) };
  return { ...CODES[code], code, where: printable(where), problem: printable(problem), remedy };
}

/** The same finding once, however often it was made. */
export function unique(findings: readonly Finding[]): Finding[] {
  const seen = new Map(findings.map((one) => [JSON.stringify(one), one]));
  return [...seen.values()];
}

/** How it stands, from the best to the worst. What could not be looked at may be worse than any warning. */
export type Verdict = 'clean' | 'warning' | 'unknown' | 'error';

const WORST_FIRST = ['error', 'unknown', 'warning'] as const;

/** The worst that was found; notes are clean. */
export function verdictOn(findings: readonly Finding[]): Verdict {
  return WORST_FIRST.find((severity) => findings.some((one) => one.severity === severity)) ?? 'clean';
}

/** Exit codes as monitoring plugins have them: OK, WARNING, CRITICAL, UNKNOWN. */
export const DOCTOR_EXIT: Readonly<Record<Verdict, number>> = { clean: 0, warning: 1, error: 2, unknown: 3 };

/** A line to copy keeps its backslashes, which are sudoers' own; everything else unprintable is escaped. */
function oneLine(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, printable);
}
