/** What the far side says, as it is shown. */

import fc from 'fast-check';
import t from 'tap';
import { farLines } from '../../../src/client/far/far-text.ts';

t.test('lines come without their ends, and without blank ones', async (t) => {
  t.same(farLines('one\r\n\n  \ntwo\n'), ['one', 'two']);
  t.same(farLines(''), []);
});

t.test('an escape sequence stands as text', async (t) => {
  t.same(farLines('\x1b[2Jgone\x07'), ['\\x1b[2Jgone\\x07']);
});

t.test('a flood is cut, and says by how much', async (t) => {
  const lines = farLines('line\n'.repeat(1000));
  t.equal(lines.length, 41);
  t.equal(lines.at(-1), '... 960 more lines');
});

t.test('whatever it says, only printable ASCII is shown, and not much of it', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) =>
      farLines(text).every((line) => /^[\x20-\x7e]*$/.test(line) && line.length <= 400 * 6),
    ),
  );
});
