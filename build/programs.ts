/** What each program's --help says, in the one form of which manuals and completion are made. */

import type { Command } from 'commander';
import { VERBS } from '../src/client/words/command-line.ts';
import { BEGINNING, EXITS, INTRODUCTION, PURPOSE, SWITCHES } from '../src/client/words/overview.ts';
import { VARIABLES } from '../src/client/words/variables-help.ts';
import type { Option as VerbOption } from '../src/client/words/verb.ts';
import { describeExpire } from '../src/expire/command.ts';
import { describeAdmin } from '../src/gate/admin.ts';

export interface Option {
  /** Every spelling. */
  readonly names: readonly string[];
  /** What stands behind it. */
  readonly value: string | undefined;
  readonly text: string;
}

export interface Verb {
  readonly name: string;
  /** Other spellings. */
  readonly alias: readonly string[];
  /** Whole command lines. */
  readonly usage: readonly string[];
  /** As help has it: paragraphs, lists in two columns, indented lines. */
  readonly text: string;
  readonly options: readonly Option[];
  /** The same as text, to stand behind the options. */
  readonly more: string;
}

export interface Program {
  readonly name: string;
  /** A phrase, for apropos. */
  readonly purpose: string;
  readonly text: string;
  readonly usage: readonly string[];
  /** Where there are verbs, those in front of them. */
  readonly options: readonly Option[];
  readonly verbs: readonly Verb[];
  /** What else there is to say, by heading. */
  readonly chapters: Readonly<Record<string, string>>;
}

export const PROGRAMS: readonly Program[] = [zrep(), zrepExpire(), zrepGate()];

function zrep(): Program {
  const verbs = Object.entries(VERBS).map(([name, verb]): Verb => {
    const { alias = [], usage, summary, description, options, examples = [], exits } = verb;
    return {
      ...{ name, alias, usage, options: options.map(asOption) },
      text: paragraphs(sentence(summary), ...description),
      more: paragraphs(examples.length > 0 ? lines('Examples:', examples) : '', `Exit codes: ${exits}`),
    };
  });
  return {
    name: 'zrep',
    purpose: PURPOSE,
    text: paragraphs(`zrep ${PURPOSE}. ${INTRODUCTION}`, lines(BEGINNING.text, BEGINNING.lines)),
    usage: verbs.flatMap(({ usage }) => usage),
    options: SWITCHES.map(asOption),
    verbs,
    chapters: {
      ENVIRONMENT: VARIABLES,
      'EXIT STATUS': lines(
        '',
        EXITS.map((row) => row.join('  ')),
      ),
    },
  };
}

function zrepGate(): Program {
  const root = describeAdmin(() => undefined);
  const help = root.createHelp();
  const verbs = help.visibleCommands(root).map(
    (command): Verb => ({
      name: command.name(),
      alias: command.aliases(),
      // Of a parent it would have the options, of which there are none here.
      usage: [help.commandUsage(command).replace(/^(?:zrep-gate )?/, 'zrep-gate ')],
      text: sentence(command.description()),
      options: optionsOf(command),
      more: behindHelp(command),
    }),
  );
  return {
    ...heading(root),
    text: behindHelp(root),
    usage: verbs.flatMap(({ usage }) => usage),
    verbs,
    chapters: {},
  };
}

function zrepExpire(): Program {
  const root = describeExpire();
  const usage = [root.createHelp().commandUsage(root)];
  // Longer than the options, and of no use without them.
  return { ...heading(root), text: '', usage, verbs: [], chapters: { USE: behindHelp(root) } };
}

function heading(root: Command): Pick<Program, 'name' | 'purpose' | 'options'> {
  const purpose = root.description().replace(/^./, (first) => first.toLowerCase());
  return { name: root.name(), purpose: purpose.replace(/\.$/, ''), options: optionsOf(root) };
}

function optionsOf(command: Command): Option[] {
  const help = command.createHelp();
  return help.visibleOptions(command).map((option) => ({
    names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
    value: /[<[](.*)[>\]]/.exec(option.flags)?.[1],
    text: help.optionDescription(option),
  }));
}

/** What addHelpText has added. */
function behindHelp(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
  });
  command.outputHelp();
  return text.slice(command.helpInformation().length).trim();
}

function sentence(phrase: string): string {
  return `${phrase.replace(/^./, (first) => first.toUpperCase())}.`;
}

function asOption({ name, alias = [], value, text }: VerbOption): Option {
  return { names: [name, ...alias], value, text };
}

function lines(head: string, indented: readonly string[]): string {
  return [head, ...indented.map((line) => `  ${line}`)].filter((line) => line !== '').join('\n');
}

function paragraphs(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n\n');
}
