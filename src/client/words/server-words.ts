/** The words of what cron does on a source, and of what only another zrep sends. Pure. */

import { type Operands, readOperands, type Verbs, wrong } from './verb.ts';

/** `zrep snaponly FS...|all` */
export interface SnaponlyCommand extends Operands {
  readonly kind: 'snaponly';
}

/** `zrep expire|-e [-L] [FS...|all]`; without any operand those that this host is the master of. */
export interface ExpireCommand extends Operands {
  readonly kind: 'expire';
  /** -L: not on the other side. */
  readonly local: boolean;
}

/** What only another zrep sends, to be read by command/zrep-verbs.ts, as the gate reads it. */
export interface WireCommand {
  readonly kind: 'wire';
  /** The verb first. */
  readonly words: readonly string[];
}

export const WIRE = ['_refreshpull', '_refreshcomplete', '_state'];

const SNAPONLY = 'zrep snaponly FS...|all';
const EXPIRE = 'zrep expire [-L] [FS...|all]';

export const SERVER_VERBS: Verbs<SnaponlyCommand | ExpireCommand> = {
  snaponly: {
    usage: [SNAPONLY],
    summary: 'make the next snapshot of a file system here',
    description: [
      'Makes the next snapshot of each, and prints its name without a newline. all is every file system that this host is the master of under the tag. The first that fails ends it.',
    ],
    options: [],
    exits: '0 made, 1 not made (e.g. locked by another zrep), 2 wrong usage.',
    read(_given, operands) {
      if (operands.length === 0) throw wrong(SNAPONLY, 'no file system was named');
      return { kind: 'snaponly', ...readOperands(SNAPONLY, operands) };
    },
  },
  expire: {
    usage: [EXPIRE],
    alias: ['-e'],
    summary: 'destroy snapshots beyond the save count',
    description: [
      'Destroys the oldest snapshots of the tag beyond TAG:savecount. On a source, the last one that was sent and all behind it stay; on a copy, the newest do, and the one that the next refresh goes on from. Held ones always stay. all is every file system of a pair; without a name, those that this host is the master of.',
    ],
    options: [
      {
        name: '-L',
        text: 'here only; without it, a source has its copy expired as well, by ssh to TAG:dest-host',
      },
    ],
    exits: '0 done, 1 one could not be expired, 2 wrong usage.',
    read: (given, operands) => ({
      kind: 'expire',
      ...readOperands(EXPIRE, operands),
      local: given.has('-L'),
    }),
  },
};
