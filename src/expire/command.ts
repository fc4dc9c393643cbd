/**
 * The command line of zrep-expire: the original's options, and those with which a schedule can be looked at before it is
 * trusted. Read by commander, loaded for nothing else; what it reads is checked here, once.
 */

import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../client/words/usage-error.ts';
import { quote } from '../printable.ts';
import { parseListedDataset, parseListedSnapshot, parseTag, type Tag } from '../zfs/names.ts';
import { HELP } from './help.ts';
import { fixedSeconds, isProblem, parseSpan, type Span } from './span.ts';

/** What is to be done; `datasets` are the names that were given. */
type Task =
  | { readonly kind: 'expire' }
  | { readonly kind: 'preview' }
  | { readonly kind: 'check' }
  | { readonly kind: 'explain'; readonly snapshot: string }
  | { readonly kind: 'simulate'; readonly file: string; readonly explain: string | undefined }
  | { readonly kind: 'forecast'; readonly span: Span; readonly every: Span };

export interface ExpireCommand {
  readonly task: Task;
  readonly config: string | undefined;
  readonly keep: number;
  readonly tags: readonly Tag[];
  readonly zrepIgnore: boolean;
  readonly thinUnsent: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly all: boolean;
  readonly json: boolean;
  readonly now: number | undefined;
  readonly datasets: readonly string[];
}

/** Words that are printed in place of work. */
export interface Answer {
  readonly print: string;
}

interface Options {
  readonly config?: string;
  readonly keep: string;
  readonly tags: string;
  readonly all?: true;
  readonly noop?: true;
  readonly verbose?: true;
  readonly debug?: true;
  readonly zrepIgnore?: true;
  readonly thinUnsent?: true;
  readonly check?: true;
  readonly explain?: string;
  readonly simulate?: string;
  readonly forecast?: string;
  readonly every: string;
  readonly now?: string;
  readonly json?: true;
}

/** @throws UsageError with what to write instead. */
export function readCommand(argv: readonly string[], version: string): ExpireCommand | Answer {
  let printed = '';
  const program = describeExpire()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed += text;
      },
      writeErr: () => {},
    });
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { print: printed };
    throw new UsageError(`${error.message.replace(/^error: /, '')} (zrep-expire --help tells more)`);
  }
  const options: Options & { version?: true } = program.opts();
  if (options.version) return { print: `zrep-expire ${version}\n` };
  return check(options, program.args);
}

/** The options, of which help, the manual and completion are made. */
export function describeExpire(): Command {
  return new Command('zrep-expire')
    .usage('[OPTION]... [FILESYSTEM]...')
    .description('Destroys old snapshots of zrep by a schedule.')
    .argument('[filesystem...]', 'file systems, each by itself; what is below one is not meant')
    .option('-c, --config <file>', 'the schedule (zrep-expire --help shows one); default: built-in rules')
    .option('-k, --keep <n>', 'the newest N snapshots stay, of whatever kind', '5')
    .option('-a, --all', 'every file system of this host')
    .option('-t, --tags <a,b>', 'expire snapshots of these zrep tags', 'zrep')
    .option('-n, --noop', 'say what would go, why, and what comes free; destroy nothing')
    .option('-v, --verbose', 'say what was destroyed')
    .option('-d, --debug', 'say what stays as well')
    .option('--zrep-ignore', 'all snapshots, whatever they are called, sent or not')
    .option('--thin-unsent', 'also those never sent, where a newer one was')
    .option('--check', 'explain the configuration back in words')
    .option('--explain <snapshot>', 'say why this one stays or goes')
    .option('--simulate <file>', 'decide over a listing in a file (- is standard input); no ZFS is touched')
    .option('--forecast <time>', 'show how many snapshots the schedule settles at within, say, 2y')
    .option('--every <time>', 'for --forecast: a snapshot is made so often', '1h')
    .option('--now <epoch>', 'as if it were then; not where something is destroyed')
    .option('--json', 'with -n and --simulate: one JSON object a snapshot')
    .addOption(new Option('-V, --version', 'print the version'))
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', HELP);
}

