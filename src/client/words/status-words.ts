/** The words of `zrep status`. Pure. */

import { quote } from '../../printable.ts';
import { type Dataset, parseDataset } from '../../zfs/names.ts';
import { Failure } from '../run/failure.ts';
import type { Verbs } from './verb.ts';

/** `zrep status|-s [-v] [-a] [-m] [FS...]` */
export interface StatusCommand {
  readonly kind: 'status';
  readonly datasets: readonly Dataset[];
  /** -a: copies as well as sources, where none is named. */
  readonly all: boolean;
  /** -v: where each goes to. */
  readonly verbose: boolean;
  /** -m: only those with more than one snapshot that was not sent. */
  readonly unsent: boolean;
}

const USAGE = 'zrep status [-v] [-a] [FS...]';
const MONITOR = 'zrep status -m [-a] [FS...]';

export const STATUS_VERBS: Verbs<StatusCommand> = {
  status: {
    usage: [USAGE, MONITOR],
    alias: ['-s'],
    summary: 'tell when each file system was last sent',
    description: [
      'Prints when each file system was last sent: the hour that its last common snapshot carries, by ZREP_DATEFORMAT. Without a name, of those that this host is the master of.',
    ],
    options: [
      { name: '-v', text: 'where each goes to as well' },
      { name: '-a', text: 'the copies on this host as well (all does the same)' },
      {
        name: '-m',
        text: 'a line only for those with more than one snapshot that was not sent, and then exit code 1: one may be on its way',
      },
    ],
    examples: ['zrep status -a', 'zrep status -v backup/home'],
    exits: '0 done, 1 one is of no pair, or -m has something to say, 2 wrong usage.',
    read: (given, operands) => ({
      kind: 'status',
      datasets: operands.filter((text) => text !== 'all').map(readRegistered),
      all: given.has('-a') || operands.includes('all'),
      verbose: given.has('-v'),
      unsent: given.has('-m'),
    }),
  },
};

/** @throws Failure in stock's words, for what can be no file system of a pair. */
function readRegistered(text: string): Dataset {
  const dataset = parseDataset(text);
  if (dataset === undefined) throw new Failure(`${quote(text)} is not a zrep registered filesystem`);
  return dataset;
}
