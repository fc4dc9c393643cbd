/** A manual page of what a program's help says, in man(7). Pure. */

import type { Option, Program, Verb } from './programs.ts';

/** The page in section 8 of `program`, whose neighbours are `others`. */
export function manualPage(program: Program, others: readonly string[], version: string): string {
  const { name, purpose, text, usage, options, verbs, chapters } = program;
  return [
    `.TH ${name.toUpperCase()} 8 "" "zrep-gate ${version}" "System Administration"`,
    // No hyphens in words that are to be copied, and no lines stretched around them.
    '.nh',
    '.ad l',
    chapter('NAME', `${escaped(name)} \\- ${escaped(purpose)}`),
    chapter('SYNOPSIS', usage.map(commandLine).join('\n.br\n')),
    chapter('DESCRIPTION', body(text)),
    chapter('OPTIONS', `${verbs.length > 0 ? 'In front of the verb:\n' : ''}${optionList(options)}`),
    chapter('VERBS', verbs.map(section).join('\n')),
    ...Object.entries(chapters).map(([heading, more]) => chapter(heading, body(more))),
    chapter('SEE ALSO', [...others, 'zfs'].map((other) => `.BR ${escaped(other)} (8)`).join(',\n')),
    '',
  ]
    .filter((part, index, all) => part !== '' || index === all.length - 1)
    .join('\n');
}

function chapter(heading: string, content: string): string {
  return content === '' ? '' : `.SH ${heading}\n${content}`;
}

function section({ name, alias, usage, text, options, more }: Verb): string {
  const names = [name, ...alias].map(escaped).join(', ');
  return [
    `.SS ${names}`,
    usage.map(commandLine).join('\n.br\n'),
    `.PP\n${body(text)}`,
    optionList(options),
    more === '' ? '' : `.PP\n${body(more)}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** The program and its verb stand out. */
function commandLine(usage: string): string {
  const [, head = '', rest = ''] = /^((?:[a-z-]+ ?){1,2})(.*)$/.exec(usage) ?? [];
  return `\\fB${escaped(head.trimEnd())}\\fR ${escaped(rest)}`.trimEnd();
}

function optionList(options: readonly Option[]): string {
  return options.map(({ names, value, text }) => entry(optionTerm(names, value), text)).join('\n');
}

function optionTerm(names: readonly string[], value: string | undefined): string {
  const spellings = names.map((name) => `\\fB${escaped(name)}\\fR`).join(', ');
  return value === undefined ? spellings : `${spellings} \\fI${escaped(value)}\\fR`;
}

function entry(term: string, text: string): string {
  return `.TP\n${term}\n${escaped(text)}`;
}

/** Help's own form: paragraphs at the margin; what is indented is a list where it has two columns, or is left as it is. */
function body(text: string): string {
  const blocks = text.split(/\n{2,}/).flatMap((paragraph) =>
    runs(paragraph.split('\n').filter((line) => line !== '')).map((lines, index) => {
      const apart = index === 0 || !lines[0]?.startsWith(' ');
      return apart ? `.PP\n${block(lines)}` : block(lines);
    }),
  );
  return blocks.join('\n').replace(/^\.PP\n/, '');
}

/** Neighbouring lines that are indented, or are not. */
function runs(lines: readonly string[]): string[][] {
  const found: string[][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last?.[0]?.startsWith(' ') === line.startsWith(' ')) last?.push(line);
    else found.push([line]);
  }
  return found;
}

function block(lines: readonly string[]): string {
  if (!lines[0]?.startsWith(' ')) return lines.map(escaped).join('\n');
  const rows = twoColumns(lines);
  if (rows !== undefined)
    return rows.map(([term, text]) => entry(`\\fB${escaped(term)}\\fR`, text)).join('\n');
  const indent = Math.min(...lines.map((line) => line.search(/\S/)));
  return ['.RS 4', '.nf', ...lines.map((line) => escaped(line.slice(indent))), '.fi', '.RE'].join('\n');
}

/** Terms and texts; undefined where the lines are no list of these. What is behind a # is no text, but a comment. */
function twoColumns(lines: readonly string[]): [term: string, text: string][] | undefined {
  const rows: [string, string][] = [];
  const indent = Math.max(...lines.map((line) => line.search(/\S/)));
  for (const line of lines) {
    const [, term, text = ''] = /^ {1,4}(\S+(?: \S+)*?)(?: {2,}(\S.*))?$/.exec(line) ?? [];
    const last = rows.at(-1);
    if (text.startsWith('#')) return undefined;
    if (term !== undefined) rows.push([term, text]);
    else if (last !== undefined && line.search(/\S/) === indent) last[1] = `${last[1]} ${line.trim()}`.trim();
    else return undefined;
  }
  return rows.every(([, text]) => text !== '') ? rows : undefined;
}

/** As it is to be read and copied: roff would take a backslash for its own, a dash for a hyphen, and a dot in front for a request. */
function escaped(text: string): string {
  const glyphs: Record<string, string> = {
    '\\': '\\e',
    '-': '\\-',
    "'": '\\(aq',
    '`': '\\(ga',
    '^': '\\(ha',
    '~': '\\(ti',
  };
  return text.replace(/[\\\-'`^~]/g, (character) => glyphs[character] ?? character).replace(/^\./gm, '\\&.');
}
