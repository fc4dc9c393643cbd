/**
 * Foreign text made safe to print: on a terminal, in a log line, in a record.
 *
 * The result is printable ASCII on one line, and reversible by eye: what was not printable stands as a
 * JavaScript escape. CVE-2023-28486 (sudo) is what happens to a log without this.
 */

/** `text` with every character outside printable ASCII, and the backslash, written as an escape. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, (character) => {
    if (character === '\\') return '\\\\';
    if (character === '\n') return '\\n';
    if (character === '\t') return '\\t';
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** `text` cut to `limit` characters, saying how many there were. */
export function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}...(${text.length} characters)`;
}

/** Printable, and then at most `limit` characters of it: cut between two escapes, saying how long the text was. */
export function printableWithin(text: string, limit: number): string {
  let whole = '';
  for (const character of text.slice(0, limit + 1).split('')) {
    const next = whole + printable(character);
    if (next.length > limit) return `${whole}...(${text.length} characters)`;
    whole = next;
  }
  return whole;
}

/** Printable, at most 100 characters of it, in double quotes: how a client's word enters a sentence. */
export function quote(text: string): string {
  return `"${printable(shorten(text, 100)).replaceAll('"', '\\"')}"`;
}

/** zfs's advice to do the same with more force. */
const FORCE = /^use '-[a-zA-Z]' /;

/**
 * What a program printed on standard error, as a part of one sentence: its lines, printable, with "; " between. What zfs advises
 * to destroy more (`use '-R' to force deletion of ...`) is left out: nobody has looked whether that is expendable.
 */
export function inOneLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '' && !FORCE.test(line))
    .map(printable)
    .join('; ');
}

/** A printable word as it stands in a line that a person runs in a shell: a name of zfs's can have blanks. */
export function inShell(word: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
