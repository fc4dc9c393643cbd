/**
 * One line of shell, as far as it assigns values that are beyond doubt; of any other, what it does to the lines
 * that follow. Nothing is executed. Pure.
 */

// A word of the shell's whose value is beyond doubt. One character a repetition.
const PLAIN = '[^\\s;&|<>()$`\\\\"\'~]';
const SINGLE = `'[^']*'`;
const INNER = '[^"$`\\\\]|\\\\["$`\\\\]';
const QUOTED_DEFAULT = `\\$\\{[A-Za-z0-9_]+:-[^"'$\`\\\\{}]*\\}`;
const DOUBLE = `"(?:${INNER}|${QUOTED_DEFAULT})*"`;
const DEFAULT = `\\$\\{[A-Za-z0-9_]+:-(?:[^"'$\`\\\\{}~]|${SINGLE}|"(?:${INNER})*")*\\}`;
const WORD = `(?:${PLAIN}|${SINGLE}|${DOUBLE}|${DEFAULT})+`;

const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/;

type Current = (name: string) => string | undefined;

/** What one line assigns, by name, where variables are as `current` says; undefined when it does, or may do, anything else. */
export function readAssignments(line: string, current: Current): ReadonlyMap<string, string> | undefined {
  const statements = statementsOf(line);
  if (statements === undefined) return undefined;
  const found = new Map<string, string>();
  for (const words of statements) {
    const exported = words[0] === 'export';
    if (exported && words.length === 1) return undefined;
    for (const word of exported ? words.slice(1) : words) {
      // `export VAR` says nothing new; any other word is a command.
      if (exported && /^[A-Za-z_][A-Za-z0-9_]*$/.test(word)) continue;
      const [, name, raw = ''] = ASSIGNMENT.exec(word) ?? [];
      if (name === undefined) return undefined;
      const value = evaluate(raw, name, found.get(name) ?? current(name));
      if (value === undefined) return undefined;
      found.set(name, value);
    }
  }
  return found;
}

/** The words of each statement, quotes and all; undefined when there is more than words, `;` and a comment. */
function statementsOf(line: string): string[][] | undefined {
  const statements: string[][] = [[]];
  const token = new RegExp(`[ \\t]+|(;)|(#.*)|(${WORD})`, 'y');
  while (token.lastIndex < line.length) {
    const match = token.exec(line);
    if (match === null) return undefined;
    const [, end, , word] = match;
    if (end !== undefined && statements.at(-1)?.length === 0) return undefined;
    if (end !== undefined) statements.push([]);
    if (word !== undefined) statements.at(-1)?.push(word);
  }
  return statements;
}

/** What the shell makes of the word `raw`, assigned to `name`; undefined where it asks for another variable. */
function evaluate(raw: string, name: string, current: string | undefined): string | undefined {
  const values = pieces(raw, [DEFAULT, SINGLE, DOUBLE, PLAIN]).flatMap((piece) => {
    if (!piece.startsWith('"')) return [evaluatePiece(piece, name, current)];
    const inner = pieces(piece.slice(1, -1), [QUOTED_DEFAULT, INNER]);
    return inner.map((part) => evaluatePiece(part, name, current));
  });
  return values.includes(undefined) ? undefined : values.join('');
}

function evaluatePiece(piece: string, name: string, current: string | undefined): string | undefined {
  const [, asked, otherwise = ''] = /^\$\{(\w+):-(.*)\}$/.exec(piece) ?? [];
  if (asked !== undefined) return asked === name ? current || unquote(otherwise) : undefined;
  return piece.startsWith('\\') ? piece.slice(1) : unquote(piece);
}

function pieces(text: string, kinds: readonly string[]): string[] {
  return text.match(new RegExp(kinds.join('|'), 'g')) ?? [];
}

/** Quotes off, around whole runs. */
function unquote(text: string): string {
  return text.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"/g,
    (_whole, single?: string, double?: string) => single ?? (double ?? '').replace(/\\(.)/g, '$1'),
  );
}

/** A line without its strings and its comment. */
function bare(line: string): string {
  return line.replace(/\\.|'[^']*'|"(?:[^"\\]|\\.)*"/g, '_').replace(/(^|\s)#.*/, '$1');
}

/** A string or a here-document that goes on, or the end of sourcing. */
export function hidesWhatFollows(line: string): boolean {
  const text = bare(line);
  return /["']|<</.test(text) || /^\s*(?:return|exit)\b/.test(text);
}

/** How many constructs a line opens more than it closes; in doubt it opens. */
export function nesting(line: string): number {
  const text = bare(line);
  const opened = text.match(/(?:^|[\s;&|(!])(?:if|case|for|while|until|select|[({])(?=\s|$)|\)\s*\{/g) ?? [];
  const closed = text.match(/(?:^|;)\s*(?:fi|esac|done|[)}])(?=[\s;&|)]|$)/g) ?? [];
  return opened.length - closed.length;
}
