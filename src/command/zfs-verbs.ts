/**
 * `zfs list`, `zfs get` and `zfs send`, by getopt's grammar as far as scripts use it: options before
 * operands, single letters that may be run together, values as the next word.
 *
 * One spelling each: an option given twice, glued to its value, or behind the operand is refused.
 */

import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import {
  type Dataset,
  parseDataset,
  parseSnapshot,
  parseZrepSnapshot,
  type ZrepSnapshot,
} from '../zfs/names.ts';
import type { DatasetType, GetField, PropertySource } from '../zfs/read-request.ts';
import { type DryRun, LONG_DRY_RUN_FLAGS, LONG_SEND_FLAGS, SEND_FLAGS } from '../zfs/send-flags.ts';
import type { Get, List, Operation, Send } from './request.ts';

const USAGE = {
  list: 'zfs list [-Hpr] [-d N] [-t TYPE[,...]] [-o COLUMN[,...]] [-s|-S COLUMN] DATASET',
  get: 'zfs get [-Hpr] [-d N] [-t TYPE[,...]] [-o FIELD[,...]] [-s SOURCE[,...]] PROPERTY[,...] DATASET',
  send: 'zfs send [-nP [-v]] [-LRbcepw] [-i|-I BASE] DATASET@SNAPSHOT',
} as const;
type Verb = keyof typeof USAGE;

/** The operation that `words`, all that followed `zfs`, stand for. */
export function parseZfs(words: readonly string[]): Operation | Refusal {
  const [verb = '', ...rest] = words;
  if (verb === 'list') return parseList(rest);
  if (verb === 'get') return parseGet(rest);
  if (verb === 'send') return parseSend(rest);
  return refuse('unknown-verb', 'zfs', verb);
}

interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: readonly { readonly option: string; readonly value: string }[];
  readonly operands: readonly string[];
}

/** getopt, narrowed: `flags` stand alone, `valued` take the next word, `long` are other names of flags. */
function readOptions(
  verb: Verb,
  words: readonly string[],
  grammar: { flags: string; valued: string; repeatable?: string; long?: ReadonlyMap<string, string> },
): Options | Refusal {
  const flags = new Set<string>();
  const values: { option: string; value: string }[] = [];
  let index = 0;
  for (; index < words.length; index += 1) {
    const word = words[index] as string;
    if (!word.startsWith('-')) break;
    const longName = word.startsWith('--') ? grammar.long?.get(word.slice(2)) : undefined;
    const letters = word.startsWith('--') ? (longName ?? '?') : word.slice(1);
    const last = letters.at(-1) ?? '?';
    const valued = grammar.valued.includes(last);
    for (const letter of valued ? letters.slice(0, -1) : letters || '?') {
      if (!grammar.flags.includes(letter))
        return refuse('bad-usage', USAGE[verb], 'an option is not offered here');
      if (flags.has(letter)) return refuse('bad-usage', USAGE[verb], `-${letter} is given twice`);
      flags.add(letter);
    }
    if (!valued) continue;
    if (values.some(({ option }) => option === last) && !grammar.repeatable?.includes(last)) {
      return refuse('bad-usage', USAGE[verb], `-${last} is given twice`);
    }
    index += 1;
    const value = words[index];
    if (value === undefined) return refuse('bad-usage', USAGE[verb], `-${last} needs a value`);
    values.push({ option: last, value });
  }
  return { flags, values, operands: words.slice(index) };
}

function optionValue(options: Options, option: string): string | undefined {
  return options.values.find((pair) => pair.option === option)?.value;
}

/** The options and the operand that list and get share. */
function readCommon(verb: 'list' | 'get', options: Options, operand: string | undefined) {
  const name = operand === undefined ? undefined : readOperand(operand);
  if (operand === undefined) return refuse('bad-usage', USAGE[verb], 'name exactly one dataset');
  if (name === undefined) return refuse('bad-name', 'the name of a dataset or snapshot', operand);

  const depth = readDepth(optionValue(options, 'd'), options.flags.has('r'));
  if (depth === undefined) return refuse('bad-usage', USAGE[verb], '-d needs a whole number');
  const types = readWords(optionValue(options, 't'), typeNames);
  if (types === undefined) return refuse('bad-usage', USAGE[verb], '-t has an unknown type');
  return { ...name, depth, types, scripted: options.flags.has('H'), parsable: options.flags.has('p') };
}

function readOperand(text: string): { dataset: Dataset; snapshot: string | undefined } | undefined {
  const snapshot = parseSnapshot(text);
  if (snapshot) return { dataset: snapshot.dataset, snapshot: snapshot.name };
  const dataset = parseDataset(text);
  return dataset && { dataset, snapshot: undefined };
}

