/**
 * Which section of a file is for a file system. Pure.
 *
 * The one that says most: an exact name before a pattern, of patterns the one with more letters outside its stars, then
 * the one without `**`, then the one that comes first.
 */

import type { Configuration, Schedule, Section } from './schedule.ts';

/** What decides over `dataset`, and the pattern that says so; the answer is undefined where the file says nothing. */
export function scheduleFor(
  { sections, otherwise }: Configuration,
  dataset: string,
): { readonly schedule: Schedule; readonly pattern: string | undefined } | undefined {
  let best: { section: Section; pattern: string; weight: number } | undefined;
  for (const section of sections) {
    for (const pattern of section.patterns) {
      if (!matches(pattern, dataset)) continue;
      const weight = weightOf(pattern);
      if (best === undefined || weight > best.weight) best = { section, pattern, weight };
    }
  }
  if (best !== undefined) return { schedule: best.section.schedule, pattern: best.pattern };
  return otherwise && { schedule: otherwise, pattern: undefined };
}

/** `*` is anything within one level, `**` one level or more. */
function matches(pattern: string, dataset: string): boolean {
  if (!pattern.includes('*')) return pattern === dataset;
  const source = pattern
    .split('/')
    .map((level) => (level === '**' ? '.+' : level.split('*').map(literally).join('[^/]*')))
    .join('/');
  return new RegExp(`^${source}$`).test(dataset);
}

/** The whole name of a file system is shorter than 256 characters. */
function weightOf(pattern: string): number {
  if (!pattern.includes('*')) return Number.POSITIVE_INFINITY;
  return pattern.replaceAll('*', '').length + (pattern.includes('**') ? 0 : 0.5);
}

function literally(text: string): string {
  return text.replace(/[.:]/g, '\\$&');
}

/** True for what can be a section's name. */
export function isPattern(text: string): boolean {
  const levels = text.split('/');
  return levels.every(
    (level) => /^[A-Za-z0-9_.:* -]+$/.test(level) && (level === '**' || !level.includes('**')),
  );
}
