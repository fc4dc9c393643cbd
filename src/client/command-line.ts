/** What a person or another zrep asks for: words in, one member per verb out, and nothing a member cannot hold. Pure. */

import { quote } from '../printable.ts';
import { type Dataset, parseDataset } from '../zfs/names.ts';
import { Failure } from './failure.ts';
import type { Switches } from './settings.ts';
import { parseSource, parseSourceHost } from './source.ts';
import { UsageError } from './usage-error.ts';

export type Command =
  | RefreshCommand
  | InitPullCommand
  | InitCommand
  | SnaponlyCommand
  | ExpireCommand
  | WireCommand
  | VersionCommand
  | HelpCommand;

/** File systems by name, or all that there are of the kind. */
interface Operands {
  readonly datasets: readonly Dataset[];
  /** `all` was said; then there are no names. */
  readonly all: boolean;
}

/** `zrep refresh [-f] [-v] [-r] [--json] FS...|all` */
export interface RefreshCommand extends Operands {
  readonly kind: 'refresh';
  readonly json: boolean;
}

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

/** `zrep version` */
interface VersionCommand {
  readonly kind: 'version';
}

/** `zrep --help`, `zrep help [VERB]`, `zrep VERB --help` */
interface HelpCommand {
  readonly kind: 'help';
  readonly verb: string | undefined;
}

export interface CommandLine {
  /** Those in front of the verb and those behind it that say something to the settings. */
  readonly switches: Switches;
  readonly command: Command;
}

/** The usage of each verb, as help and complaints have it. */
export const USAGE = {
  refresh: 'zrep refresh [-f] [-v] [-r] [--json] FS...|all',
  init: 'zrep init [-f] [-v] SRCFS DESTHOST DESTFS',
  'init --pull': 'zrep init --pull [-f] [-v] [--dry-run] HOST:SRCFS DESTFS',
  snaponly: 'zrep snaponly FS...|all',
  expire: 'zrep expire [-L] [FS...|all]',
  version: 'zrep version',
  help: 'zrep help [VERB]',
} as const;

interface Verb {
  /** The words that it takes before or between its operands. */
  readonly options: readonly string[];
  read(given: ReadonlySet<string>, operands: readonly string[]): Command;
}

const VERBS = new Map<string, Verb>(
  Object.entries({
    refresh: { options: ['-f', '-v', '-r', '--json'], read: readRefresh },
    init: { options: ['-f', '-v', '--pull', '--dry-run'], read: readInit },
    snaponly: { options: [], read: readSnaponly },
    expire: { options: ['-L'], read: readExpire },
    version: { options: [], read: () => ({ kind: 'version' }) },
    help: { options: [], read: (_given, [verb]) => ({ kind: 'help', verb }) },
  }),
);

const SHORT = new Map([
  ['-i', 'init'],
  ['-e', 'expire'],
  ['-h', 'help'],
  ['--help', 'help'],
]);

const WIRE = ['_refreshpull', '_refreshcomplete'];

/** Stock's, and not ours yet. */
const STOCK =
  /^(?:sync|-S|synconly|sentsync|status|-s|list|-l|getlastsent|lastsent|failover|takeover|uptodate|clear|changeconfig|-C)$/;

/**
 * The command line `argv`, without node and program.
 *
 * @throws UsageError when it is none, Failure where that is what stock does.
 */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const { switches, words } = readSwitches(argv);
  const [word, ...rest] = words;
  if (word === undefined) return { switches, command: { kind: 'help', verb: undefined } };
  if (WIRE.includes(word)) return { switches, command: { kind: 'wire', words } };
  const name = SHORT.get(word) ?? word;
  const verb = VERBS.get(name);
  if (verb === undefined) throw new UsageError(strangerMessage(word));
  if (rest.includes('--help')) return { switches, command: { kind: 'help', verb: name } };
  const { given, operands } = readOptions(name, verb, rest);
  const own = { force: given.has('-f'), verbose: given.has('-v'), resume: given.has('-r') };
  return { switches: { ...switches, ...own }, command: verb.read(given, operands) };
}

