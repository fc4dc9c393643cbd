/**
 * Where a setting stands in sshd's configuration. What holds is what `sshd -T` says; this only tells a person which
 * line to change.
 */

import { readdirSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { readIfThere } from './ask.ts';
import { fitsPattern } from './sshd-settings.ts';

export interface ConfigLine {
  /** FILE:LINE */
  readonly place: string;
  /** In small letters. */
  readonly keyword: string;
  readonly value: string;
}

/** Every line of `file` and of what it includes, in the order in which sshd reads them. */
export function readConfig(file: string, depth = 0): ConfigLine[] {
  const text = readIfThere(file) ?? '';
  return text.split('\n').flatMap((line, index) => {
    const [, keyword = '', value = ''] = /^[ \t]*"?([A-Za-z0-9]+)"?[ \t=]+(.*?)[ \t\r\f]*$/.exec(line) ?? [];
    if (keyword === '') return [];
    const own = { place: `${file}:${index + 1}`, keyword: keyword.toLowerCase(), value };
    // sshd stops at sixteen (servconf.c, SERVCONF_MAX_DEPTH).
    if (own.keyword !== 'include' || depth === 16) return [own];
    return patternsIn(value).flatMap((pattern) => included(pattern, depth + 1, own));
  });
}

/** Words, in quotes or without, up to a comment. */
function patternsIn(value: string): string[] {
  const words = value.matchAll(/"([^"]*)"|([^ \t"]+)/g);
  const all = [...words].map(([, quoted, plain = '']) => quoted ?? plain);
  const comment = all.findIndex((word) => word.startsWith('#'));
  return comment === -1 ? all : all.slice(0, comment);
}

/**
 * Relative names lie in /etc/ssh (sshd_config(5), Include). Of patterns, those with `*` and `?` in a file's own name are
 * read here; any other is itself among the lines, since what it includes is not.
 */
function included(pattern: string, depth: number, own: ConfigLine): ConfigLine[] {
  const path = resolve('/etc/ssh', pattern);
  if (/[[\]{}\\~]/.test(path) || /[*?]/.test(dirname(path))) return [own];
  if (!/[*?]/.test(path)) return readConfig(path, depth);
  return namesIn(dirname(path))
    .filter((name) => !name.startsWith('.') && fitsPattern(name, basename(path)))
    .flatMap((name) => readConfig(`${dirname(path)}/${name}`, depth));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The line that says `value`, or the first one of this setting; undefined where sshd's default holds. */
export function lineOf(lines: readonly ConfigLine[], keyword: string, value: string): ConfigLine | undefined {
  const own = lines.filter((line) => line.keyword === keyword);
  const says = ({ value: said }: ConfigLine) =>
    said.split(/[ \t]+/).some((word) => word.replaceAll('"', '').toLowerCase() === value.toLowerCase());
  return own.find(says) ?? own[0];
}

/** True when not everybody has the same settings, or when that is not certain: an Include was not followed. */
export function hasMatch(lines: readonly ConfigLine[]): boolean {
  return lines.some(({ keyword }) => keyword === 'match' || keyword === 'include');
}
