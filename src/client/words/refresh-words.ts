/** The words of `zrep refresh`. Pure. */

import { Failure } from '../run/failure.ts';
import { type Operands, readOperands, type Verbs } from './verb.ts';

/** `zrep refresh [-f] [-v] [-r] [--json] FS...|all` */
export interface RefreshCommand extends Operands {
  readonly kind: 'refresh';
  readonly json: boolean;
}

const USAGE = 'zrep refresh [-f] [-v] [-r] [--json] FS...|all';

export const REFRESH_VERBS: Verbs<RefreshCommand> = {
  refresh: {
    usage: [USAGE],
    summary: 'bring copies on this host up to date',
    description: [
      'Brings each copy up to date: a new snapshot on its source, the stream of what has changed since the last, marks on both sides, and expiring on both. all is every copy on this host under the tag. One that fails holds up no other.',
    ],
    options: [
      { name: '-f', text: 'give up changes that were made in the copy (roll back to what both sides have)' },
      { name: '-v', text: 'say what is done, there and here, on standard error' },
      { name: '-r', text: 'as with stock; a stream that was cut off is gone on with without it' },
      { name: '--json', text: 'one JSON object a line on standard output, for programs' },
    ],
    examples: ['zrep refresh backup/home', 'zrep -t offsite refresh all'],
    exits: '0 all are up to date, 1 one is not, 2 wrong usage.',
    read(given, operands) {
      // Stock's words, and its exit code.
      if (operands.length === 0) throw new Failure('no filesystems specified for refresh');
      return { kind: 'refresh', ...readOperands(USAGE, operands), json: given.has('--json') };
    },
  },
};
