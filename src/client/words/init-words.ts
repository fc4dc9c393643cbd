/** The words of `zrep init`, whichever side calls it. Pure. */

import { quote } from '../../printable.ts';
import type { Dataset } from '../../zfs/names.ts';
import { parseSource, parseSourceHost } from './source.ts';
import { type Given, readDataset, type Verbs, wrong } from './verb.ts';

/** `zrep init --pull [--anew|--undo] [-f] [-v] [--dry-run] [--ignore-room] [--wait T] HOST:SRCFS DESTFS` */
export interface InitPullCommand {
  readonly kind: 'init-pull';
  /** `[user@]host`, for ssh. */
  readonly host: string;
  readonly source: Dataset;
  readonly destination: Dataset;
  readonly dryRun: boolean;
  /** Begin also where the first stream needs more room than there is. */
  readonly ignoreRoom: boolean;
  /** The old copy, which has no snapshot in common with SRCFS any more, or is gone, is left aside. */
  readonly anew: boolean;
  /** Take back what the same command without it did on HOST. */
  readonly undo: boolean;
}

/** `zrep init|-i [-f] [-v] SRCFS DESTHOST DESTFS` */
export interface InitCommand {
  readonly kind: 'init';
  readonly source: Dataset;
  readonly host: string;
  readonly destination: Dataset;
}

const PULL = 'zrep init --pull [-f] [-v] [--ignore-room] [--wait T] HOST:SRCFS DESTFS';
const AGAIN = 'zrep init --pull --anew|--undo [-v] [--wait T] HOST:SRCFS DESTFS';
const DRY = 'zrep init --pull --dry-run [--anew|--undo] [-f] [-v] HOST:SRCFS DESTFS';
const PUSH = 'zrep init [-f] [-v] SRCFS DESTHOST DESTFS';

export const INIT_VERBS: Verbs<InitPullCommand | InitCommand> = {
  init: {
    usage: [PULL, PUSH, AGAIN, DRY],
    alias: ['-i'],
    summary: 'begin a pair, from the side that pulls (--pull) or sends',
    description: [
      'With --pull, sets a pair up from the side that pulls: configures SRCFS on HOST, makes its first snapshot, and receives it into DESTFS, which must not be there yet. HOST needs zrep-gate, whose policy grants this client init; it never needs to reach this host. Cut off anywhere, the same command goes on.',
      'All that can be known on this host is checked before HOST is asked to change anything. As long as no stream has ended well, the same command with another DESTFS redirects the pair, and --undo takes back what it set on HOST; only the client that began it can do either.',
      'With --anew, a pair that has begun is begun once more: where the two sides have no snapshot in common any more, or the copy is gone. The old copy stays under another name, DESTFS_old, with all its snapshots, and out of service.',
      'Without --pull, the same from the side that sends, as stock has it: DESTHOST must let this host in by ssh, and run zfs there. What fails leaves DESTFS alone.',
    ],
    options: [
      { name: '--pull', text: 'this host is the one that pulls' },
      { name: '-f', text: 'into a file system that is there already, which loses what it has' },
      { name: '-v', text: 'say what is done, there and here, on standard error' },
      { name: '--dry-run', text: 'with --pull: print what would be done on either side, and do nothing' },
      {
        name: '--ignore-room',
        text: 'with --pull: begin although the first stream may need more room than there is',
      },
      {
        name: '--anew',
        text: 'with --pull: begin the pair once more, where the sides have no snapshot in common; the old copy is renamed and kept',
      },
      { name: '--undo', text: 'with --pull: take back a set-up of which no stream has ended well' },
      {
        name: '--wait',
        value: 'T',
        text: 'with --pull: wait for what is busy, each time for at most T (90s, 10min, 2h): a lock that another zrep holds, and the limits of zrep-gate on streams and sessions. Without it, what is busy fails at once (ZREP_WAIT)',
      },
    ],
    examples: ['zrep init --pull root@fileserver:tank/home backup/home'],
    exits: '0 the copy is there, 1 it is not, 2 wrong usage.',
    read(given, operands) {
      if (given.has('--pull')) return readPull(given, operands);
      for (const name of ['--dry-run', '--ignore-room', '--anew', '--undo', '--wait'])
        if (given.has(name)) throw wrong(PULL, `${name} is for init --pull`);
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

function readPull(given: Given, operands: readonly string[]): InitPullCommand {
  const [from = '', to = '', ...extra] = operands;
  if (to === '' || extra.length > 0)
    throw wrong(PULL, 'a host with a file system there, and a file system here are needed');
  const source = parseSource(from, '');
  if (source === undefined)
    throw wrong(PULL, `${quote(from)} is not HOST:FS, e.g. root@fileserver:tank/home`);
  if (given.has('--anew') && given.has('--undo'))
    throw wrong(AGAIN, '--undo takes back what was begun, and --anew begins: take one of them');
  return {
    kind: 'init-pull',
    host: source.host.name,
    source: source.dataset,
    destination: readDataset(PULL, to),
    dryRun: given.has('--dry-run'),
    ignoreRoom: given.has('--ignore-room'),
    anew: given.has('--anew'),
    undo: given.has('--undo'),
  };
}
