/** A diagnosis as a person reads it at night, and as a program does. Pure. */

import type { Severity } from '../../severity.ts';
import { wrap } from '../../wrap.ts';
import { exitCodeFor, type Finding } from './finding.ts';

export interface Diagnosis {
  readonly host: string;
  readonly tag: string;
  /** The pairs that were looked at. */
  readonly looked: readonly {
    readonly dataset: string;
    readonly role: string;
    readonly other: string;
    readonly seen: boolean;
  }[];
  /** What is wrong, or is still. */
  readonly findings: readonly Finding[];
  /** What was mended. */
  readonly mended: readonly Finding[];
}

/** The worst first. */
const HEADINGS: readonly (readonly [Severity, string])[] = [
  ['error', 'errors'],
  ['warning', 'warnings'],
  ['unknown', 'not seen'],
  ['note', 'notes'],
];

/** Several lines, at most `width` long but for those to copy. */
export function formatDiagnosis(diagnosis: Diagnosis, width: number): string {
  const { findings, mended } = diagnosis;
  const sections = HEADINGS.flatMap(([severity, heading]) => {
    const own = findings.filter((one) => one.severity === severity);
    return own.length === 0 ? [] : [`${heading}:`, ...own.map((one) => formatFinding(one, width))];
  });
  const done = mended.map((one) =>
    wrap(`mended: ${one.code}: ${one.where}: ${one.what}`, width, '').join('\n'),
  );
  const summary = wrap(summaryOf(diagnosis), width, '').join('\n');
  return `${[...(done.length > 0 ? [done.join('\n')] : []), ...sections, summary].join('\n\n')}\n`;
}

/** One line of JSON. */
export function diagnosisAsJson({ findings, mended, ...diagnosis }: Diagnosis): string {
  const plain = ({ mend: { acts: _acts, ...mend }, ...one }: Finding) => ({ ...one, mend });
  const exit = exitCodeFor(findings);
  const verdict = { 0: 'well', 1: 'wrong', 3: 'unknown' }[exit];
  return `${JSON.stringify({ ...diagnosis, verdict, exit, findings: findings.map(plain), mended: mended.map(plain) })}\n`;
}

function summaryOf({ host, tag, looked, findings }: Diagnosis): string {
  const counts = HEADINGS.flatMap(([severity, heading]) => {
    const count = findings.filter((one) => one.severity === severity).length;
    const word = count === 1 && severity !== 'unknown' ? heading.slice(0, -1) : heading;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const pairs = `${looked.length} ${looked.length === 1 ? 'pair' : 'pairs'}`;
  const unseen = looked.filter(({ seen }) => !seen).length;
  const seen =
    unseen === 0
      ? 'on both sides'
      : unseen === looked.length
        ? 'on this side alone'
        : `${unseen} on this side alone`;
  const scope = looked.length === 0 ? pairs : `${pairs} looked at, ${seen}`;
  const exit = exitCodeFor(findings);
  if (exit === 0) return `${host}: nothing wrong (${[scope, ...counts].join('; ')}).`;
  const by = (kind: string) => findings.filter(({ mend }) => mend.by === kind).length;
  const [safe, force] = [by('safe'), by('force')];
  const doctor = `zrep ${tag === 'zrep' ? '' : `-t ${tag} `}doctor`;
  const help = [
    ...(safe > 0 ? [`${doctor} --fix mends ${safe} of them`] : []),
    ...(force > 0
      ? [
          `${doctor} --fix -f ${safe > 0 ? `${force} more, which` : `mends ${force} of them, and`} gives up what is listed`,
        ]
      : []),
  ];
  return `${[`${host}: ${counts.join(', ')} (${scope})`, ...help].join('; ')}.`;
}

function formatFinding({ code, where, what, why, mend }: Finding, width: number): string {
  const place = mend.on === undefined ? '' : `On ${mend.on}: `;
  return [
    `${code}: ${where}`,
    ...wrap(`${sentence(what)}. ${why}`, width, '  '),
    ...wrap(`${place}${mend.what}`, width, '  '),
    ...mend.lines.map((line) => `      ${line}`),
    ...(mend.losses.length > 0 ? ['  That gives up:', ...mend.losses.map((loss) => `      ${loss}`)] : []),
  ].join('\n');
}

/** A name stays as it is. */
function sentence(text: string): string {
  return /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
