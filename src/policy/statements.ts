/**
 * A policy's text as lines that belong together: which lines are one statement of TOML, and which table each one is in. So a text can be
 * changed without touching the comments and the layout of the rest. Pure.
 *
 * It is for a text that smol-toml reads: what is no TOML is not noticed here.
 */

import { parse as parseToml } from 'smol-toml';

export interface Statement {
  readonly kind: 'blank' | 'comment' | 'pair' | 'table' | 'list entry';
  /** Where it begins in the text, and where the next one does. */
  readonly start: number;
  readonly end: number;
  /** Of `[client.b]` and `[[client.b.grant]]`: the keys between the brackets; of others none. */
  readonly keys: readonly string[];
}

/** The statements of `text`, which together are all of it. */
export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  for (let start = 0; start < text.length; ) {
    const end = endOfStatement(text, start);
    statements.push({ ...describe(text.slice(start, end)), start, end });
    start = end;
  }
  return statements;
}

/** `[[client.b.grant]]` as its keys; a header has nothing else in it. */
function describe(own: string): Pick<Statement, 'kind' | 'keys'> {
  // In front of the file's first line there can be a byte order mark.
  const bare = own.replace(/^\ufeff/, '').trim();
  if (bare === '') return { kind: 'blank', keys: [] };
  if (bare.startsWith('#')) return { kind: 'comment', keys: [] };
  if (!bare.startsWith('[')) return { kind: 'pair', keys: [] };
  const keys: string[] = [];
  for (let table: unknown = parseToml(bare); ; ) {
    const inner = Array.isArray(table) ? table[0] : table;
    const [key] = Object.keys(inner as object);
    if (key === undefined) return { kind: Array.isArray(table) ? 'list entry' : 'table', keys };
    keys.push(key);
    table = (inner as Record<string, unknown>)[key];
  }
}

/** Behind the first line break that is in no string and no bracket. */
function endOfStatement(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    const character = text[at];
    if (character === '"' || character === "'") {
      at = endOfString(text, at, character);
      continue;
    }
    if (character === '#') {
      const line = text.indexOf('\n', at);
      at = line < 0 ? text.length : line;
      continue;
    }
    if (character === '[' || character === '{') depth += 1;
    if (character === ']' || character === '}') depth -= 1;
    at += 1;
    if (character === '\n' && depth <= 0) return at;
  }
  return text.length;
}

/** Behind the string that begins at `start`; `'''` and `"""` go over lines, and can end with one or two quotes more. */
function endOfString(text: string, start: number, quote: string): number {
  const long = text.startsWith(quote.repeat(3), start);
  const mark = long ? quote.repeat(3) : quote;
  for (let at = start + mark.length; at < text.length; at += 1) {
    if (quote === '"' && text[at] === '\\') at += 1;
    else if (text.startsWith(mark, at)) {
      let end = at + mark.length;
      for (let more = 0; long && more < 2 && text[end] === quote; more += 1) end += 1;
      return end;
    }
  }
  return text.length;
}

/**
 * Where what is written into the section of the statement at `index` goes: behind its last pair, and the comments that follow that at
 * once. A comment that stands directly above the next header belongs to that.
 */
export function endOfSection(statements: readonly Statement[], index: number): number {
  let last = index;
  let next = index + 1;
  for (; next < statements.length && !isHeader(statements[next]); next += 1)
    if (statements[next]?.kind === 'pair') last = next;
  let end = last;
  while (statements[end + 1]?.kind === 'comment') end += 1;
  return statements[isHeader(statements[end + 1]) ? last : end]?.end ?? 0;
}

export function isHeader(statement: Statement | undefined): boolean {
  return statement?.kind === 'table' || statement?.kind === 'list entry';
}

/** The line break of a text: that of its first line. */
export function lineBreakOf(text: string): '\n' | '\r\n' {
  return /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n';
}

/** A key as TOML has it: in quotes where it has a dot, say. */
export function tomlKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
}
