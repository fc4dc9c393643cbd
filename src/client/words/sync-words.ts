/** The words of `zrep sync`, `synconly` and `sentsync`: the side that sends. Pure. */

import { quote } from '../../printable.ts';
import { type Dataset, parseSnapshot } from '../../zfs/names.ts';
import { Failure } from '../run/failure.ts';
import { type Given, type Operands, readOperands, type Verbs, wrong } from './verb.ts';

/** `zrep sync|-S [-c] [-f [--yes]] [-q SECONDS] [-r] [-v] [--wait T] [--json] FS...|all` */
export interface SyncCommand extends Operands {
  readonly kind: 'sync';
  /** -q: a busy file system is passed over when its last sync is not longer ago. */
  readonly quietSeconds: number | undefined;
  /** -c: one that has not changed since its last sync gets no new snapshot. */
  readonly changedOnly: boolean;
  readonly json: boolean;
  /** Snapshots may go there that are in the way of -f, without a question. */
  readonly yes: boolean;
}

/** `zrep synconly [-f [--yes]] [-r] [-v] [--wait T] FS...|all` */
export interface SynconlyCommand extends Operands {
  readonly kind: 'synconly';
  /** As with sync. */
  readonly yes: boolean;
}

/** A snapshot by name. */
interface OfSnapshot {
  readonly dataset: Dataset;
  /** What stands behind the @. */
  readonly name: string;
}

/** `zrep sync [-f] FS@SNAPSHOT`: rolls the other side back. */
export interface SyncToCommand extends OfSnapshot {
  readonly kind: 'sync-to';
}

/** `zrep sentsync [-L] FS@SNAPSHOT` */
export interface SentsyncCommand extends OfSnapshot {
  readonly kind: 'sentsync';
  /** -L: the other side is not asked, and not told. */
  readonly local: boolean;
}

const SYNC = 'zrep sync [-c] [-f [--yes]] [-q SECONDS] [-r] [-v] [--wait T] [--json] FS...|all';
const SYNC_TO = 'zrep sync [-f] [-v] FS@SNAPSHOT';
const SYNCONLY = 'zrep synconly [-f [--yes]] [-r] [-v] [--wait T] FS...|all';
const SENTSYNC = 'zrep sentsync [-L] FS@SNAPSHOT';

const FORCE = {
  name: '-f',
  text: 'give up changes that were made in the copy (zfs recv -F). On a terminal it lists what would be destroyed there, and asks. Without a terminal it goes on if only changes would be lost, and stops if snapshots would be. With @SNAPSHOT, do not ask',
};
const YES = { name: '--yes', text: 'with -f: destroy also snapshots that are newer there, and do not ask' };
const RESUME = {
  name: '-r',
  text: 'resume an interrupted stream first, and make this stream resumable',
};
/** Of the verbs that no gate has a limit for. */
export const WAIT = {
  name: '--wait',
  value: 'T',
  text: 'wait for a lock that another zrep holds, here or on the other side, each time for at most T (90s, 10min, 2h). Without it, what is locked fails at once (ZREP_WAIT)',
};
const VERBOSE = { name: '-v', text: 'say what is done, here and there, on standard error' };

export const SYNC_VERBS: Verbs<SyncCommand | SynconlyCommand | SyncToCommand | SentsyncCommand> = {
  sync: {
    usage: [SYNC, SYNC_TO],
    alias: ['-S'],
    summary: 'from the side that sends: bring copies elsewhere up to date',
    description: [
      'Brings the copy of each up to date: a new snapshot here, its stream to TAG:dest-host, marks on both sides, and expiring on both. all is every file system that this host is the master of under the tag. One that fails holds up no other. The other side needs zfs and zrep (expire), and must let this host in by ssh.',
      'A snapshot that could not be sent is called ..._unsent (ZREP_RENAME_UNSENT); what came to the other side all the same is found by its GUID, and marked.',
      'With @SNAPSHOT, rolls the copy back to that snapshot: what would be destroyed there is listed and asked for. Without a terminal it wants -f.',
    ],
    options: [
      { name: '-c', text: 'only where something has changed since the last (ZREP_CHANGEDONLY)' },
      FORCE,
      YES,
      {
        name: '-q',
        value: 'SECONDS',
        text: 'pass over one that another zrep is at work on, if its last sync is not longer ago; 30 or more',
      },
      RESUME,
      VERBOSE,
      WAIT,
      { name: '--json', text: 'one JSON object a line on standard output, for programs' },
    ],
    examples: ['zrep sync tank/home', 'zrep -R -t offsite sync all', 'zrep sync tank/home@zrep_00002a'],
    exits: '0 all are up to date, 1 one is not, 2 wrong usage.',
    read(given, operands) {
      // Stock's words, and its exit code.
      if (operands.length === 0) throw new Failure('No fileystem specified for sync');
      const [first = '', ...more] = operands;
      if (first.includes('@')) return { kind: 'sync-to', ...readSnapshot(SYNC_TO, first, more) };
      const [named, quietSeconds] = [readOperands(SYNC, operands), readQuiet(given)];
      return {
        kind: 'sync',
        ...named,
        quietSeconds,
        changedOnly: given.has('-c'),
        json: given.has('--json'),
        yes: given.has('--yes'),
      };
    },
  },
  synconly: {
    usage: [SYNCONLY],
    summary: 'send what snaponly has made',
    description: [
      'As sync, but sends the newest snapshot that is there instead of making one: the second half of zrep snaponly, when what writes (a database) can go on already.',
    ],
    options: [FORCE, YES, RESUME, VERBOSE, WAIT],
    exits: '0 all are up to date, 1 one is not, 2 wrong usage.',
    read(given, operands) {
      if (operands.length === 0) throw new Failure('No fileystem specified for synconly');
      return { kind: 'synconly', ...readOperands(SYNCONLY, operands), yes: given.has('--yes') };
    },
  },
  sentsync: {
    usage: [SENTSYNC],
    summary: 'say that a snapshot was sent, where zrep does not know',
    description: [
      'Marks a snapshot as sent on both sides, and this one as the master: after a copy that was made by other means. Only when the other side has that very snapshot, which its GUID tells. Newer marks that are not true go.',
    ],
    options: [
      { name: '-L', text: 'here only, without asking the other side; newer marks go, whatever it has' },
      VERBOSE,
    ],
    examples: ['zrep sentsync tank/home@zrep_000001'],
    exits: '0 marked, 1 not marked (e.g. the other side does not have it), 2 wrong usage.',
    read(given, [first = '', ...more]) {
      return { kind: 'sentsync', ...readSnapshot(SENTSYNC, first, more), local: given.has('-L') };
    },
  },
};

function readSnapshot(usage: string, text: string, more: readonly string[]): OfSnapshot {
  const snapshot = parseSnapshot(text);
  if (snapshot === undefined) throw wrong(usage, `${quote(text)} is not the name of a snapshot`);
  if (more.length > 0) throw wrong(usage, 'one snapshot at a time');
  return snapshot;
}

function readQuiet(given: Given): number | undefined {
  const text = given.get('-q');
  if (text === undefined) return undefined;
  // Stock's words, and its exit code.
  if (!/^\d{1,9}$/.test(text) || Number(text) < 30) throw new Failure(`-q must use value greater than 30`);
  return Number(text);
}
