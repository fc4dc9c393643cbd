/** The words of the verbs that only look: list, getlastsent, uptodate. Pure. */

import { quote } from '../../printable.ts';
import { type Dataset, parseDataset } from '../../zfs/names.ts';
import { Failure } from '../run/failure.ts';
import { sayNoDataset, type Verbs, wrong } from './verb.ts';

/** `zrep list|-l [-v] [-L] [-s] [FS...]`, `zrep list --retired`; without names all of a pair. */
export interface ListCommand {
  readonly kind: 'list';
  readonly datasets: readonly Dataset[];
  /** What they are set to, beside their names. */
  readonly verbose: boolean;
  /** Those alone that this host is the master of. */
  readonly masters: boolean;
  /** Their snapshots, in zfs's own form. */
  readonly snapshots: boolean;
  /** Those alone that are out of service. */
  readonly retired: boolean;
}

/** `zrep getlastsent|lastsent FS...` */
export interface LastsentCommand {
  readonly kind: 'getlastsent';
  readonly datasets: readonly Dataset[];
}

/** `zrep uptodate FS...` */
export interface UptodateCommand {
  readonly kind: 'uptodate';
  readonly datasets: readonly Dataset[];
}

const LIST = 'zrep list [-v] [-L] [-s] [FS...]';
const RETIRED = 'zrep list --retired';
const LASTSENT = 'zrep getlastsent FS...';
const UPTODATE = 'zrep uptodate FS...';

export const LOOK_VERBS: Verbs<ListCommand | LastsentCommand | UptodateCommand> = {
  list: {
    usage: [LIST, RETIRED],
    alias: ['-l'],
    summary: 'list the file systems here that belong to pairs',
    description: [
      'Prints the names of the file systems here that belong to a pair under the tag, sources and copies. Of those that are named, the ones that do.',
    ],
    options: [
      { name: '-v', text: 'what is set on each, zrep or not, and its last sent snapshot' },
      { name: '-L', text: 'only those that this host is the master of' },
      {
        name: '-s',
        text: 'the snapshots of each and when they were made, as zfs list has them; without a name, of those that this host is the master of',
      },
      {
        name: '--retired',
        text: 'the copies that zrep retire has taken out of service, which are not listed otherwise',
      },
    ],
    examples: ['zrep list', 'zrep list -v backup/home', 'zrep list -s backup/home'],
    exits: '0 done, 1 a name is not that of a file system, or zfs failed, 2 wrong usage.',
    read(given, operands) {
      const retired = given.has('--retired');
      if (retired && given.size + operands.length > 1) throw wrong(RETIRED, '--retired stands alone');
      if (given.has('-s') && (given.has('-v') || given.has('-L'))) throw wrong(LIST, '-s stands alone');
      return {
        kind: 'list',
        datasets: operands.map((text) => {
          // Stock's words, and its exit code.
          return parseDataset(text) ?? fail(`Expecting filesystem, but got ${quote(text)}`);
        }),
        verbose: given.has('-v'),
        masters: given.has('-L'),
        snapshots: given.has('-s'),
        retired,
      };
    },
  },
  getlastsent: {
    usage: [LASTSENT],
    alias: ['lastsent'],
    summary: 'print the last snapshot that both sides have',
    description: [
      'Prints the name of the last snapshot that was sent whole, on either side of a pair: the one that the next stream goes on from. An empty line where there was none yet.',
    ],
    options: [],
    examples: ['zrep getlastsent backup/home'],
    exits: '0 done, 1 there is no such file system, 2 wrong usage.',
    read: (_given, operands) => ({ kind: 'getlastsent', datasets: named('getlastsent', LASTSENT, operands) }),
  },
  uptodate: {
    usage: [UPTODATE],
    summary: 'tell by the exit code whether all has been sent',
    description: [
      'Prints nothing: the exit code is 0 when nothing was written to the file system since the last snapshot that was sent. With -R in front of the verb, nothing below it either. With several, when that is so of each.',
    ],
    options: [],
    examples: ['zrep uptodate tank/home || zrep sync tank/home'],
    exits: '0 nothing was written, 1 something was, or it cannot be told, 2 wrong usage.',
    read: (_given, operands) => ({ kind: 'uptodate', datasets: named('uptodate', UPTODATE, operands) }),
  },
};

function named(verb: string, usage: string, operands: readonly string[]): Dataset[] {
  // Stock's words, and its exit code.
  if (operands.length === 0) fail(`zrep ${verb} requires the name of a zrep managed fs`);
  return operands.map((text) => {
    const dataset = parseDataset(text);
    if (dataset === undefined) throw wrong(usage, sayNoDataset(text));
    return dataset;
  });
}

function fail(message: string): never {
  throw new Failure(message);
}
