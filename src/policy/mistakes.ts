/** What is wrong with a policy file, in words for the person who wrote it: where, and what to write instead. */

import { printable } from '../printable.ts';

export interface Mistake {
  /** As a person would say it: `client.backup1.grant[2].raw`, entries counted from 1. */
  readonly place: string;
  readonly problem: string;
}

/** One line: place and problem, printable. */
export function describeMistake({ place, problem }: Mistake): string {
  return printable(`${place}: ${problem}`);
}

/** Why a policy with these mistakes is not changed, in one sentence. */
export function sayMistaken([first]: readonly Mistake[]): string {
  const what = first === undefined ? '' : `: ${describeMistake(first)}`;
  return `the policy has mistakes, and is not changed before they are fixed (zrep-gate check lists all)${what}`;
}
