/** `--check` and `--forecast`: a configuration in words, and what it comes to. Pure. */

import { describeConfiguration, describeSchedule } from './describe.ts';
import { forecast } from './forecast.ts';
import { drawForecast } from './picture.ts';
import type { Configuration, Schedule } from './schedule.ts';
import { scheduleFor } from './sections.ts';
import { before, fixedSeconds, type Span } from './span.ts';

/** The whole file, or what of it is for each of `datasets`. */
export function check(configuration: Configuration, datasets: readonly string[]): string {
  if (datasets.length === 0) return describeConfiguration(configuration);
  return datasets
    .map((dataset) => {
      const found = scheduleFor(configuration, dataset);
      if (found === undefined)
        return `${dataset}: nothing in the file is for it, so nothing is destroyed there\n`;
      const by =
        found.pattern === undefined ? 'by what is for every file system' : `by section [${found.pattern}]`;
      return `${dataset}, ${by}:\n${describeSchedule(found.schedule)
        .map((line) => `  ${line}\n`)
        .join('')}`;
    })
    .join('\n');
}

export interface Horizon {
  readonly now: number;
  readonly span: Span;
  readonly every: Span;
  readonly keep: number;
  /** Columns of the terminal. */
  readonly width: number;
}

/** A picture for each schedule that is asked about: those of `datasets`, or all there are. */
export function foresee(configuration: Configuration, datasets: readonly string[], horizon: Horizon): string {
  return choose(configuration, datasets)
    .map(([name, schedule]) => foreseeOne(name, schedule, horizon))
    .join('\n');
}

function choose(
  configuration: Configuration,
  datasets: readonly string[],
): [name: string, schedule: Schedule | undefined][] {
  if (datasets.length > 0)
    return datasets.map((dataset) => [dataset, scheduleFor(configuration, dataset)?.schedule]);
  const { sections, otherwise } = configuration;
  const rest: [string, Schedule][] =
    otherwise === undefined
      ? []
      : [[sections.length === 0 ? 'every file system' : 'every other file system', otherwise]];
  return [
    ...sections.map(({ patterns, schedule }): [string, Schedule] => [`[${patterns.join(', ')}]`, schedule]),
    ...rest,
  ];
}

function foreseeOne(
  name: string,
  schedule: Schedule | undefined,
  { now, span, every, keep, width }: Horizon,
): string {
  const title = `${name}: a snapshot every ${every.text}, for ${span.text}`;
  const from = now;
  const until = now + (now - before(now, span));
  if (schedule === undefined || schedule.kind === 'all') {
    const number = Math.floor((until - from) / fixedSeconds(every));
    return `${title}\n\n  nothing is destroyed: ${number} snapshots by then\n`;
  }
  const seen = forecast(schedule, { from, until, every: fixedSeconds(every), keep });
  return drawForecast(seen, { width, title, span: span.text });
}
