/** Completion for bash, of what a program's help says: completion.bash, filled in. Pure, but for reading that. */

import { readFileSync } from 'node:fs';
import type { Option, Program, Verb } from './programs.ts';

const SCRIPT = readFileSync(new URL('completion.bash', import.meta.url), 'utf8');

/** A script to be sourced. It defines one function, which asks zfs when a file system is to be completed. */
export function completionScript(program: Program): string {
  const { name, verbs } = program;
  const parts: Readonly<Record<string, string>> = {
    NAME: name,
    FUNCTION: `_${name.replaceAll('-', '_')}`,
    VERBS: verbs.map((verb) => verb.name).join(' '),
    SWITCHES: indented(6, switches(program)),
    ALIASES: indented(4, aliases(verbs)),
    PLACES: indented(4, places(program)),
    VALUES: indented(4, values(program)),
  };
  return SCRIPT.replace(/@([A-Z]+)@/g, (_mark, part: string) => parts[part] ?? '');
}

function switches({ options }: Program): string[] {
  return options.map(
    ({ names, value }) => `${names.join('|')}) ${value === undefined ? '' : '((index += 1)) '};;`,
  );
}

function aliases(verbs: readonly Verb[]): string[] {
  return verbs.flatMap(({ name, alias }) =>
    alias.length > 0 ? [`${alias.join('|')}) verb=${name} ;;`] : [],
  );
}

/** What can stand where: in front of a verb (or where there is none), and behind each. */
function places({ options, verbs, usage }: Program): string[] {
  const front = place("''", verbs.length > 0 ? 'verbs' : operandKinds(usage), options);
  return [front, ...verbs.map((verb) => place(verb.name, operandKinds(verb.usage), verb.options))];
}

function place(verb: string, kinds: string, options: readonly Option[]): string {
  return `${verb}) kinds='${kinds}' options='${options.flatMap(({ names }) => names).join(' ')}' ;;`;
}

/** By the words that help has for operands. */
function operandKinds(usage: readonly string[]): string {
  const operands = usage.join(' ').replace(/\[-[^\]]*\]/g, '');
  const kinds: [kind: string, word: RegExp][] = [
    ['verbs', /help \[(?:VERB|command)\]/],
    ['datasets', /FS|FILESYSTEM|[<[]dataset[>\]]/],
    ['all', /\|all\b/],
    ['snapshots', /@SNAP/],
    ['files', /file>/],
  ];
  return kinds.flatMap(([kind, word]) => (word.test(operands) ? [kind] : [])).join(' ');
}

/** What can stand behind an option that has a value. */
function values({ options, verbs }: Program): string[] {
  return [{ name: '', options }, ...verbs].flatMap(({ name, options: own }) =>
    own.flatMap(({ names, value }) => {
      if (value === undefined) return [];
      const kinds = /file/i.test(value) ? 'files' : /snapshot/i.test(value) ? 'datasets snapshots' : '';
      return [`${names.map((option) => `${name}:${option}`).join('|')}) kinds='${kinds}' ;;`];
    }),
  );
}

function indented(width: number, lines: readonly string[]): string {
  return lines.map((line) => ' '.repeat(width) + line).join('\n');
}
