/** What is wrong with a policy file, in words for the person who wrote it: where, and what to write instead. */

import type { core } from 'zod/mini';
import { printable, quote } from '../printable.ts';

export interface Mistake {
  /** As a person would say it: `client.backup1.grant[2].raw`, entries counted from 1. */
  readonly place: string;
  readonly problem: string;
}

/** One line: place and problem, printable. */
export function describeMistake({ place, problem }: Mistake): string {
  return printable(`${place}: ${problem}`);
}

/** zod's issues as mistakes. */
export function mistakesFrom(issues: readonly core.$ZodIssue[]): Mistake[] {
  return issues.flatMap((issue) => {
    const place = placeOf(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        place: placeOf([...issue.path, key]),
        problem: 'is not a key that is known here',
      }));
    }
    return [{ place, problem: problemOf(issue) }];
  });
}

function problemOf(issue: core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; expected ${issue.expected}`
        : `expected ${article(issue.expected)}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map((value) => quote(String(value))).join(', ')}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'is not a name that can stand here';
    default:
      return issue.message;
  }
}

function article(type: string): string {
  if (type === 'array') return 'a list, such as ["…"]'.replace('…', 'value');
  if (type === 'boolean') return 'true or false';
  return `a ${type === 'object' || type === 'record' ? 'table' : type}`;
}

function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((key) => (typeof key === 'number' ? `[${key + 1}]` : `.${String(key)}`)).join('');
  return place.replace(/^\./, '') || 'the file';
}
