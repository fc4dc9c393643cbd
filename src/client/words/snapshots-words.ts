/** The words of `zrep snapshots`. Pure. */

import { quote } from '../../printable.ts';
import type { Dataset } from '../../zfs/names.ts';
import { readDataset, type Verbs, wrong } from './verb.ts';

/** `zrep snapshots [-c FILE] [-k N] [--json] [--verify] [FS...]`; without names all of a pair. */
export interface SnapshotsCommand {
  readonly kind: 'snapshots';
  readonly datasets: readonly Dataset[];
  /** zrep-expire's configuration; undefined for its built-in schedule. */
  readonly config: string | undefined;
  /** zrep-expire's -k. */
  readonly keep: number;
  readonly json: boolean;
  /** The other side is asked with what the next increment begins. */
  readonly verify: boolean;
}

const USAGE = 'zrep snapshots [-c FILE] [-k N] [--json] [--verify] [FS...]';

export const SNAPSHOTS_VERBS: Verbs<SnapshotsCommand> = {
  snapshots: {
    usage: [USAGE],
    summary: 'show the snapshots of a file system, and what keeps each',
    description: [
      'Shows every snapshot of each file system, oldest first: when it was sent and made, its age, how long after the one before it, what it holds, and why the schedule of zrep-expire keeps it or has it go. Then a timeline of each, the present at its right end, the distances shrinking towards the past.',
      'Without a name, of all sources and copies on this host. Nothing is changed.',
    ],
    options: [
      { name: '-c', value: 'FILE', text: "zrep-expire's configuration; without it, its built-in schedule" },
      { name: '-k', value: 'N', text: "zrep-expire's -k: so many newest stay; default 5" },
      { name: '--json', text: 'one JSON object, for programs' },
      {
        name: '--verify',
        text: 'also ask the other side, and show with which snapshot the next increment begins, by GUID, with -R that of the whole tree; what keeps a snapshot goes by marks all the same',
      },
    ],
    examples: ['zrep snapshots backup/home', 'zrep snapshots -c /etc/zrep-expire.conf'],
    exits: '0 shown, 1 one does not exist, or the configuration has a mistake, 2 wrong usage.',
    read(given, operands) {
      return {
        kind: 'snapshots',
        datasets: operands.filter((text) => text !== 'all').map((text) => readDataset(USAGE, text)),
        config: given.get('-c'),
        keep: readKeep(given.get('-k') ?? '5'),
        json: given.has('--json'),
        verify: given.has('--verify'),
      };
    },
  },
};

/** As zrep-expire: less than 1 is 1. */
function readKeep(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw wrong(USAGE, `-k: ${quote(text)} is not a whole number`);
  return Math.max(1, Number(text));
}
