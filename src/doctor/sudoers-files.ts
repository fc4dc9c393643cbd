/** The Defaults and tags of sudoers for one account, read from its files: for a sudo that has no converter (sudo-rs). */

import { readdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readIfThere } from './ask.ts';
import { type Finding, finding } from './findings.ts';
import type { DefaultsEntry } from './sudo-defaults.ts';
import { type Aliases, type NumberedLine, readSudoers, type SudoersLine } from './sudoers-text.ts';

/** Whom rules and Defaults are looked up for. */
export interface SudoUser {
  readonly name: string;
  readonly uid: number;
  /** Their names, and their numbers behind a #. */
  readonly groups: readonly string[];
}

export interface SudoersLook {
  readonly entries: readonly DefaultsEntry[];
  /** `setenv` and `noexec`, where a rule for the account has them: sudo-rs obeys them and does not list them. */
  readonly tags: readonly string[];
  readonly findings: readonly Finding[];
}

interface PlacedLine extends NumberedLine {
  readonly path: string;
}

/** As deep as sudo goes (its sudoers plugin, MAX_SUDOERS_DEPTH). */
const DEEPEST = 128;

/** Reads `file` and what it includes. `ignored` are the places, FILE:LINE, that sudo itself could not read. */
export function lookAtSudoersFiles(file: string, user: SudoUser, ignored: ReadonlySet<string>): SudoersLook {
  const isIgnored = ({ path, first, last }: PlacedLine) =>
    Array.from({ length: last - first + 1 }, (_, more) => `${path}:${first + more}`).some((place) =>
      ignored.has(place),
    );
  const lines = linesOf(file, 0).filter((line) => !isIgnored(line));
  const aliases = { user: aliasesIn(lines, 'user'), command: aliasesIn(lines, 'command') };
  const entries: DefaultsEntry[] = [];
  const tags = new Set<string>();
  const findings: Finding[] = [];
  for (const placed of lines) {
    const { line } = placed;
    const own = line.kind === 'strange' ? undefined : isFor(line, user, aliases.user);
    if (own === undefined) findings.push(notUnderstood(placed));
    else if (own && line.kind === 'defaults') entries.push(entryOf(line, aliases.command));
    else if (own && line.kind === 'rule') for (const tag of tagsIn(line.text)) tags.add(tag);
  }
  return { entries, tags: [...tags], findings };
}

function linesOf(path: string, depth: number): PlacedLine[] {
  return readSudoers(readIfThere(path) ?? '').flatMap((numbered) => {
    const { line } = numbered;
    if (line.kind !== 'include' || depth === DEEPEST) return [{ ...numbered, path }];
    const target = resolve(dirname(path), line.path);
    const files = line.folder ? namesIn(target).map((name) => `${target}/${name}`) : [target];
    return files.flatMap((one) => linesOf(one, depth + 1));
  });
}

/** sudo passes over names with a dot, and with ~ at their end (sudoers(5), @includedir). */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.includes('.') && !name.endsWith('~'))
      .sort();
  } catch {
    return [];
  }
}

function aliasesIn(lines: readonly PlacedLine[], of: 'user' | 'command'): Aliases {
  return new Map(
    lines.flatMap(({ line }) => (line.kind === 'alias' && line.of === of ? [...line.names] : [])),
  );
}

/** Whether a line is for this account; undefined where that cannot be told. */
function isFor(line: SudoersLine, user: SudoUser, aliases: Aliases): boolean | undefined {
  // What a file includes beyond the deepest, sudo does not read either.
  if (line.kind === 'alias' || line.kind === 'include' || line.kind === 'strange') return false;
  if (line.kind === 'rule') return isAmong(line.users, user, aliases);
  // For this host and for root, or nearly always.
  return line.binding?.to === 'user' ? isAmong(line.binding.words, user, aliases) : true;
}

/** Of several members that are the account, the last one holds. */
function isAmong(words: readonly string[], user: SudoUser, aliases: Aliases, depth = 0): boolean | undefined {
  let found: boolean | undefined = false;
  for (const word of words) {
    const name = word.replace(/^[!\s]+/, '');
    const not = word.slice(0, word.length - name.length).replace(/\s/g, '').length % 2 === 1;
    const members = depth < DEEPEST ? aliases.get(name) : undefined;
    const fits = members ? isAmong(members, user, aliases, depth + 1) : isMember(name, user);
    if (fits !== false) found = fits === undefined ? undefined : !not;
  }
  return found;
}

/** Netgroups, and groups of a plugin, are asked of nobody here. */
function isMember(name: string, { name: own, uid, groups }: SudoUser): boolean | undefined {
  if (name === 'ALL') return true;
  if (/^(?:\+|%:)/.test(name)) return undefined;
  if (name.startsWith('%')) return groups.includes(name.slice(1));
  return name === own || name === `#${uid}`;
}

function entryOf(line: SudoersLine & { kind: 'defaults' }, aliases: Aliases): DefaultsEntry {
  const { binding, options } = line;
  const commands =
    binding?.to === 'command' ? binding.words.flatMap((word) => aliases.get(word) ?? [word]) : [];
  return {
    ...(commands.length > 0 ? { Binding: commands.map((command) => ({ command })) } : {}),
    Options: options.map(({ name, value, operation }) => ({ operation, [name]: value })),
  };
}

function tagsIn(text: string): string[] {
  return ['setenv', 'noexec'].filter((tag) => new RegExp(`(?<![A-Z])${tag.toUpperCase()}\\s*:`).test(text));
}

function notUnderstood({ path, first }: PlacedLine): Finding {
  const where = `${path}:${first}`;
  const what = 'Write it as sudoers(5) has it, for accounts and groups of this host. It is this line:';
  return finding('not-looked', where, 'this line is not understood', what, `sed -n ${first}p ${path}`);
}
