/** What a person or another zrep asks for: words in, one member per verb out, and nothing a member cannot hold. Pure. */

import { didYouMean } from '../../did-you-mean.ts';
import { quote } from '../../printable.ts';
import { type ChangeconfigCommand, type ClearCommand, CONFIG_VERBS } from './config-words.ts';
import { DOCTOR_VERBS, type DoctorCommand } from './doctor-words.ts';
import { INIT_VERBS, type InitCommand, type InitPullCommand } from './init-words.ts';
import { type LastsentCommand, type ListCommand, LOOK_VERBS, type UptodateCommand } from './look-words.ts';
import { PAIR_VERBS, type PairCommand } from './pair-words.ts';
import { REFRESH_VERBS, type RefreshCommand } from './refresh-words.ts';
import { RETIRE_VERBS, type RenamedCommand, type RetireCommand } from './retire-words.ts';
import { type FailoverCommand, ROLE_VERBS, type TakeoverCommand } from './role-words.ts';
import {
  type ExpireCommand,
  SERVER_VERBS,
  type SnaponlyCommand,
  WIRE,
  type WireCommand,
} from './server-words.ts';
import type { Switches } from './settings.ts';
import { SNAPSHOTS_VERBS, type SnapshotsCommand } from './snapshots-words.ts';
import { isCheck, STATUS_VERBS, type StatusCommand } from './status-words.ts';
import {
  type SentsyncCommand,
  SYNC_VERBS,
  type SyncCommand,
  type SynconlyCommand,
  type SyncToCommand,
} from './sync-words.ts';
import { UsageError } from './usage-error.ts';
import type { Given, Verb, Verbs } from './verb.ts';

export type Command =
  | RefreshCommand
  | InitPullCommand
  | InitCommand
  | PairCommand
  | SyncCommand
  | SynconlyCommand
  | SyncToCommand
  | SentsyncCommand
  | SnaponlyCommand
  | ExpireCommand
  | DoctorCommand
  | WireCommand
  | StatusCommand
  | ListCommand
  | LastsentCommand
  | UptodateCommand
  | SnapshotsCommand
  | FailoverCommand
  | TakeoverCommand
  | ChangeconfigCommand
  | ClearCommand
  | RetireCommand
  | RenamedCommand
  | VersionCommand
  | HelpCommand;

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

/** All of them, in the order of the help. */
export const VERBS: Verbs<Command> = {
  ...REFRESH_VERBS,
  ...INIT_VERBS,
  ...PAIR_VERBS,
  ...SYNC_VERBS,
  ...SERVER_VERBS,
  ...STATUS_VERBS,
  ...LOOK_VERBS,
  ...SNAPSHOTS_VERBS,
  ...ROLE_VERBS,
  ...CONFIG_VERBS,
  ...RETIRE_VERBS,
  ...DOCTOR_VERBS,
  version: {
    usage: ['zrep version'],
    summary: 'print the version',
    description: ['Prints the version of zrep whose place it takes, as that does, and its own.'],
    options: [],
    exits: '0.',
    read: () => ({ kind: 'version' }),
  },
  help: {
    usage: ['zrep help [VERB]'],
    alias: ['-h', '--help'],
    summary: 'print what zrep does, or what VERB does',
    description: ['Prints what zrep does, or what VERB does; help variables: what it goes by.'],
    options: [],
    exits: '0, or 2 where there is no such verb.',
    read: (_given, [verb]) => ({ kind: 'help', verb }),
  },
};

const ALIASES = new Map(
  Object.entries(VERBS).flatMap(([name, { alias = [] }]) => alias.map((word) => [word, name] as const)),
);

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
  const name = ALIASES.get(word) ?? word;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) {
    const meant = didYouMean(word, Object.keys(VERBS));
    const hint = meant === undefined ? '; see zrep --help' : `. Did you mean zrep ${meant}?`;
    throw new UsageError(`unrecognized zrep subcommand ${quote(word)}${hint}`);
  }
  if (rest.includes('--help')) return { switches, command: { kind: 'help', verb: name } };
  const { given, operands } = readOptions(name, verb, rest);
  const own = { force: given.has('-f'), verbose: given.has('-v'), resume: given.has('-r') };
  const wait = given.get('--wait');
  return {
    switches: { ...switches, ...own, ...(wait === undefined ? {} : { wait }) },
    command: verb.read(given, operands),
  };
}

/**
 * Does monitoring read the exit code of this command line, right or wrong? Then 2 is CRITICAL: `zrep status` with thresholds,
 * and `zrep doctor`.
 */
export function isMonitored(argv: readonly string[]): boolean {
  const word = argv.find((one, index) => !SWITCHES.includes(one) && argv[index - 1] !== '-t') ?? '';
  if ((ALIASES.get(word) ?? word) === 'doctor') return true;
  return ((ALIASES.get(word) ?? word) === 'status' || argv.includes('status')) && isCheck(argv);
}

/** What can stand in front of the verb. */
const SWITCHES = ['-R', '-D', '-t', 'zrep'];

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

/** Options in any place behind the verb; the value of one that has any is the word behind it. */
function readOptions(
  name: string,
  { options }: Verb<Command>,
  words: readonly string[],
): { given: Given; operands: readonly string[] } {
  const given = new Map<string, string>();
  const operands: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as string;
    if (!word.startsWith('-')) {
      operands.push(word);
      continue;
    }
    const option = options.find(({ name, alias = [] }) => [name, ...alias].includes(word));
    if (option === undefined) {
      const names = options.map((one) => one.name).join(' ');
      throw new UsageError(
        `${quote(word)} is no option of zrep ${name}${names === '' ? '' : `, which has ${names}`}; -R, -D and -t TAG stand in front of the verb: zrep -R ${name} ...`,
      );
    }
    if (option.value !== undefined) index += 1;
    const value = option.value === undefined ? '' : words[index];
    if (value === undefined)
      throw new UsageError(`${word} needs a ${option.value} behind it; see zrep help ${name}`);
    given.set(option.name, value);
  }
  return { given, operands };
}
