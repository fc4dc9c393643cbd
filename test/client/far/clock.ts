/** Whether the clocks of two hosts agree. */

import fc from 'fast-check';
import t from 'tap';
import { saySkew, skewOf } from '../../../src/client/far/clock.ts';

t.test('a clock that is right is never found wrong, however long the answer took', async () => {
  const now = fc.double({ min: 1e9, max: 4e9, noNaN: true });
  const took = fc.double({ min: 0, max: 1000, noNaN: true });
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(now, took, part, (before, took, part) => {
      const told = String(Math.floor(before + took * part));
      return Math.abs(skewOf(told, before, before + took) ?? 1) < 1e-3;
    }),
  );
});

t.test('one that is wrong is found out, to the time that the answer took', async () => {
  const skew = fc.integer({ min: -1e6, max: 1e6 });
  const took = fc.double({ min: 0, max: 5, noNaN: true });
  fc.assert(
    fc.property(skew, took, (skew, took) => {
      const now = 1_795_000_000;
      return Math.abs((skewOf(String(now + skew), now, now + took) ?? 1e9) - skew) <= took + 1;
    }),
  );
});

t.test('what is no time tells nothing', async (t) => {
  for (const told of ['', '0', 'now', '1795000000\n', '99999999999999'])
    t.equal(skewOf(told, 1, 2), undefined);
});

t.test('more than a minute is told', async (t) => {
  t.equal(saySkew('fileserver', undefined), undefined);
  t.equal(saySkew('fileserver', 60), undefined);
  t.equal(saySkew('fileserver', -60), undefined);
  t.match(saySkew('fileserver', 125), /^WARNING: the clock of fileserver is 2min ahead of this host's\. /);
  t.match(saySkew('fileserver', -7200), / is 2h behind this host's/);
});
