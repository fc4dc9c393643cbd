/** The name of a client: a key of the policy, and a word in a forced command. Pure. */

import { quote } from '../printable.ts';

export const CLIENT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Why `text` cannot be one. */
export function sayNoClientName(text: string): string {
  const why = /\s/.test(text) ? 'has a blank in it' : 'is not one';
  return `a client's name has letters, digits and "_.-", such as backup1, and ${quote(text)} ${why}`;
}
