/** Names that were mistyped, and what was meant. */

import fc from 'fast-check';
import t from 'tap';
import { lettersApart as distance } from '../../src/did-you-mean.ts';
import { similarTo } from '../../src/doctor/similar.ts';

const NAMES = ['tank', 'tank/home', 'tank/homepage', 'pond/home'];

t.test('a slip of the hand is seen, and what only looks alike is not', async (t) => {
  for (const wrong of ['tank/hmoe', 'tank/hom', 'tank/homee', 'tank/hope', 'tanl/home'])
    t.equal(similarTo(wrong, NAMES), 'tank/home', wrong);
  t.equal(similarTo('tank/homepgae', NAMES), 'tank/homepage');
  for (const wrong of ['tank/gone', 'tank/h', 'lake/x', 'tank/home/x'])
    t.equal(similarTo(wrong, NAMES), undefined, wrong);
  t.equal(similarTo('tank/hom', ['tank/home', 'tank/homs']), undefined, 'it could be either');
});

t.test('a distance is one of a metric', async () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
  fc.assert(
    fc.property(word, word, (one, other) => {
      const far = distance(one, other);
      return (
        (far === 0) === (one === other) &&
        far === distance(other, one) &&
        far <= Math.max(one.length, other.length)
      );
    }),
  );
});
