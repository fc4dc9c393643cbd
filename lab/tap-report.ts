/** What a run of the tests prints: a line a file, what failed in it, and at the end what was skipped, what was slow, and how many passed. */

import { Parser, type Result } from 'tap-parser';

/** One test file that has ended. */
export interface FileReport {
  /** As people name it: its path, and where else than here it ran. */
  readonly name: string;
  readonly checks: readonly Result[];
  readonly ok: boolean;
  readonly seconds: number;
}

/** How many of the slowest files the report names. */
const SLOWEST = 10;

/** Prints a file's line, and each of its checks that failed. At once: a run that is interrupted has printed what it knew. */
export function printFile({ name, checks, ok, seconds }: FileReport): void {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${checks.length} checks, ${seconds.toFixed(1)} s)`);
  for (const check of ok ? [] : failuresIn(checks)) console.log(describeFailure(name, check));
}

/**
 * Prints what was skipped and why, the slowest files, and the closing line, `N passed, N failed, N skipped`. Counted are the
 * checks that tap counts, of which a skipped test is one; a file that failed without a failed check counts as one, too.
 * Under CI a skip is a failure: what CI has not seen, it must not call good. @returns the exit code.
 */
export function printSummary(files: readonly FileReport[]): number {
  let [passed, failed, skipped] = [0, 0, 0];
  for (const { name, checks, ok } of files) {
    const skips = checks.filter(({ skip }) => skip);
    const failures = failuresIn(checks).length;
    for (const skip of skips) console.log(`skipped: ${name} > ${skip.name}: ${skip.skip}`);
    passed += checks.length - skips.length - failures;
    failed += ok ? failures : Math.max(failures, 1);
    skipped += skips.length;
  }
  const slowest = [...files].sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  console.log('slowest files:');
  for (const { name, seconds } of slowest) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed > 0 || passed + skipped === 0) return 1;
  return process.env['CI'] && skipped > 0 ? 1 : 0;
}

/**
 * What a run of tap printed: its checks, before whose names stand those of the tests that they lie in; and whether all is well:
 * there was a test, no check failed, and each test came to its end as planned.
 */
export function readTap(tap: string): { checks: Result[]; ok: boolean } {
  const checks = Parser.parse(tap, { flat: true }).flatMap((event) =>
    event[0] === 'assert' ? [event[1]] : [],
  );
  // Read flat, the plans of the tests within are taken for that of the whole; and where nothing is, the parser has nothing against it.
  const whole = new Parser();
  whole.end(tap);
  return { checks, ok: whole.count > 0 && whole.results?.ok === true };
}

function failuresIn(checks: readonly Result[]): Result[] {
  return checks.filter(({ ok, skip, todo }) => !ok && !skip && !todo);
}

/** The file and the names of the tests, then what tap has on it: the difference, the place. */
function describeFailure(file: string, check: Result): string {
  const { diff, said, at, message, stack } = check.diag ?? {};
  const facts = Object.entries({ diff, message, said, at: at && `${at.fileName}:${at.lineNumber}`, stack });
  const lines = facts.flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    return [`${key}: ${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}`];
  });
  return [`\nFAILED: ${file} > ${check.name}`, ...lines].join('\n').replaceAll('\n', '\n  ');
}
