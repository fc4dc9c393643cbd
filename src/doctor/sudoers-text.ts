/**
 * sudoers(5) by its grammar, as far as the doctor needs it where no sudo converts it: Defaults, aliases, who a rule is for,
 * and what it includes. Pure. A line that is not understood is told, and not passed over.
 */

export type SudoersLine =
  | {
      readonly kind: 'defaults';
      readonly binding: Binding | undefined;
      readonly options: readonly SudoOption[];
    }
  | { readonly kind: 'alias'; readonly of: 'user' | 'command' | 'other'; readonly names: Aliases }
  /** A rule: for whom, and all behind that. */
  | { readonly kind: 'rule'; readonly users: readonly string[]; readonly text: string }
  /** A file, or a folder of files, to be read in this place. */
  | { readonly kind: 'include'; readonly folder: boolean; readonly path: string }
  | { readonly kind: 'strange' };

interface Binding {
  readonly to: 'user' | 'host' | 'command' | 'runas';
  readonly words: readonly string[];
}

interface SudoOption {
  readonly name: string;
  readonly value: boolean | string;
  readonly operation: 'list_assign' | 'list_add' | 'list_remove';
}

export type Aliases = ReadonlyMap<string, readonly string[]>;

export interface NumberedLine {
  /** The numbers of its first and last line, counted from 1. */
  readonly first: number;
  readonly last: number;
  readonly line: SudoersLine;
}

const TO: Readonly<Record<string, Binding['to']>> = {
  ':': 'user',
  '@': 'host',
  '!': 'command',
  '>': 'runas',
};
const OPERATION: Readonly<Record<string, SudoOption['operation']>> = {
  '=': 'list_assign',
  '+=': 'list_add',
  '-=': 'list_remove',
};

/** Anything in quotes, or with a backslash in front, or else but a blank. */
const WORD = String.raw`(?:"(?:\\.|[^"\\])*"|\\.|[^\s,"\\])+`;
const LIST = String.raw`!*\s*${WORD}(?:\s*,\s*!*\s*${WORD})*`;
const DEFAULTS = new RegExp(String.raw`^Defaults(?:([@:!>])\s*(${LIST}))?\s+(\S.*)$`, 's');
const OPTION = new RegExp(String.raw`\s*(!*)\s*([a-z_]+)(?:\s*([+-]?=)\s*(${WORD}))?\s*(?:,|$)`, 'y');
const ALIAS = /^(User|Runas|Host|Cmnd|Cmd)_Alias\s+(.*)$/s;
const RULE = new RegExp(String.raw`^(${LIST})\s+(\S.*)$`, 's');
const INCLUDE = /^[@#]include(dir)?\s+(.*)$/;

/** The lines of a file, those put together that a backslash divides; comments and empty ones are left out. */
export function readSudoers(text: string): NumberedLine[] {
  const found: NumberedLine[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const first = at + 1;
    let whole = lines[at] ?? '';
    while (isContinued(whole) && at + 1 < lines.length) {
      at += 1;
      whole = `${whole.slice(0, -1)} ${lines[at]}`;
    }
    const line = readLine(whole.trim());
    if (line !== undefined) found.push({ first, last: at + 1, line });
  }
  return found;
}

/** A backslash at the end of a comment continues nothing (toke.l: a comment ends where its line does). */
function isContinued(line: string): boolean {
  if (!/(?<!\\)(?:\\\\)*\\$/.test(line)) return false;
  return INCLUDE.test(line) || withoutComment(line).length === line.length - 1;
}

function readLine(whole: string): SudoersLine | undefined {
  const [, dir, path = ''] = INCLUDE.exec(whole) ?? [];
  if (path !== '') return { kind: 'include', folder: dir !== undefined, path: plain(path.trim()) };
  const line = withoutComment(whole).trim();
  if (line === '') return undefined;
  if (/^Defaults(?:[@:!>\s]|$)/.test(line)) return readDefaultsLine(line);
  const [, kind, aliases = ''] = ALIAS.exec(line) ?? [];
  if (kind !== undefined) return readAliases(kind, aliases);
  const [, users, text = ''] = RULE.exec(line) ?? [];
  return users === undefined ? { kind: 'strange' } : { kind: 'rule', users: listOf(users), text };
}

/** A number behind # is an id, and no comment. */
function withoutComment(line: string): string {
  const [kept = ''] = /^(?:"(?:\\.|[^"\\])*"|\\.|#(?=-?\d)|[^#\\])*/s.exec(line) ?? [];
  return kept;
}

function readDefaultsLine(line: string): SudoersLine {
  const [, to = '', words = '', text] = DEFAULTS.exec(line) ?? [];
  const options = text === undefined ? undefined : readOptions(text);
  if (options === undefined) return { kind: 'strange' };
  const kind = TO[to];
  return { kind: 'defaults', binding: kind && { to: kind, words: listOf(words) }, options };
}

function readOptions(text: string): SudoOption[] | undefined {
  const options: SudoOption[] = [];
  OPTION.lastIndex = 0;
  while (OPTION.lastIndex < text.length) {
    const [whole, not = '', name = '', operator, value] = OPTION.exec(text) ?? [];
    if (whole === undefined || (not !== '' && operator !== undefined)) return undefined;
    const operation = OPERATION[operator ?? '='] ?? 'list_assign';
    options.push({ name, value: value === undefined ? not.length % 2 === 0 : plain(value), operation });
  }
  return options;
}

function readAliases(kind: string, text: string): SudoersLine {
  const names = new Map<string, string[]>();
  for (const part of splitAt(text, ':')) {
    const [, name, words = ''] = /^\s*([A-Z][A-Z0-9_]*)\s*=\s*(.*)$/s.exec(part) ?? [];
    if (name === undefined) return { kind: 'strange' };
    names.set(name, listOf(words));
  }
  const of = kind === 'User' ? 'user' : kind.startsWith('C') ? 'command' : 'other';
  return { kind: 'alias', of, names };
}

/** The members of a list between commas, without what sudoers(5) needs around their characters. */
function listOf(text: string): string[] {
  return splitAt(text, ',').map((word) => plain(word.trim()));
}

/** Where the character stands neither in quotes nor behind a backslash. */
function splitAt(text: string, character: ',' | ':'): string[] {
  const part = new RegExp(String.raw`(?:"(?:\\.|[^"\\])*"|\\.|[^"\\${character}])+`, 'gs');
  return text.match(part) ?? [];
}

function plain(word: string): string {
  return word.replace(/\\(.)|"/gs, '$1');
}
