/** What `zrep --help` and `zrep help VERB` print, from what verbs.ts and its like say; in 80 columns. Pure. */

import { quote } from '../../printable.ts';
import { VERBS } from './command-line.ts';
import { BEGINNING, EXITS, INTRODUCTION, PURPOSE, SWITCHES } from './overview.ts';
import { UsageError } from './usage-error.ts';
import { VARIABLES } from './variables-help.ts';
import type { Option, Verb } from './verb.ts';

const WIDTH = 80;

const OVERVIEW = [
  `zrep: ${PURPOSE}.\n${wrap(INTRODUCTION, 0)}`,
  `${BEGINNING.text}\n${BEGINNING.lines.map((line) => `  ${line}\n`).join('')}`,
  `Verbs (zrep help VERB says more):\n${verbList()}`,
  `Switches, in front of the verb, in any order:\n${optionList(SWITCHES)}`,
  'Variables, from the environment or /etc/default/zrep (zrep help variables).\n',
  `Exit codes:\n${table(EXITS)}`,
].join('\n');

/** Help on a verb, on `variables`, or on all. @throws UsageError where there is none. */
export function helpFor(topic: string | undefined): string {
  if (topic === undefined) return OVERVIEW;
  if (topic === 'variables') return VARIABLES;
  const verb = Object.hasOwn(VERBS, topic) ? VERBS[topic] : undefined;
  if (verb === undefined) {
    const topics = [...Object.keys(VERBS), 'variables'].join(', ');
    throw new UsageError(`there is no help on ${quote(topic)}, but on: ${topics}`);
  }
  return verbHelp(verb);
}

function verbList(): string {
  return table(Object.entries(VERBS).map(([name, { summary }]) => [name, summary]));
}

function verbHelp({ usage, description, options, examples = [], exits }: Verb<unknown>): string {
  const blocks = [
    `${usage.join('\n')}\n`,
    ...description.map((paragraph) => wrap(paragraph, 0)),
    options.length > 0 ? optionList(options) : '',
    'In front of the verb: -R, -t TAG and -D (zrep --help).\n',
    examples.length > 0 ? `Examples:\n${examples.map((line) => `  ${line}\n`).join('')}` : '',
    wrap(`Exit codes: ${exits}`, 0),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

function optionList(options: readonly Option[]): string {
  return table(options.map(({ name, value, text }) => [value ? `${name} ${value}` : name, text]));
}

/** Two columns, the first as wide as its widest. */
function table(rows: readonly (readonly [string, string])[]): string {
  const width = 4 + Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name}`.padEnd(width) + wrap(text, width).trimStart()).join('');
}

function wrap(text: string, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(' '.repeat(indent) + word);
  }
  return lines.map((line) => `${line}\n`).join('');
}
