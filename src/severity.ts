/** How bad what a doctor finds is, and why: what the two doctors' lists of codes are made of. */

/** An `error` keeps something from working, a `warning` is better mended, a `note` is nothing wrong; `unknown` was not seen. */
export type Severity = 'error' | 'warning' | 'unknown' | 'note';

export interface Kind {
  readonly severity: Severity;
  readonly why: string;
}

export const error = (why: string): Kind => ({ severity: 'error', why });
export const warning = (why: string): Kind => ({ severity: 'warning', why });
export const note = (why: string): Kind => ({ severity: 'note', why });

/** What was not seen, or not understood, is not good for that. */
export const unknown = (why: string): Kind => ({ severity: 'unknown', why });

export const NOT_LOOKED = unknown('What is wrong there, if anything, is not told here.');
