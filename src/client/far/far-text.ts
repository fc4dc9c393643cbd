/**
 * What the far side says, made fit to be shown: a fileserver can be hostile, and its escape sequences must reach
 * neither a terminal nor a log. Pure.
 */

import { printable } from '../../printable.ts';

/** Lines at most, of characters at most: a message, not a flood. */
const [LINES, CHARACTERS] = [40, 400];

/** The lines of `text`, printable, without blank ones; what is too much is cut. */
export function farLines(text: string): string[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const said = lines.filter((line) => line.trim() !== '').map((line) => printable(line.slice(0, CHARACTERS)));
  return said.length <= LINES ? said : [...said.slice(0, LINES), `... ${said.length - LINES} more lines`];
}
