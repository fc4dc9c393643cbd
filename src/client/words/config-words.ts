/** The words of what changes a pair's configuration, and of what ends it. Pure. */

import { quote } from '../../printable.ts';
import type { Dataset } from '../../zfs/names.ts';
import { Failure } from '../run/failure.ts';
import { parseSourceHost } from './source.ts';
import { readDataset, type Verb, type Verbs, wrong } from './verb.ts';

/** `zrep clear [-f] FS` */
export interface ClearCommand {
  readonly kind: 'clear';
  readonly dataset: Dataset;
}

/** `zrep changeconfig|-C [-f] [-d] FS HOST OTHERFS` */
export interface ChangeconfigCommand {
  readonly kind: 'changeconfig';
  readonly dataset: Dataset;
  /** What `dataset` is to be in the pair; -d: its copy. */
  readonly side: 'source' | 'copy';
  /** Where the other one is. */
  readonly host: string;
  readonly other: Dataset;
}

const CLEAR = 'zrep clear [-f] FS';
const SOURCE = 'zrep changeconfig [-f] FS DESTHOST DESTFS';
const COPY = 'zrep changeconfig [-f] -d FS SRCHOST SRCFS';

const changeconfig: Verb<ChangeconfigCommand> = {
  usage: [SOURCE, COPY],
  alias: ['-C'],
  summary: 'say where the other side of a pair is now',
  description: [
    'Writes into the properties of FS what is the other side of the pair: on the source where its copy is, with -d on the copy where its source is. Each side needs its own; nothing is sent, and no role changes.',
    'TAG:savecount stays as it is, unless ZREP_SAVE_COUNT says otherwise. (Stock sets it to 5.)',
  ],
  options: [
    { name: '-d', text: 'FS is the copy, not the source' },
    { name: '-f', text: 'also for a file system without snapshots of the tag, and for a master with -d' },
  ],
  examples: ['zrep changeconfig tank/home newbackup backup/home'],
  exits: '0 done, 1 not done, 2 wrong usage.',
  read(given, operands) {
    const side = given.has('-d') ? 'copy' : 'source';
    const usage = side === 'copy' ? COPY : SOURCE;
    const [dataset, host = '', other = '', ...extra] = operands;
    // Stock's words, and its exit code.
    if (dataset === undefined) throw new Failure('zrep: no fs specified');
    if (other === '' || extra.length > 0)
      throw wrong(usage, 'a file system here, a host, and the file system there are needed');
    if (parseSourceHost(host, '') === undefined)
      throw wrong(usage, `${quote(host)} is not the name of a host`);
    return {
      kind: 'changeconfig',
      dataset: readDataset(usage, dataset),
      side,
      host,
      other: readDataset(usage, other),
    };
  },
};

const clear: Verb<ClearCommand> = {
  usage: [CLEAR],
  summary: 'end a pair here: remove its snapshots and properties',
  description: [
    'Destroys the snapshots of the tag on FS, with those of the same name below that are not of a pair of their own, and removes the properties of the tag. The data stay, and so does the other side. After that FS can only become a copy again by a whole first stream, so what would go is listed and asked first.',
  ],
  options: [{ name: '-f', text: 'do not ask' }],
  exits: '0 done, 1 not done, 2 wrong usage.',
  read(_given, operands) {
    const [dataset, ...extra] = operands;
    // Stock's words, and its exit code.
    if (dataset === undefined) throw new Failure('clear command requires an argument');
    if (extra.length > 0) throw wrong(CLEAR, 'only one file system at a time');
    return { kind: 'clear', dataset: readDataset(CLEAR, dataset) };
  },
};

export const CONFIG_VERBS: Verbs<ClearCommand | ChangeconfigCommand> = { changeconfig, clear };