function check(options: Options, names: readonly string[]): ExpireCommand {
  const task = readTask(options);
  const bad = names.find((name) => parseListedDataset(name) === undefined);
  if (bad !== undefined) throw new UsageError(`${quote(bad)} is not the name of a file system`);
  if (task.kind === 'simulate' && (names.length > 0 || options.all))
    throw new UsageError('--simulate takes its file systems from the listing: leave out -a and names');
  if (options.json && task.kind !== 'preview' && task.kind !== 'simulate')
    throw new UsageError('--json goes with -n or --simulate');
  if (options.now !== undefined && (task.kind === 'expire' || task.kind === 'check'))
    throw new UsageError(
      '--now goes with -n, --explain, --simulate or --forecast: nothing is destroyed by a time that is not now',
    );
  return {
    task,
    config: options.config,
    keep: readInteger('-k', options.keep),
    tags: readTags(options.tags),
    zrepIgnore: options.zrepIgnore ?? false,
    thinUnsent: options.thinUnsent ?? false,
    verbose: options.verbose ?? false,
    debug: options.debug ?? false,
    all: options.all ?? false,
    json: options.json ?? false,
    now: options.now === undefined ? undefined : readInteger('--now', options.now),
    datasets: names,
  };
}

/** A forecast is to take seconds, not hours. */
const MOST_STEPS = 1_000_000;

function readTask(options: Options): Task {
  const { check, explain, simulate, forecast, noop } = options;
  if (simulate !== undefined) return alone(options, { kind: 'simulate', file: simulate, explain });
  if (forecast !== undefined) {
    const [span, every] = [readSpan('--forecast', forecast), readSpan('--every', options.every)];
    if (fixedSeconds(every) < 1) throw new UsageError('--every must be a second at least, e.g. 1h');
    if (fixedSeconds(span) / fixedSeconds(every) > MOST_STEPS)
      throw new UsageError(
        `--forecast: that would be more than ${MOST_STEPS} snapshots; look less far ahead, or at fewer (--every)`,
      );
    return alone(options, { kind: 'forecast', span, every });
  }
  if (check) return alone(options, { kind: 'check' });
  if (explain !== undefined) {
    if (parseListedSnapshot(explain) === undefined)
      throw new UsageError(
        `--explain: ${quote(explain)} is not a snapshot: write e.g. tank/home@zrep_00000a`,
      );
    return alone(options, { kind: 'explain', snapshot: explain });
  }
  return { kind: noop ? 'preview' : 'expire' };
}

/** Of --check, --simulate, --forecast and --explain one is enough; only a listing's snapshot can be explained. */
function alone({ check, explain, simulate, forecast }: Options, task: Task): Task {
  const asked = [check, simulate, forecast, simulate === undefined ? explain : undefined];
  if (asked.filter((one) => one !== undefined).length > 1)
    throw new UsageError(
      '--check, --explain, --simulate and --forecast: one at a time (--explain goes with --simulate)',
    );
  return task;
}

function readSpan(option: string, text: string): Span {
  const span = parseSpan(text);
  if (isProblem(span)) throw new UsageError(`${option}: ${span.problem}`);
  return span;
}

function readInteger(option: string, text: string): number {
  if (!/^-?\d{1,12}$/.test(text)) throw new UsageError(`${option}: ${quote(text)} is not a whole number`);
  return Number(text);
}

function readTags(text: string): Tag[] {
  return text.split(',').map((word) => {
    const tag = parseTag(word.trim());
    if (tag === undefined)
      throw new UsageError(
        `-t: ${quote(word)} cannot be a zrep tag; several have commas between them: -t zrep,offsite`,
      );
    return tag;
  });
}
