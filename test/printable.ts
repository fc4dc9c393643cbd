/** Foreign text on its way to a terminal or a log: nothing but printable ASCII, and nothing lost. */

import fc from 'fast-check';
import t from 'tap';
import { inOneLine, printable, quote, shorten } from '../src/printable.ts';
import { anyText, named } from './fixtures/command/texts.ts';

const SHOWN: readonly (readonly [text: string, shown: string])[] = [
  ['', ''],
  ['tank/home@a "b" \'c\' ~!', 'tank/home@a "b" \'c\' ~!'],
  ['a\\nb', 'a\\\\nb'],
  ['a\nb\tc', 'a\\nb\\tc'],
  ['\r\0\x1b[2J\x7f', '\\x0d\\x00\\x1b[2J\\x7f'],
  ['\x85\xa0\xff', '\\x85\\xa0\\xff'],
  ['\u0100\u2028\u202e', '\\u0100\\u2028\\u202e'],
  ['\u{1f4a9}', '\\ud83d\\udca9'],
  ['\ud800', '\\ud800'],
];

t.test('what is not printable ASCII, and the backslash, stands as a JavaScript escape', async (t) => {
  for (const [text, shown] of SHOWN) t.equal(printable(text), shown, named(text));
});

t.test('any text becomes one printable line that a JavaScript string reads back as that text', async () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = printable(text);
      if (!/^[\x20-\x7e]*$/.test(shown)) return false;
      const asJson = shown
        .replaceAll('"', '\\"')
        .replace(/\\(\\|x(..))/g, (all, _, hex) => (hex ? `\\u00${hex}` : all));
      return JSON.parse(`"${asJson}"`) === text;
    }),
  );
});

t.test('a text is cut only beyond the limit, and then says how long it was', async (t) => {
  t.equal(shorten('abc', 3), 'abc');
  t.equal(shorten('abcd', 3), 'abc...(4 characters)');
  t.equal(shorten('', 0), '');
});

t.test("a quoted text cannot close its quotes, however the client's word ends", async (t) => {
  t.equal(quote('tank/home'), '"tank/home"');
  t.equal(quote('a" is granted, "b'), '"a\\" is granted, \\"b"');
  t.equal(quote('a\\'), '"a\\\\"');
  t.equal(quote('\n'.repeat(101)), `"${'\\n'.repeat(100)}...(101 characters)"`);
  fc.assert(
    fc.property(anyText, (text) => /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/.test(quote(text))),
  );
});

t.test('what zfs printed becomes a part of one sentence, without its advice to destroy more', async (t) => {
  const said =
    "cannot rollback to 'vault/x@a': clones of previous snapshots exist\nuse '-R' to force deletion of the following clones and dependents:\nvault/clone\n";
  t.equal(inOneLine(said), "cannot rollback to 'vault/x@a': clones of previous snapshots exist; vault/clone");
  t.equal(inOneLine('  \n'), '');
  t.equal(inOneLine('a\x1b[2Jb\n'), 'a\\x1b[2Jb');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\x20-\x7e]*$/.test(inOneLine(text))));
});
