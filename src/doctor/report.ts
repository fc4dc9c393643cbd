/** A diagnosis as a person reads it at night, and as a program does. Pure. */

import type { Severity } from '../severity.ts';
import { wrap } from '../wrap.ts';
import type { Diagnosis } from './doctor.ts';
import { DOCTOR_EXIT, type Finding } from './findings.ts';

/** The worst first. */
const HEADINGS: readonly (readonly [Severity, string])[] = [
  ['error', 'errors'],
  ['unknown', 'not looked at'],
  ['warning', 'warnings'],
  ['note', 'notes'],
];

/** Several lines, at most `width` long but for lines to copy; no newline at the end. */
export function formatDiagnosis({ host, verdict, looked, findings }: Diagnosis, width: number): string {
  const sections = HEADINGS.flatMap(([severity, heading]) => {
    const own = findings.filter((one) => one.severity === severity);
    return own.length === 0
      ? []
      : [[`${heading}:`, ...own.map((one) => formatFinding(one, width))].join('\n\n')];
  });
  const counts = HEADINGS.flatMap(([severity, heading]) => {
    const count = findings.filter((one) => one.severity === severity).length;
    if (count === 0) return [];
    return [
      severity === 'unknown'
        ? `${count} ${heading}`
        : `${count} ${count === 1 ? heading.slice(0, -1) : heading}`,
    ];
  });
  const summary =
    verdict === 'clean'
      ? `${host}: nothing wrong${counts.length > 0 ? ` (${counts.join(', ')})` : ''}. Looked at: ${looked.join('; ')}.`
      : `${host}: ${counts.join(', ')}.`;
  return [...sections, wrap(summary, width, '').join('\n')].join('\n\n');
}

/** One line of JSON. */
export function diagnosisAsJson(diagnosis: Diagnosis): string {
  return JSON.stringify({ ...diagnosis, exit: DOCTOR_EXIT[diagnosis.verdict] });
}

function formatFinding({ code, where, problem, why, remedy }: Finding, width: number): string {
  return [
    `${code}: ${where}`,
    ...wrap(`${problem}. ${why}`, width, '  '),
    ...wrap(remedy.what, width, '  '),
    ...remedy.lines.map((line) => `      ${line}`),
  ].join('\n');
}
