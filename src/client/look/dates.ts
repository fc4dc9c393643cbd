/**
 * Times as ZREP_DATEFORMAT has them. What depends on the locale or names the time zone is left to date(1), which has
 * the same strftime(3) as stock's shell: once for all of them.
 */

import { spawnSync } from 'node:child_process';
import { Failure } from '../run/failure.ts';
import { strftime } from './strftime.ts';

/** ASCII's own, which no format holds. */
const BETWEEN = '\x1e';

/** Each of `times`, epoch seconds, in the form `format`. @throws Failure where date cannot write that. */
export function formatTimes(format: string, times: readonly number[]): ReadonlyMap<number, string> {
  const different = [...new Set(times)];
  const own = different.map((time) => strftime(format, new Date(time * 1000)));
  const texts = own.includes(undefined) ? askDate(format, different) : (own as string[]);
  return new Map(different.map((time, index) => [time, texts[index] ?? '']));
}

function askDate(format: string, times: readonly number[]): string[] {
  const input = times.map((time) => `@${time}\n`).join('');
  const { status, stdout, error } = spawnSync('date', ['-f', '-', `+${format}${BETWEEN}`], {
    input,
    encoding: 'utf8',
  });
  const texts = (stdout ?? '').split(`${BETWEEN}\n`).slice(0, -1);
  if (error === undefined && status === 0 && texts.length === times.length) return texts;
  throw new Failure(
    `date cannot write times in the form that ZREP_DATEFORMAT has; write one of figures, e.g. ZREP_DATEFORMAT="%Y-%m-%d %H:%M"`,
  );
}
