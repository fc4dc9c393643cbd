/** The words of `zrep init`, whichever side calls it. Pure. */

import { quote } from '../../printable.ts';
import type { Dataset } from '../../zfs/names.ts';
import { parseSource, parseSourceHost } from './source.ts';
import { readDataset, type Verbs, wrong } from './verb.ts';

/** `zrep init --pull [-f] [-v] [--dry-run] HOST:SRCFS DESTFS` */
export interface InitPullCommand {
  readonly kind: 'init-pull';
  /** `[user@]host`, for ssh. */
  readonly host: string;
  readonly source: Dataset;
  readonly destination: Dataset;
  readonly dryRun: boolean;
}

/** `zrep init|-i [-f] [-v] SRCFS DESTHOST DESTFS` */
export interface InitCommand {
  readonly kind: 'init';
  readonly source: Dataset;
  readonly host: string;
  readonly destination: Dataset;
}

const PULL = 'zrep init --pull [-f] [-v] [--dry-run] HOST:SRCFS DESTFS';
const PUSH = 'zrep init [-f] [-v] SRCFS DESTHOST DESTFS';

export const INIT_VERBS: Verbs<InitPullCommand | InitCommand> = {
  init: {
    usage: [PULL, PUSH],
    alias: ['-i'],
    summary: 'begin a pair, from the side that pulls (--pull) or sends',
    description: [
      'With --pull, sets a pair up from the side that pulls: configures SRCFS on HOST, makes its first snapshot, and receives it into DESTFS, which must not be there yet. HOST needs zrep-gate, whose policy grants this client init; it never needs to reach this host. Cut off anywhere, the same command goes on.',
      'Without it, the same from the side that sends, as stock has it: DESTHOST must let this host in by ssh, and run zfs there. What fails leaves DESTFS alone.',
    ],
    options: [
      { name: '--pull', text: 'this host is the one that pulls' },
      { name: '-f', text: 'into a file system that is there already, which loses what it has' },
      { name: '-v', text: 'say what is done, there and here, on standard error' },
      { name: '--dry-run', text: 'with --pull: print what would be done on either side, and do nothing' },
    ],
    examples: ['zrep init --pull root@fileserver:tank/home backup/home'],
    exits: '0 the copy is there, 1 it is not, 2 wrong usage.',
    read(given, operands) {
      if (given.has('--pull')) return readPull(given.has('--dry-run'), operands);
      if (given.has('--dry-run')) throw wrong(PULL, '--dry-run is for init --pull');
      return readPush(operands);
    },
  },
};

function readPush(operands: readonly string[]): InitCommand {
  const [source = '', host = '', destination = '', ...extra] = operands;
  if (destination === '' || extra.length > 0)
    throw wrong(PUSH, 'a file system here, a host, and a file system there are needed');
  const there = parseSourceHost(host, '');
  if (there === undefined) throw wrong(PUSH, `${quote(host)} is not the name of a host`);
  return {
    kind: 'init',
    source: readDataset(PUSH, source),
    host: there.name,
    destination: readDataset(PUSH, destination),
  };
}

function readPull(dryRun: boolean, operands: readonly string[]): InitPullCommand {
  const [from = '', to = '', ...extra] = operands;
  if (to === '' || extra.length > 0)
    throw wrong(PULL, 'a host with a file system there, and a file system here are needed');
  const source = parseSource(from, '');
  if (source === undefined)
    throw wrong(PULL, `${quote(from)} is not HOST:FS, e.g. root@fileserver:tank/home`);
  return {
    kind: 'init-pull',
    host: source.host.name,
    source: source.dataset,
    destination: readDataset(PULL, to),
    dryRun,
  };
}
