/** Prose in columns: no word lost, none moved, no line wider than it has to be. */

import fc from 'fast-check';
import t from 'tap';
import { wrap } from '../src/wrap.ts';

t.test('lines break between words, as late as they can', async (t) => {
  t.same(wrap('one two three', 9, ''), ['one two', 'three']);
  t.same(wrap('one two three', 9, '  '), ['  one two', '  three']);
  t.same(wrap('a pneumonoultramicroscopic b', 10, ''), ['a', 'pneumonoultramicroscopic', 'b']);
});

t.test('whatever the words are, they are all there, and fit where they can', async () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 1, max: 30 }), (words, width) => {
      const lines = wrap(words.join(' '), width, ' ');
      t.equal(lines.map((line) => line.slice(1)).join(' '), words.join(' '));
      for (const line of lines) t.ok(line.length <= width || !line.trim().includes(' '));
    }),
  );
});
