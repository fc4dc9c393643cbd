/** The words of `zrep pair`. Pure. */

import { quote } from '../../printable.ts';
import type { Dataset } from '../../zfs/names.ts';
import { parseSource } from './source.ts';
import { readDataset, type Verbs, wrong } from './verb.ts';

/** `zrep pair [-v] [USER@]HOST:SRCFS DESTFS` */
export interface PairCommand {
  readonly kind: 'pair';
  /** `[user@]host`, for ssh. */
  readonly host: string;
  readonly source: Dataset;
  readonly destination: Dataset;
}

const PAIR = 'zrep pair [-v] [USER@]HOST:SRCFS DESTFS';

export const PAIR_VERBS: Verbs<PairCommand> = {
  pair: {
    usage: [PAIR],
    summary: 'begin to back up a file system: key, grant, first stream',
    description: [
      'Run it on the backup server. It looks whether this host can take DESTFS, makes an ssh key if there is none, and prints one line to paste on HOST, as root: zrep-gate grant ... That shows what it adds there, and asks. Once HOST lets this host in, the pair is begun as by zrep init --pull, and refreshed once.',
      'On a terminal it waits for that, and tries every few seconds. Without one it ends with 3; run the same command again when the line was pasted. It can be repeated at any time: what is there already stays.',
      'Name USER where HOST lets this host in as an account that is not root: the line then has --sudo USER.',
    ],
    options: [{ name: '-v', text: 'say what is done, there and here, on standard error' }],
    examples: ['zrep pair root@fileserver:tank/home backup/home'],
    exits:
      '0 the pair is there and refreshed, 1 it is not, 2 wrong usage, 3 the line has to be pasted on HOST first.',
    read(_given, operands) {
      const [from = '', to = '', ...extra] = operands;
      if (to === '' || extra.length > 0)
        throw wrong(PAIR, 'a host with a file system there, and a file system here are needed');
      const source = parseSource(from, '');
      if (source === undefined)
        throw wrong(PAIR, `${quote(from)} is not HOST:FS, e.g. root@fileserver:tank/home`);
      return {
        kind: 'pair',
        host: source.host.name,
        source: source.dataset,
        destination: readDataset(PAIR, to),
      };
    },
  },
};
