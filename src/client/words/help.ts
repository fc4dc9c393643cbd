/** What `zrep --help` and `zrep help VERB` print, from what verbs.ts and its like say; in 80 columns. Pure. */

import { quote } from '../../printable.ts';
import { wrap } from '../../wrap.ts';
import { VERBS } from './command-line.ts';
import { BEGINNING, EXITS, INTRODUCTION, PURPOSE, SWITCHES } from './overview.ts';
import { UsageError } from './usage-error.ts';
import { VARIABLES } from './variables-help.ts';
import type { Option, Verb } from './verb.ts';

const WIDTH = 80;

const OVERVIEW = [
  `zrep: ${PURPOSE}.\n${prose(INTRODUCTION)}`,
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
    ...description.map((paragraph) => prose(paragraph)),
    options.length > 0 ? optionList(options) : '',
    'In front of the verb: -R, -t TAG and -D (zrep --help).\n',
    examples.length > 0 ? `Examples:\n${examples.map((line) => `  ${line}\n`).join('')}` : '',
    prose(`Exit codes: ${exits}`),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

function optionList(options: readonly Option[]): string {
  return table(
    options.map(({ name, alias = [], value, text }) => {
      const spellings = [name, ...alias].join(', ');
      return [value ? `${spellings} ${value}` : spellings, text];
    }),
  );
}

/** Two columns, the first as wide as its widest. */
function table(rows: readonly (readonly [string, string])[]): string {
  const width = 4 + Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name}`.padEnd(width) + prose(text, width).trimStart()).join('');
}

function prose(text: string, indent = 0): string {
  return wrap(text, WIDTH, ' '.repeat(indent))
    .map((line) => `${line}\n`)
    .join('');
}
