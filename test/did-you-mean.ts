/** What somebody meant who mistyped a name. */

import fc from 'fast-check';
import t from 'tap';
import { didYouMean, lettersApart } from '../src/did-you-mean.ts';

t.test('a letter too few, too many, another one, or two swapped are a typo', async (t) => {
  const names = ['vault', 'tank', 'rpool'];
  for (const wrong of ['valt', 'vaultt', 'vaulz', 'vualt', 'Vault'])
    t.equal(didYouMean(wrong, names), 'vault', wrong);
  t.equal(didYouMean('tank/hmoe', ['tank/home', 'tank/mail']), 'tank/home');
});

t.test('what is further away, or as near to two, is nobody meant', async (t) => {
  for (const wrong of ['backup', 'vt', 'x', ''])
    t.equal(didYouMean(wrong, ['vault', 'tank', 'y']), undefined, wrong);
  t.equal(didYouMean('pool', ['pool1', 'pool2']), undefined);
  t.equal(didYouMean('pool1', ['pool1']), undefined, 'it is there');
});

t.test('letters apart are a distance, whatever the words', async () => {
  const word = fc.stringMatching(/^[abc]{0,6}$/);
  fc.assert(
    fc.property(word, word, (one, other) => {
      const apart = lettersApart(one, other);
      return (
        apart === lettersApart(other, one) &&
        (apart === 0) === (one === other) &&
        apart <= Math.max(one.length, other.length) &&
        apart >= Math.abs(one.length - other.length)
      );
    }),
  );
});