/** -R, -t TAG and -D in any order: stock clients put them in orders that stock servers do not understand. */
function readSwitches(argv: readonly string[]): { switches: Switches; words: readonly string[] } {
  let [recursive, debug, repeated] = [false, false, false];
  let tag: string | undefined;
  let index = 0;
  for (; index < argv.length; index += 1) {
    const word = argv[index] as string;
    if (word === '-R') recursive = true;
    else if (word === '-D') debug = true;
    else if (word === '-t') {
      index += 1;
      const given = argv[index];
      if (given === undefined)
        throw new UsageError('-t needs a tag behind it, e.g. zrep -t offsite refresh FS');
      if (tag !== undefined && tag !== given)
        throw new UsageError(`two tags were given, ${quote(tag)} and ${quote(given)}; give -t once`);
      tag = given;
    }
    // With -D and a ZREP_PATH of two words a stock client says the program's word twice.
    else if (word === 'zrep' && index > 0 && !repeated) repeated = true;
    else break;
  }
  const switches = { ...(tag === undefined ? {} : { tag }), recursive, debug };
  return { switches, words: argv.slice(index) };
}

function strangerMessage(word: string): string {
  return STOCK.test(word)
    ? `${quote(word)} is a verb of stock zrep that this zrep does not have; it works on the same file systems, so use that for it`
    : `unrecognized zrep subcommand ${quote(word)}; see zrep --help`;
}

function readOptions(name: string, { options }: Verb, words: readonly string[]) {
  const given = new Set<string>();
  const operands: string[] = [];
  for (const word of words) {
    if (!word.startsWith('-')) operands.push(word);
    else if (options.includes(word)) given.add(word);
    else
      throw new UsageError(
        `${quote(word)} is no option of zrep ${name}${options.length > 0 ? `, which has ${options.join(' ')}` : ''}; -R, -D and -t TAG stand in front of the verb: zrep -R ${name} ...`,
      );
  }
  return { given, operands };
}

function readRefresh(given: ReadonlySet<string>, operands: readonly string[]): RefreshCommand {
  // Stock's words, and its exit code.
  if (operands.length === 0) throw new Failure('no filesystems specified for refresh');
  return { kind: 'refresh', ...readOperands('refresh', operands), json: given.has('--json') };
}

function readInit(given: ReadonlySet<string>, operands: readonly string[]): InitCommand | InitPullCommand {
  if (given.has('--pull')) return readInitPull(given.has('--dry-run'), operands);
  if (given.has('--dry-run')) throw wrong('init --pull', '--dry-run is for init --pull');
  const [source = '', host = '', destination = '', ...extra] = operands;
  if (destination === '' || extra.length > 0)
    throw wrong('init', 'a file system here, a host, and a file system there are needed');
  const there = parseSourceHost(host, '');
  if (there === undefined) throw wrong('init', `${quote(host)} is not the name of a host`);
  return {
    kind: 'init',
    source: readDataset('init', source),
    host: there.name,
    destination: readDataset('init', destination),
  };
}

function readInitPull(dryRun: boolean, operands: readonly string[]): InitPullCommand {
  const verb = 'init --pull';
  const [from = '', to = '', ...extra] = operands;
  if (to === '' || extra.length > 0)
    throw wrong(verb, 'a host with a file system there, and a file system here are needed');
  const source = parseSource(from, '');
  if (source === undefined)
    throw wrong(verb, `${quote(from)} is not HOST:FS, e.g. root@fileserver:tank/home`);
  return {
    kind: 'init-pull',
    host: source.host.name,
    source: source.dataset,
    destination: readDataset(verb, to),
    dryRun,
  };
}

function readSnaponly(_given: ReadonlySet<string>, operands: readonly string[]): SnaponlyCommand {
  if (operands.length === 0) throw wrong('snaponly', 'no file system was named');
  return { kind: 'snaponly', ...readOperands('snaponly', operands) };
}

function readExpire(given: ReadonlySet<string>, operands: readonly string[]): ExpireCommand {
  return { kind: 'expire', ...readOperands('expire', operands), local: given.has('-L') };
}

function readOperands(verb: keyof typeof USAGE, operands: readonly string[]): Operands {
  if (operands[0] === 'all' && operands.length === 1) return { datasets: [], all: true };
  if (operands.includes('all')) throw wrong(verb, '"all" stands alone');
  return { datasets: operands.map((text) => readDataset(verb, text)), all: false };
}

function readDataset(verb: keyof typeof USAGE, text: string): Dataset {
  const dataset = parseDataset(text);
  if (dataset === undefined) throw wrong(verb, `${quote(text)} is not the name of a file system`);
  return dataset;
}

function wrong(verb: keyof typeof USAGE, problem: string): UsageError {
  return new UsageError(`${problem}; the form is: ${USAGE[verb]}`);
}
