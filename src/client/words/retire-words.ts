/** The words of what takes a copy out of service, and of what tells zrep a new name. Pure. */

import { quote } from '../../printable.ts';
import type { Dataset } from '../../zfs/names.ts';
import { parseSource } from './source.ts';
import { readDataset, type Verb, type Verbs, wrong } from './verb.ts';

/** `zrep retire [-f] FS`, `zrep retire --undo FS` */
export interface RetireCommand {
  readonly kind: 'retire';
  readonly dataset: Dataset;
  readonly undo: boolean;
}

/** `zrep renamed [-f] [HOST:]OLD NEW` */
export interface RenamedCommand {
  readonly kind: 'renamed';
  /** Where it was renamed; undefined for this host. */
  readonly host: string | undefined;
  readonly from: Dataset;
  readonly to: Dataset;
}

const RETIRE = 'zrep retire [-f] FS';
const UNDO = 'zrep retire --undo FS';
const HERE = 'zrep renamed [-f] OLD NEW';
const THERE = 'zrep renamed [-f] HOST:OLD NEW';

const retire: Verb<RetireCommand> = {
  usage: [RETIRE, UNDO],
  summary: 'take a copy out of service, and keep its snapshots',
  description: [
    'Takes the copy FS out of service. Nothing refreshes it any more, nothing expires on it, and no monitoring looks at it; its snapshots and their marks stay as they are. A stock zrep does not find it any more, either. zrep asks first. zrep list --retired names such copies.',
    'If FS is missing (destroyed, or its pool is gone for good), zrep forgets it: nobody misses it any more.',
    'With --undo a retired copy is in service again, and the next refresh goes on where the last one ended, as long as the fileserver has kept its last snapshot.',
  ],
  options: [
    { name: '--undo', text: 'take a retired copy into service again' },
    { name: '-f', text: 'do not ask' },
  ],
  examples: ['zrep retire backup/former', 'zrep retire --undo backup/former'],
  exits: '0 done, 1 not done, 2 wrong usage.',
  read(given, operands) {
    const undo = given.has('--undo');
    const [dataset, ...extra] = operands;
    if (dataset === undefined || extra.length > 0) throw wrong(undo ? UNDO : RETIRE, 'one copy is needed');
    return { kind: 'retire', dataset: readDataset(undo ? UNDO : RETIRE, dataset), undo };
  },
};

const renamed: Verb<RenamedCommand> = {
  usage: [HERE, THERE],
  summary: 'tell zrep that a pool or file system was renamed',
  description: [
    'A pair knows its two file systems by their names. After zfs rename, or zpool import POOL NEWNAME, this writes the new name into the properties of every pair that is concerned: of NEW itself, and of all that is below it. Say it once on the host with the renamed file systems, and then with HOST: on the host of the other side.',
    'With HOST: it was renamed on HOST, and this host has the other side of the pairs. Nothing is sent, and no file system changes. zrep lists what it would write, and asks.',
  ],
  options: [{ name: '-f', text: 'do not ask' }],
  examples: ['zrep renamed backup newbackup', 'zrep renamed backupserver:backup newbackup'],
  exits: '0 done, 1 not done, 2 wrong usage.',
  read(_given, operands) {
    const [was = '', to = '', ...extra] = operands;
    if (to === '' || extra.length > 0) throw wrong(HERE, 'the old name and the new name are needed');
    const there = parseSource(was, '');
    const from = there?.dataset ?? readDataset(HERE, was);
    if (from === to) throw wrong(HERE, `${quote(to)} is both the old name and the new one`);
    return { kind: 'renamed', host: there?.host.name, from, to: readDataset(HERE, to) };
  },
};

export const RETIRE_VERBS: Verbs<RetireCommand | RenamedCommand> = { retire, renamed };
