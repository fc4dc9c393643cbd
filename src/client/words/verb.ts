/** What a verb is to the command line, to its help, to the manual and to completion: said once, in data. Pure. */

import { quote } from '../../printable.ts';
import { type Dataset, parseDataset, parseListedDataset } from '../../zfs/names.ts';
import { UsageError } from './usage-error.ts';

export interface Option {
  /** `-f`, `--json`. */
  readonly name: string;
  /** Other spellings of it. */
  readonly alias?: readonly string[];
  /** What stands behind it, where something does: `DURATION`. */
  readonly value?: string;
  /** A phrase on it. */
  readonly text: string;
}

/** The options that were given, by name, whatever their spelling; with '' for one that has no value. */
export type Given = ReadonlyMap<string, string>;

export interface Verb<Command> {
  /** The forms that it has, the first one foremost. */
  readonly usage: readonly [string, ...string[]];
  /** Stock's other spellings: `-i`. */
  readonly alias?: readonly string[];
  /** For the list of verbs, at most 60 characters. */
  readonly summary: string;
  /** Paragraphs. */
  readonly description: readonly string[];
  readonly options: readonly Option[];
  readonly examples?: readonly string[];
  /** What each exit code means, in one sentence. */
  readonly exits: string;
  /** @throws UsageError when the words make no sense, Failure where that is what stock does. */
  read(given: Given, operands: readonly string[]): Command;
}

/** File systems by name, or all that there are of the kind. */
export interface Operands {
  readonly datasets: readonly Dataset[];
  /** `all` was said; then there are no names. */
  readonly all: boolean;
}

/** Each verb of a group, by its name. */
export type Verbs<Command> = Readonly<Record<string, Verb<Command>>>;

export function readOperands(usage: string, operands: readonly string[]): Operands {
  if (operands[0] === 'all' && operands.length === 1) return { datasets: [], all: true };
  if (operands.includes('all')) throw wrong(usage, '"all" stands alone');
  return { datasets: operands.map((text) => readDataset(usage, text)), all: false };
}

export function readDataset(usage: string, text: string): Dataset {
  const dataset = parseDataset(text);
  if (dataset === undefined) throw wrong(usage, sayNoDataset(text));
  return dataset;
}

/** Why zrep does not take `text` as a file system: it has a blank in its name, or zfs can have none of that name. */
export function sayNoDataset(text: string): string {
  return parseListedDataset(text) === undefined
    ? `${quote(text)} is not the name of a file system`
    : `${quote(text)} has a blank in its name, which zrep cannot handle: rename it by zfs rename`;
}

export function wrong(usage: string, problem: string): UsageError {
  return new UsageError(`${problem}; the form is: ${usage}`);
}
