/** The words of `zrep refresh`. Pure. */

import { quote } from '../../printable.ts';
import { Failure } from '../run/failure.ts';
import { type Operands, readOperands, type Verbs, wrong } from './verb.ts';

/** `zrep refresh [-f [--yes]] [-v] [-r] [-j N] [--wait T] [--json] FS...|all` */
export interface RefreshCommand extends Operands {
  readonly kind: 'refresh';
  readonly json: boolean;
  /** Snapshots may go that are in the way of -f, without a question. */
  readonly yes: boolean;
  /** How many file systems at a time, where that was said. */
  readonly jobs?: number;
}

const USAGE = 'zrep refresh [-f [--yes]] [-v] [-r] [-j N] [--wait T] [--json] FS...|all';

export const REFRESH_VERBS: Verbs<RefreshCommand> = {
  refresh: {
    usage: [USAGE],
    summary: 'bring copies on this host up to date',
    description: [
      'Brings each copy up to date: a new snapshot on its source, the stream of what has changed since the last, marks on both sides, and expiring on both. all is every copy on this host under the tag. One that fails holds up no other.',
      'Several are refreshed three at a time; output is grouped per file system.',
    ],
    options: [
      {
        name: '-f',
        text: 'give up changes that were made in the copy: roll it back to the newest common snapshot, once the stream has begun. On a terminal it lists what would be destroyed, and asks. Without a terminal it goes on if only changes would be lost, and stops if snapshots would be. What zrep-expire protects (holds, bases), clones and bookmarks of others always stay',
      },
      { name: '--yes', text: 'with -f: destroy also snapshots that are in the way, and do not ask' },
      { name: '-v', text: 'say what is done, there and here, on standard error' },
      { name: '-r', text: 'accepted for compatibility: interrupted streams are always resumed' },
      {
        name: '-j',
        value: 'N',
        text: 'N file systems at a time, 1 to 8; default 3, with -v and -D 1. zrep-gate allows a client four streams at once, unless its policy says otherwise',
      },
      {
        name: '--wait',
        value: 'T',
        text: 'wait for what is busy, each time for at most T (90s, 10min, 2h): a lock that another zrep holds, here or on the other side, and the limits of zrep-gate on streams and sessions. Without it, what is busy fails at once (ZREP_WAIT)',
      },
      { name: '--json', text: 'one JSON object a line on standard output, for programs' },
    ],
    examples: ['zrep refresh backup/home', 'zrep -t offsite refresh all'],
    exits: '0 all are up to date, 1 one is not, 2 wrong usage.',
    read(given, operands) {
      // Stock's words, and its exit code.
      if (operands.length === 0) throw new Failure('no filesystems specified for refresh');
      const jobs = readJobs(given.get('-j'));
      return {
        kind: 'refresh',
        ...readOperands(USAGE, operands),
        json: given.has('--json'),
        yes: given.has('--yes'),
        ...jobs,
      };
    },
  },
};

/** sshd takes ten channels on a connection (MaxSessions). */
function readJobs(text: string | undefined): Pick<RefreshCommand, 'jobs'> {
  if (text === undefined) return {};
  if (!/^[1-8]$/.test(text)) throw wrong(USAGE, `-j ${quote(text)} is no number from 1 to 8`);
  return { jobs: Number(text) };
}
