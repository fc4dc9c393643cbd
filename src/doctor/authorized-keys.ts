/**
 * authorized_keys as sshd reads it (sshd(8), AUTHORIZED_KEYS FILE FORMAT; auth2-pubkeyfile.c, auth-options.c, sshkey.c).
 * Pure.
 *
 * A line is a key, or options and a key. Options end at the first blank outside of double quotes; in quotes `\"` is a quote.
 * There may be a comma too many. Their names know no case. A key is a word and a base64 that begins with the same word.
 */

import { isPublicKey } from '../public-key.ts';

export interface KeyOption {
  /** In small letters. */
  readonly name: string;
  /** Behind the `=`, without its quotes; undefined where there is none. */
  readonly value: string | undefined;
}

export interface KeyLine {
  /** Counted from 1. */
  readonly number: number;
  readonly options: readonly KeyOption[];
  /** Type and base64, which tell whether two lines are for the same key. */
  readonly key: string;
  readonly comment: string;
}

export interface KeyLines {
  readonly lines: readonly KeyLine[];
  /** Lines that sshd passes over: neither empty nor a comment nor a key. */
  readonly ignored: readonly { readonly number: number; readonly text: string }[];
}

/** What sshd can do for a session beside its command. */
const FEATURES = ['port-forwarding', 'agent-forwarding', 'x11-forwarding', 'pty', 'user-rc'] as const;
export type Feature = (typeof FEATURES)[number];

/** Options that are a word, some of them also behind `no-`. */
const FLAG =
  /^(?:restrict|cert-authority|(?:no-)?(?:port-forwarding|agent-forwarding|x11-forwarding|pty|user-rc|touch-required|verify-required))$/;

/** Options with a value, and what sshd takes for one. */
const VALUE: Readonly<Record<string, RegExp>> = {
  command: /^/,
  from: /^/,
  principals: /^/,
  permitopen: /:(?:\*|[\w-]+)$/,
  permitlisten: /(?:^|:)(?:\*|[\w-]+)$/,
  environment: /^\w+=/,
  'expiry-time':
    /^\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?(?:z|utc)?$/i,
  tunnel: /^(?:any|\d+(?::any)?)$/,
};

/** These may stand once: sshd passes over a line that has two. */
const ONCE = ['command', 'from', 'principals'];

/** The lines of a file. */
export function parseAuthorizedKeys(text: string): KeyLines {
  const lines: KeyLine[] = [];
  const ignored: { number: number; text: string }[] = [];
  text.split('\n').forEach((whole, index) => {
    const number = index + 1;
    // For sshd, as for all of C, a line ends at a NUL.
    const line = whole.replace(/\0.*/s, '').replace(/^[ \t]+|[ \t\r]+$/g, '');
    if (line === '' || line.startsWith('#')) return;
    const parsed = parseLine(line);
    if (parsed === undefined) ignored.push({ number, text: line });
    else lines.push({ number, ...parsed });
  });
  return { lines, ignored };
}

function parseLine(line: string): Omit<KeyLine, 'number'> | undefined {
  const plain = parseKey(line);
  if (plain) return { options: [], ...plain };
  const end = endOfOptions(line);
  const options = parseOptions(line.slice(0, end));
  const key = parseKey(line.slice(end).replace(/^[ \t]+/, ''));
  return options && key && { options, ...key };
}

function parseKey(text: string): { key: string; comment: string } | undefined {
  const [, type = '', word = '', comment = ''] =
    /^([^ \t]+)[ \t]+([^ \t]+)(?:[ \t]+(.*))?$/s.exec(text) ?? [];
  // What C calls a space may stand anywhere in it (b64_pton).
  const base64 = word.replace(/[\v\f\r]/g, '');
  return isPublicKey(type, base64) ? { key: `${type} ${base64}`, comment } : undefined;
}

/** Where the first blank outside of quotes is. */
function endOfOptions(line: string): number {
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '\\' && line[at + 1] === '"') at += 1;
    else if (line[at] === '"') quoted = !quoted;
    else if (!quoted && (line[at] === ' ' || line[at] === '\t')) return at;
  }
  return line.length;
}

/** Options between commas; undefined when sshd would not take them. */
function parseOptions(text: string): KeyOption[] | undefined {
  const option = /([^,="]*)(?:="((?:\\"|(?!\\")[^"])*)")?(?:,|$)/y;
  const options: KeyOption[] = [];
  while (option.lastIndex < text.length) {
    const [whole, name = '', value] = option.exec(text) ?? [];
    if (whole === undefined) return undefined;
    if (whole !== ',') options.push({ name: name.toLowerCase(), value: value?.replaceAll('\\"', '"') });
  }
  const twice = ONCE.some((name) => options.filter((one) => one.name === name).length > 1);
  return twice || options.some(isRefused) ? undefined : options;
}

/** True for a known option in a form that sshd does not take. */
function isRefused({ name, value }: KeyOption): boolean {
  if (FLAG.test(name)) return value !== undefined;
  return isWithValue(name) && !(value !== undefined && VALUE[name]?.test(value));
}

function isWithValue(name: string): boolean {
  return Object.hasOwn(VALUE, name);
}

/** The options that are not known here: a newer sshd may know them; one that does not passes over the line. */
export function unknownOptions({ options }: Pick<KeyLine, 'options'>): string[] {
  return options.map(({ name }) => name).filter((name) => !FLAG.test(name) && !isWithValue(name));
}

/** The value of the first option with this name. */
export function optionValue({ options }: KeyLine, name: string): string | undefined {
  return options.find((option) => option.name === name)?.value;
}

export function hasOption({ options }: KeyLine, name: string): boolean {
  return options.some((option) => option.name === name);
}

/** What the line leaves open, read from left to right as sshd does: the last word on a feature holds. */
export function openFeatures({ options }: KeyLine): Feature[] {
  const open = new Set<Feature>(FEATURES);
  for (const { name } of options) {
    if (name === 'restrict') open.clear();
    for (const feature of FEATURES) {
      if (name === feature) open.add(feature);
      if (name === `no-${feature}`) open.delete(feature);
    }
  }
  return FEATURES.filter((feature) => open.has(feature));
}
