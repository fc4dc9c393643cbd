/** A person's yes, on the terminal, before root's files are changed. */

import { listenForInterruption } from '../../process/interruption.ts';
import { openTerminal } from '../../process/terminal.ts';

/** True for a yes that is typed behind the question. Where nobody is at a terminal it is a no, unless `yes` said it before. */
export async function agree(yes: boolean): Promise<boolean> {
  if (yes) return true;
  const terminal = openTerminal({ discard: true });
  if (terminal === undefined) {
    console.error(
      'zrep-gate: nothing was changed, since nobody is at a terminal to be asked; to do it, add --yes',
    );
    return false;
  }
  terminal.print('Type yes to do this: ');
  const answer = await terminal.readLine(listenForInterruption());
  if (answer === undefined) terminal.print('\n');
  terminal.close();
  if (answer?.trim() === 'yes') return true;
  console.error('zrep-gate: nothing was changed, since the answer was not yes');
  return false;
}