/** `-d` implies `-r`, as in zfs(8). */
function readDepth(text: string | undefined, recursive: boolean): number | undefined {
  if (text === undefined) return recursive ? Number.POSITIVE_INFINITY : 0;
  return /^(?:0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : undefined;
}

/** A comma-separated list of known words, each once, by their full names; [] when there is none. */
function readWords<Word extends string>(
  text: string | undefined,
  names: ReadonlyMap<string, Word>,
): Word[] | undefined {
  if (text === undefined) return [];
  const words = text.split(',').map((word) => names.get(word));
  if (words.some((word) => word === undefined)) return undefined;
  return [...new Set(words as Word[])];
}

const typeNames = new Map<string, DatasetType>([
  ['filesystem', 'filesystem'],
  ['fs', 'filesystem'],
  ['volume', 'volume'],
  ['vol', 'volume'],
  ['snapshot', 'snapshot'],
  ['snap', 'snapshot'],
  ['bookmark', 'bookmark'],
  ['all', 'all'],
]);

/** Native properties are lower case; user properties have a colon (zfsprops(7)). */
const PROPERTY = /^[a-z0-9][a-z0-9_.:-]*$/;

function readProperties(verb: 'list' | 'get', text: string | undefined): string[] | Refusal {
  const properties = text?.split(',') ?? [];
  const wrong = properties.find((property) => !PROPERTY.test(property));
  if (wrong !== undefined) return refuse('bad-name', 'the name of a property', wrong);
  if (properties.length > 32) return refuse('bad-usage', USAGE[verb], 'that is too many properties');
  return properties;
}

function parseList(words: readonly string[]): List | Refusal {
  const options = readOptions('list', words, { flags: 'Hpr', valued: 'dtosS', repeatable: 'sS' });
  if (isRefusal(options)) return options;
  if (options.operands.length !== 1) return refuse('bad-usage', USAGE.list, 'name exactly one dataset');
  const common = readCommon('list', options, options.operands[0]);
  if (isRefusal(common)) return common;
  const columns = readProperties('list', optionValue(options, 'o'));
  if (isRefusal(columns)) return columns;
  const sort = options.values
    .filter(({ option }) => option === 's' || option === 'S')
    .map(({ option, value }) => ({ property: value, descending: option === 'S' }));
  const wrong = sort.find(({ property }) => !PROPERTY.test(property));
  if (wrong) return refuse('bad-name', 'the name of a property', wrong.property);
  return { kind: 'list', ...common, columns, sort };
}

const fieldNames = new Map<string, GetField>(
  (['name', 'property', 'value', 'source'] as const).map((field) => [field, field]),
);
const sourceNames = new Map<string, PropertySource>(
  (['local', 'default', 'inherited', 'received', 'temporary', 'none'] as const).map((source) => [
    source,
    source,
  ]),
);

function parseGet(words: readonly string[]): Get | Refusal {
  const options = readOptions('get', words, { flags: 'Hpr', valued: 'dtos' });
  if (isRefusal(options)) return options;
  if (options.operands.length !== 2)
    return refuse('bad-usage', USAGE.get, 'name properties, and exactly one dataset');
  const common = readCommon('get', options, options.operands[1]);
  if (isRefusal(common)) return common;
  const properties = readProperties('get', options.operands[0]);
  if (isRefusal(properties)) return properties;
  const fields = readWords(optionValue(options, 'o'), fieldNames);
  if (fields === undefined) return refuse('bad-usage', USAGE.get, '-o takes name, property, value');
  const sources = readWords(optionValue(options, 's'), sourceNames);
  if (sources === undefined) return refuse('bad-usage', USAGE.get, '-s has an unknown source');
  return { kind: 'get', ...common, properties, fields, sources };
}

function parseSend(words: readonly string[]): Send | Refusal {
  const options = readOptions('send', words, {
    flags: `${SEND_FLAGS.join('')}nPv`,
    valued: 'iI',
    long: new Map([...LONG_SEND_FLAGS, ...LONG_DRY_RUN_FLAGS]),
  });
  if (isRefusal(options)) return options;
  if (options.operands.length !== 1) return refuse('bad-usage', USAGE.send, 'name exactly one snapshot');
  const name = options.operands[0] as string;
  const snapshot = parseZrepSnapshot(name);
  if (snapshot === undefined) return refuse('bad-name', 'a snapshot DATASET@TAG_hhhhhh', name);
  const base = readBase(options, snapshot);
  if (isRefusal(base)) return base;
  const dryRun = readDryRun(options);
  if (isRefusal(dryRun)) return dryRun;
  const flags = SEND_FLAGS.filter((flag) => options.flags.has(flag));
  const { dataset, tag } = snapshot;
  return { kind: 'send', dataset, tag, snapshot, base, flags, ...(dryRun ? { dryRun } : {}) };
}

/**
 * `-n` with `-P`, perhaps `-v`. A dry run in words for people is for terminals, and no two versions word it alike;
 * with a stream, `-P` and `-v` would write to its standard error.
 */
function readDryRun({ flags }: Options): DryRun | undefined | Refusal {
  const given = ['n', 'P', 'v'].filter((flag) => flags.has(flag));
  if (given.length === 0) return undefined;
  if (!flags.has('n')) return refuse('bad-usage', USAGE.send, '-P and -v go with -n only');
  if (!flags.has('P')) return refuse('bad-usage', USAGE.send, '-n goes with -P only');
  return flags.has('v') ? 'nvP' : 'nP';
}

/** The incremental's start: a zrep snapshot of the same dataset, in full or from its `@` on. */
function readBase({ values }: Options, snapshot: ZrepSnapshot): Send['base'] | Refusal {
  const [first, ...more] = values;
  if (first === undefined) return undefined;
  if (more.length > 0) return refuse('bad-usage', USAGE.send, 'only one of -i and -I can be given');
  const { option, value } = first;
  const base = parseZrepSnapshot(value.startsWith('@') ? `${snapshot.dataset}${value}` : value);
  if (base === undefined) return refuse('bad-name', 'a snapshot DATASET@TAG_hhhhhh', value);
  if (base.dataset !== snapshot.dataset)
    return refuse('bad-usage', USAGE.send, 'both snapshots must be of one dataset');
  return { through: option === 'i' ? '-i' : '-I', snapshot: base };
}
