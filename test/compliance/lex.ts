/** lex() against the shells themselves: dash, bash, and shell-quote read alike whatever it lets through. */

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { parse as shellQuote } from 'shell-quote';
import t from 'tap';
import { lex } from '../../src/command/lex.ts';
import { isRefusal } from '../../src/refusal.ts';
import { damagedCommand, GOOD_COMMANDS, named } from '../fixtures/command/texts.ts';

/** With what a shell reads; `undefined` where that is no list of words. None of these is ever given to a shell. */
const DISAGREED: readonly (readonly [text: string, words: readonly string[] | undefined])[] = [
  ['a\nb', undefined],
  ['a\rb', ['a\rb']],
  ['a\vb', ['a\vb']],
  ['a\fb', ['a\fb']],
  ['a\u00a0b', ['a\u00a0b']],
  ['a\u2028b', ['a\u2028b']],
  ['a\u3000b', ['a\u3000b']],
  [`'a b`, undefined],
  ['"a', undefined],
  [`a 'b`, undefined],
  ['a `id`', undefined],
  ['~', undefined],
  ['a[b]', undefined],
  ['{a,b}', undefined],
  ['a#b', ['a#b']],
  ['zfs send -i tank/fs#bm tank/fs@s', ['zfs', 'send', '-i', 'tank/fs#bm', 'tank/fs@s']],
  ['$x', undefined],
  [`a$'b'`, undefined],
  ['a!b', undefined],
  ['"a\\\nb"', ['ab']],
]; // biome-ignore format: one table

const plain = fc.constantFrom(...'abzAZ09_./:@%+=,-');
const run = fc.string({ unit: plain, minLength: 1, maxLength: 5 });
const quoted = fc
  .tuple(fc.string({ unit: fc.oneof(plain, fc.constant(' ')), maxLength: 5 }), fc.constantFrom("'", '"'))
  .map(([text, mark]) => mark + text + mark);
const odd = fc.string({
  unit: fc.constantFrom(...`'"\\#$~|*[]{}!;&<>()\`^?\t\n `),
  minLength: 1,
  maxLength: 2,
});
const blanks = fc.constantFrom(' ', ' ', '  ');
const pieces = fc.oneof(
  { arbitrary: run, weight: 8 },
  { arbitrary: quoted, weight: 5 },
  { arbitrary: blanks, weight: 6 },
  { arbitrary: fc.constantFrom('|', ' | '), weight: 2 },
  { arbitrary: odd, weight: 1 },
);
const biased = fc.array(pieces, { minLength: 1, maxLength: 12 }).map((all) => all.join(''));
const accepted = fc
  .oneof({ arbitrary: biased, weight: 4 }, damagedCommand)
  .filter((text) => !isRefusal(lex(text)));

/**
 * What `shell` makes of each string: the words of each stage. `show` takes the place of the program, so that
 * nothing is run; in a string that lex takes, every `|` parts two stages.
 */
function readBy(shell: string, texts: readonly string[]): string[][][] {
  const lines = texts.map((text, index) => {
    const stages = text.split('|').map((stage, place) => `show ${index} ${place} ${stage}`);
    return `${stages.join('|')}\n`;
  });
  const script = `exec 3>&1\nshow() { printf '%s\\0' "$#" "$@" >&3; }\n${lines.join('')}`;
  const fields = execFileSync(shell, ['-s'], { input: script, env: {}, encoding: 'utf8' }).split('\0');
  const found: string[][][] = texts.map(() => []);
  for (let at = 0; at < fields.length - 1; ) {
    const [count = '', index = '', place = ''] = fields.slice(at);
    const stages = found[Number(index)] ?? [];
    stages[Number(place)] = fields.slice(at + 3, at + 1 + Number(count));
    at += 1 + Number(count);
  }
  return found;
}

t.test('the words of known commands are those that the shells read', async (t) => {
  const texts = [...GOOD_COMMANDS, `a'b c'"d"''|''`, `'' "" a''`, 'if a=b . : %1 -- -n', '  a  |  b c|d  '];
  for (const shell of ['dash', 'bash']) {
    const found = readBy(shell, texts);
    for (const [index, text] of texts.entries())
      t.strictSame(found[index], lex(text), `${shell}: ${named(text)}`);
  }
});

for (const shell of ['dash', 'bash']) {
  t.test(`${shell} reads the same words in whatever lex takes`, async () => {
    const batch = fc.array(accepted, { minLength: 150, maxLength: 150 });
    fc.assert(
      fc.property(batch, (texts) => {
        const found = readBy(shell, texts);
        const differing = texts.findIndex(
          (text, index) => JSON.stringify(found[index]) !== JSON.stringify(lex(text)),
        );
        if (differing >= 0) throw new Error(`${texts[differing]} is ${JSON.stringify(found[differing])}`);
      }),
      // Shrinking a batch tells nothing that the message does not.
      { numRuns: 20, endOnFailure: true },
    );
  });
}

t.test('what shell-quote and the shells read differently is refused', async (t) => {
  for (const [text, words] of DISAGREED) {
    t.ok(isRefusal(lex(text)), named(text));
    const found = shellQuote(text);
    if (words) t.notSame(found, words, 'shell-quote has other words');
    else
      t.ok(
        found.every((token) => typeof token === 'string'),
        'shell-quote has plain words',
      );
  }
});
