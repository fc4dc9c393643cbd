/** What a person is told when something cannot be done, and cannot go on: one sentence, with what mends it. */

import type { Refusal } from '../../refusal.ts';

export class Failure extends Error {
  /** A file system that was named, and may be a mistyped one. */
  readonly unknown: string | undefined;

  constructor(message: string, { unknown }: { readonly unknown?: string } = {}) {
    super(message);
    this.unknown = unknown;
  }
}

/** The refusal of a step on this host, as a failure in the words for it. */
export function failureOf({ reason }: Refusal): Failure {
  return new Failure(reason);
}
