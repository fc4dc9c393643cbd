/**
 * What keeps a policy from being TOML, said to the person who wrote it: most often a quote or a bracket is missing. Loaded only when there is
 * a mistake. Pure.
 */

import { shorten } from '../printable.ts';

/** As smol-toml has it. */
export interface TomlProblem {
  readonly line: number;
  /** Counted from 1. */
  readonly column: number;
  readonly message: string;
}

/** One sentence, to stand behind the line and column. */
export function sayTomlProblem(text: string, { line, column, message }: TomlProblem): string {
  const own = text.split(/\r?\n/)[line - 1] ?? '';
  const bare = shorten(own.trim(), 100);
  const [problem = ''] = message.split('\n');
  if (/control characters are not allowed in strings|unfinished string/.test(problem))
    return `a quote is missing at the end of a string: ${bare}`;
  if (/invalid value/.test(problem)) return sayNoValue(own.slice(column - 1)) ?? problem;
  if (bare.startsWith('[') && !/expected comma/.test(problem)) return sayNoHeader(bare, problem);
  if (/illegal character in key/.test(problem) && /^[\w.-]+\s*:/.test(bare))
    return `write = between a key and its value, not ":": ${bare}`;
  if (!/expected comma or end of structure/.test(problem)) return problem;
  // `["pull, "expire"]`: what was meant to be in quotes stands outside.
  if (/["']$/.test(own.slice(0, column - 1)) && /^[A-Za-z]/.test(own.slice(column - 1)))
    return `a quote is missing: ${bare}`;
  return `a comma or a closing bracket is missing in front of ${shorten(own.slice(column - 1).trim(), 100) || bare}`;
}

/** Text without quotes, or with half of them. */
function sayNoValue(rest: string): string | undefined {
  if (/^[\u2018-\u201f\u00ab\u00bb]/.test(rest)) return 'write plain quotes ("), not typographic ones';
  const [, word = '', end = ''] = /^([A-Za-z0-9_.:/%@+-]+)(["']?)/.exec(rest) ?? [];
  if (word === '') return undefined;
  if (end !== '') return `a quote is missing in front of ${word}: write "${word}"`;
  return `the quotes around ${word} are missing: write "${word}"`;
}

function sayNoHeader(bare: string, problem: string): string {
  const [, open = '', name = '', close = ''] = /^(\[+)([^\]#]*)(\]*)/.exec(bare) ?? [];
  const key = name.trim();
  if (close.length < open.length)
    return `a closing bracket is missing: write ${open}${key}${']'.repeat(open.length)}`;
  if (/\s/.test(key) && !/["']/.test(key))
    return `"${key}" has a blank in it; a client's name has letters, digits and "_.-", such as backup1`;
  if (!/trying to redefine/.test(problem)) return problem;
  if (open === '[' && /\.grant$/.test(key)) return `write it with two brackets: [[${key}]]`;
  return `${open}${key}${close} is there already; put the two together`;
}
