/**
 * One string into words, as a POSIX shell would read it, for the few strings whose reading is beyond doubt.
 *
 * shell-quote's parse() is not a shell's lexer (newlines are blanks to it, an unterminated quote is dropped,
 * `#` starts a comment anywhere), so an anchored pattern over the whole string comes first: plain words,
 * simple quoted runs, ASCII blanks, and `|`. What passes it, dash, bash and shell-quote read alike;
 * test/compliance/lex.ts holds them to it.
 */

import { parse } from 'shell-quote';
import { type Refusal, refuse } from '../refusal.ts';

/** A resume token may have 4096 characters; twice that is more than any zrep command. */
export const MAXIMUM_COMMAND = 8192;

// One character a repetition, so that no input makes the pattern backtrack: CVE-style regular expression bombs.
const PLAIN = 'A-Za-z0-9_./:@%+=,\\-';
const WORD = `(?:[${PLAIN}]|'[${PLAIN} ]*'|"[${PLAIN} ]*")+`;
const STAGE = `${WORD}(?: +${WORD})*`;
const COMMAND = new RegExp(`^ *${STAGE}(?: *\\| *${STAGE})* *$`);

/** The words of each stage of a pipeline, in order; at least one stage, and at least one word in each. */
export function lex(text: string): string[][] | Refusal {
  if (text.length > MAXIMUM_COMMAND) return refuse('too-long', text.length, MAXIMUM_COMMAND);
  if (/[^\x20-\x7e]/.test(text)) return refuse('unprintable');
  if (/^ *$/.test(text)) return refuse('empty-command');
  if (!COMMAND.test(text)) return refuse('not-understood');

  const stages: string[][] = [[]];
  for (const token of parse(text, refuseVariable)) {
    if (typeof token === 'string') stages.at(-1)?.push(token);
    else if ('op' in token && token.op === '|') stages.push([]);
    else return refuse('not-understood');
  }
  return stages;
}

function refuseVariable(name: string): never {
  throw new Error(`the pattern let a variable through: ${name}`);
}
