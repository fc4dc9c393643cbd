/** What this run has changed so far, for the sentence on why it stopped. A process runs one `grant` or `revoke`. */

const done: string[] = [];

/** Notes a file that was written, or a command that was run. */
export function noteDone(what: string): void {
  done.push(what);
}

/** The end of a sentence on what was not done. */
export function sayDone(): string {
  return done.length === 0 ? '. Nothing was changed' : `. Done before: ${done.join('; ')}`;
}

/** The same as a sentence of its own. */
export function sayWritten(): string {
  return done.length === 0 ? 'No file was written.' : `Written: ${done.join(', ')}`;
}
