/** The Defaults of sudoers, as `cvtsudoers -e -p -f json -M -m user=ACCOUNT` prints them. Pure. */

import { fitsPattern } from './sshd-settings.ts';

/** What holds for one command line of one account. */
export interface SudoDefaults {
  /** Options that are on or off, and those with a value. */
  readonly options: ReadonlyMap<string, boolean | string>;
  /** env_keep, without the list of sudo's own that holds where nothing replaces it: that has nothing dangerous. */
  readonly keeps: readonly string[];
}

type Value = boolean | string | number | readonly string[];
/** One line of Defaults, in the form of cvtsudoers. */
export interface DefaultsEntry {
  readonly Binding?: readonly Readonly<Record<string, unknown>>[];
  readonly Options?: readonly Readonly<Record<string, Value>>[];
}

/** What binds a Defaults line; those that are for a command come last (sudoers(5)). */
const BINDS_COMMAND = 'command';

/**
 * The lines of Defaults that are for an account. A line for hosts or for whom to become is counted whichever these are, since
 * both are this host and root, or nearly always.
 *
 * @throws SyntaxError when it is no JSON.
 */
export function parseDefaults(json: string): readonly DefaultsEntry[] {
  return (JSON.parse(json || '{}') as { Defaults?: readonly DefaultsEntry[] }).Defaults ?? [];
}

/** The Defaults for `words` as root, of an account's lines. */
export function readDefaults(entries: readonly DefaultsEntry[], words: readonly string[]): SudoDefaults {
  const general = entries.filter((entry) => !bindsCommand(entry));
  const own = entries.filter((entry) => bindsCommand(entry) && fitsCommand(entry, words));
  const options = new Map<string, boolean | string>();
  let keeps: string[] = [];
  for (const set of [...general, ...own].flatMap((entry) => entry.Options ?? [])) {
    const { operation, ...values } = set;
    for (const [name, value] of Object.entries(values)) {
      if (name !== 'env_keep') options.set(name, Array.isArray(value) ? value.join(' ') : scalar(value));
      else if (value === false) keeps = [];
      else if (operation === 'list_add') keeps = [...keeps, ...namesIn(value)];
      else if (operation === 'list_remove') keeps = keeps.filter((one) => !namesIn(value).includes(one));
      else keeps = namesIn(value);
    }
  }
  return { options, keeps };
}

function bindsCommand({ Binding = [] }: DefaultsEntry): boolean {
  return Binding.some((one) => BINDS_COMMAND in one);
}

/** A command without arguments is for any. */
function fitsCommand({ Binding = [] }: DefaultsEntry, words: readonly string[]): boolean {
  return Binding.some((one) => {
    const command = String(one[BINDS_COMMAND] ?? '');
    return [words.join(' '), words[0] ?? ''].some((text) => command === 'ALL' || fitsPattern(text, command));
  });
}

function namesIn(value: Value): string[] {
  return Array.isArray(value) ? value.map(String) : String(value).split(/\s+/);
}

function scalar(value: Value): boolean | string {
  return typeof value === 'boolean' ? value : String(value);
}
