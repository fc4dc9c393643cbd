/** One command of an administrator's, as it was shown. */

import { ask } from '../../doctor/ask.ts';
import { CannotPair } from './cannot-pair.ts';
import { noteDone, sayDone } from './done.ts';

/** Runs `argv` to its end. @throws CannotPair when it fails. */
export async function run(argv: readonly string[]): Promise<void> {
  const { good, message } = await ask(argv);
  if (!good) throw new CannotPair(`${argv.join(' ')}: ${message}${sayDone()}`);
  noteDone(argv.join(' '));
}
