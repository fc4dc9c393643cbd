/** The words of `zrep status`. Pure. */

import { fixedSeconds, isProblem, parseSpan } from '../../expire/span.ts';
import { quote } from '../../printable.ts';
import { type Dataset, parseDataset } from '../../zfs/names.ts';
import { Failure } from '../run/failure.ts';
import { type Given, type Verbs, wrong } from './verb.ts';

/** `zrep status|-s [-v] [-a] [-m] [FS...]`, and the forms for monitoring. */
export interface StatusCommand {
  readonly kind: 'status';
  readonly datasets: readonly Dataset[];
  /** -a: copies as well as sources, where none is named. */
  readonly all: boolean;
  /** -v: where each goes to. */
  readonly verbose: boolean;
  /** -m: only those with more than one snapshot that was not sent. */
  readonly unsent: boolean;
  /** Undefined in stock's own forms. */
  readonly monitoring: Monitoring | undefined;
}

/** What stock does not have: of all pairs here, where none is named. */
export interface Monitoring {
  /** --json: one object. */
  readonly json: boolean;
  /** --warn, --critical: seconds. One of them makes a monitoring plugin of it. */
  readonly warn: number | undefined;
  readonly critical: number | undefined;
  /** --prometheus: where to write what node_exporter reads. */
  readonly prometheus: string | undefined;
  /** --verify: the far side is asked. */
  readonly verify: boolean;
}

const USAGE = 'zrep status [-v] [-a] [FS...]';
const UNSENT = 'zrep status -m [-a] [FS...]';
const CHECK = 'zrep status [--json] [--warn AGE] [--critical AGE] [FS...]';
const MONITOR = 'zrep status [--json] [--prometheus FILE] [--verify] [FS...]';

/** With one of these it is a monitoring plugin. */
const CHECK_OPTIONS = ['--warn', '--critical'];

/** What begins like one of them, in any spelling that other plugins have: a wrong word is still said to a plugin. */
const MEANT_FOR_CHECK = /^(?:-[wc]|--(?:w|c))/i;

export const STATUS_VERBS: Verbs<StatusCommand> = {
  status: {
    usage: [USAGE, UNSENT, CHECK, MONITOR],
    alias: ['-s'],
    summary: 'tell when each file system was last sent',
    description: [
      'Prints when each file system was last sent: the hour that its last common snapshot carries, by ZREP_DATEFORMAT. Without a name, of those that this host is the master of.',
      'For monitoring there are --json, --warn and --critical (a plugin for Nagios and its like), --prometheus and --verify, in any combination; without a name, of all sources and copies on this host. docs/monitoring.md has examples.',
    ],
    options: [
      { name: '-v', text: 'where each goes to as well' },
      { name: '-a', text: 'the copies on this host as well (all does the same)' },
      {
        name: '-m',
        text: 'a line only for those with more than one snapshot that was not sent, and then exit code 1: one may be on its way',
      },
      {
        name: '--json',
        text: 'one JSON object: lag, last common snapshot, what a stream that was cut off left, lock, and how it stands',
      },
      {
        name: '--warn',
        alias: ['-w', '--warning'],
        value: 'AGE',
        text: 'WARNING if one was last sent longer ago, e.g. 2h, "1 day"',
      },
      {
        name: '--critical',
        alias: ['-c', '--crit'],
        value: 'AGE',
        text: 'CRITICAL if one was last sent longer ago',
      },
      {
        name: '--prometheus',
        value: 'FILE',
        text: "write FILE (.prom) for node_exporter's textfile collector, whole or not at all",
      },
      {
        name: '--verify',
        text: 'ask the other side whether the next pull of each copy would succeed; changes nothing there or here',
      },
    ],
    examples: ['zrep status -a', 'zrep status --warn 2h --critical 6h', 'zrep status --verify backup/home'],
    exits:
      '0 done; 1 one is of no pair, -m has something to say, or a pull would not succeed; 2 wrong usage. With --warn or --critical: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.',
    read(given, operands) {
      const unsent = given.has('-m');
      const monitoring = readMonitoring(given);
      if (unsent && monitoring !== undefined) throw wrong(UNSENT, '-m is for people, and goes with -a alone');
      return {
        kind: 'status',
        datasets: operands.filter((text) => text !== 'all').map(readRegistered),
        all: given.has('-a') || operands.includes('all'),
        verbose: given.has('-v'),
        unsent,
        monitoring,
      };
    },
  },
};

/** Do these words ask for a plugin's exit codes, whatever else is wrong with them? */
export function isCheck(words: readonly string[]): boolean {
  return words.some((word) => MEANT_FOR_CHECK.test(word));
}

function readMonitoring(given: Given): Monitoring | undefined {
  const [warn, critical] = CHECK_OPTIONS.map((name) => readAge(name, given.get(name)));
  if (warn !== undefined && critical !== undefined && critical < warn)
    throw wrong(CHECK, '--critical is less than --warn');
  const monitoring = {
    json: given.has('--json'),
    warn,
    critical,
    prometheus: readPromFile(given.get('--prometheus')),
    verify: given.has('--verify'),
  };
  return Object.values(monitoring).some((value) => value !== undefined && value !== false)
    ? monitoring
    : undefined;
}

function readAge(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const span = parseSpan(text);
  if (isProblem(span)) throw wrong(CHECK, `${name}: ${span.problem}`);
  return fixedSeconds(span);
}

function readPromFile(path: string | undefined): string | undefined {
  if (path !== undefined && !/[^/]\.prom$/.test(path))
    throw wrong(MONITOR, `${quote(path)} does not end in .prom, and node_exporter reads no other files`);
  return path;
}

/** @throws Failure in stock's words, for what can be no file system of a pair. */
function readRegistered(text: string): Dataset {
  const dataset = parseDataset(text);
  if (dataset === undefined) throw new Failure(`${quote(text)} is not a zrep registered filesystem`);
  return dataset;
}
