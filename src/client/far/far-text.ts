/**
 * What the far side says, made fit to be shown: a fileserver can be hostile, and its escape sequences must reach
 * neither a terminal nor a log. Pure.
 */

import { printable } from '../../printable.ts';

/** Lines at most, of characters at most: a message, not a flood. */
const [LINES, CHARACTERS] = [40, 400];

/** What ssh says of a connection that works (10.1 and later, WarnWeakCrypto), in front of everything else. */
const NOTICE = /^\*\* WARNING: .*(?:\n\*\* .*)*\n?/gm;

/** The lines of `text`, printable, without blank ones and without ssh's notices; what is too much is cut. */
export function farLines(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').replace(NOTICE, '').split('\n');
  const said = lines.filter((line) => line.trim() !== '').map((line) => printable(line.slice(0, CHARACTERS)));
  return said.length <= LINES ? said : [...said.slice(0, LINES), `... ${said.length - LINES} more lines`];
}
