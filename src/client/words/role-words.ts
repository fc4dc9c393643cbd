/** The words of what changes which side of a pair is the master. Pure. */

import { quote } from '../../printable.ts';
import { type Dataset, parseDataset, parseSnapshot } from '../../zfs/names.ts';
import { parseSourceHost } from './source.ts';
import { WAIT } from './sync-words.ts';
import { type Given, sayNoDataset, type Verb, type Verbs, wrong } from './verb.ts';

interface RoleCommand {
  readonly dataset: Dataset;
  /** Behind the @: what is newer goes, on both sides. */
  readonly snapshot: string | undefined;
  /** -L: without the other side. */
  readonly local: boolean;
  /** The other side, when not as the pair's properties have it. */
  readonly host: string | undefined;
}

/** `zrep failover [-L] [-f] [--wait T] FS[@SNAP] [HOST]` */
export interface FailoverCommand extends RoleCommand {
  readonly kind: 'failover';
}

/** `zrep takeover [-L] [-f] [--wait T] FS[@SNAP] [HOST]` */
export interface TakeoverCommand extends RoleCommand {
  readonly kind: 'takeover';
}

const FAILOVER = 'zrep failover [-L] [-f] [--wait T] FS[@SNAP] [HOST]';
const TAKEOVER = 'zrep takeover [-L] [-f] [--wait T] FS[@SNAP] [HOST]';
const EXITS =
  '0 done, 1 not done (what is the master now, and which command goes on, is on standard error), 2 wrong usage.';

const failover: Verb<FailoverCommand> = {
  usage: [FAILOVER],
  summary: 'on the master: make the other side the master',
  description: [
    'Makes FS here read-only, brings the copy up to date once more, and swaps the roles of the two: the copy becomes the master, FS its copy. HOST has to let this host in by ssh. Where the copy is pulled, and this host cannot log in there, -L here and takeover -L there do the same in three steps: docs/failover.md.',
    'With -L nothing is sent: FS goes back to the last snapshot that was sent, and becomes the copy. That is for a master that is planned to step down, and for one that comes back after the other side took over; what was written since then is lost, so that is listed and asked first.',
    'FS@SNAP goes back to that snapshot on both sides, instead of bringing the copy up to date. Cut off anywhere, the same command goes on.',
  ],
  options: [
    { name: '-L', text: 'here only: the other side is not asked anything' },
    {
      name: '-f',
      text: 'do not ask before something is lost; and give up, in the last sync, what was changed in the copy',
    },
    WAIT,
  ],
  examples: ['zrep failover tank/home', 'zrep failover -L tank/home'],
  exits: EXITS,
  read: (given, operands) => ({ kind: 'failover', ...readRole(FAILOVER, given, operands) }),
};

const takeover: Verb<TakeoverCommand> = {
  usage: [TAKEOVER],
  summary: 'on the copy: become the master',
  description: [
    'Has the master, on HOST, fail over to this side: zrep failover, by ssh, which then logs in here.',
    'With -L nobody is asked: FS becomes the master at once, writable and mounted. That is for a master that is dead. Before it comes back, nothing must write there; then it steps down by zrep failover -L: docs/failover.md.',
    'FS@SNAP goes back to that snapshot first; what is newer is destroyed, so that is listed and asked.',
  ],
  options: [
    { name: '-L', text: 'here only: the other side is not asked anything' },
    { name: '-f', text: 'do not ask before something is lost' },
    WAIT,
  ],
  examples: ['zrep takeover -L backup/home'],
  exits: EXITS,
  read: (given, operands) => ({ kind: 'takeover', ...readRole(TAKEOVER, given, operands) }),
};

export const ROLE_VERBS: Verbs<FailoverCommand | TakeoverCommand> = { failover, takeover };

function readRole(usage: string, given: Given, operands: readonly string[]): RoleCommand {
  const [target = '', host, ...extra] = operands;
  if (target === '' || extra.length > 0)
    throw wrong(usage, 'one file system is needed, and at most one host behind it');
  const named = parseSnapshot(target);
  const dataset = named?.dataset ?? parseDataset(target);
  if (dataset === undefined) throw wrong(usage, sayNoDataset(target));
  if (host !== undefined && parseSourceHost(host, '') === undefined)
    throw wrong(usage, `${quote(host)} is not the name of a host`);
  return { dataset, snapshot: named?.name, local: given.has('-L'), host };
}
