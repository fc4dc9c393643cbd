/**
 * authorized_keys as sshd reads it (sshd(8), AUTHORIZED_KEYS FILE FORMAT; auth2-pubkeyfile.c, auth-options.c). Pure.
 *
 * Options end at the first blank outside of double quotes; in quotes `\"` is a quote. Their names know no case.
 */

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

const KEY =
  /^(?<type>ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp\d+|sk-[a-z0-9-]+@openssh\.com|[a-z0-9-]+-cert-v01@openssh\.com)[ \t]+(?<key>[A-Za-z0-9+/]+={0,2})(?:[ \t]+(?<comment>.*))?$/;

/** The lines of a file. */
export function parseAuthorizedKeys(text: string): KeyLines {
  const lines: KeyLine[] = [];
  const ignored: { number: number; text: string }[] = [];
  text.split('\n').forEach((whole, index) => {
    const number = index + 1;
    const line = whole.replace(/^[ \t]+|[ \t\r]+$/g, '');
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
  const { type, key, comment = '' } = KEY.exec(text)?.groups ?? {};
  return type === undefined ? undefined : { key: `${type} ${key}`, comment };
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
  const option = /([A-Za-z0-9-]+)(?:="((?:\\"|(?!\\")[^"])*)")?(?:,|$)/y;
  const options: KeyOption[] = [];
  while (option.lastIndex < text.length) {
    const [, name, value] = option.exec(text) ?? [];
    if (name === undefined) return undefined;
    options.push({ name: name.toLowerCase(), value: value?.replaceAll('\\"', '"') });
  }
  return text.endsWith(',') ? undefined : options;
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
