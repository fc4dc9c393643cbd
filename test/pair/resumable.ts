/** Whether the source still has what an interrupted stream is made of. */

import fc from 'fast-check';
import t from 'tap';
import { goneFrom } from '../../src/pair/resumable.ts';
import { sideIn } from '../fixtures/pair/sides.ts';

/** Of a stream that continues from the snapshot with GUID `from`, `none` where it is a full one, to the one with GUID `to`. */
const goneOf = (source: string, from: number | 'none', to: number) =>
  goneFrom(sideIn('tank/home', source), {
    toguid: BigInt(to),
    fromguid: from === 'none' ? undefined : BigInt(from),
  });

t.test('nothing is gone where both snapshots are there, whatever they are called', async (t) => {
  t.equal(goneOf('1#11+ 2#22', 11, 22), undefined);
  t.equal(goneOf('a#11 b#22 3#33', 11, 22), undefined, 'renamed');
  t.equal(goneOf('2#22', 'none', 22), undefined, 'a full stream');
});

t.test('a snapshot of the same name with another GUID is another one', async (t) => {
  t.equal(goneOf('1#11+', 11, 22), 'snapshot', 'destroyed');
  t.equal(goneOf('1#11+ 2#23', 11, 22), 'snapshot', 'and made anew');
  t.equal(goneOf('1#11+', 'none', 22), 'snapshot', 'of a full stream');
  t.equal(goneOf('1#12+ 2#22', 11, 22), 'base');
});

t.test('a bookmark does for the base, and not for the snapshot itself', async (t) => {
  t.equal(goneOf(':1#11 2#22', 11, 22), undefined);
  t.equal(goneOf('1#11+ :2#22', 11, 22), 'snapshot');
});

t.test('GUIDs are compared to their last digit', async () => {
  const guid = fc.bigInt(1n, 2n ** 64n - 1n);
  fc.assert(
    fc.property(guid, guid, fc.boolean(), fc.boolean(), (toguid, fromguid, hasTo, hasFrom) => {
      fc.pre(toguid !== fromguid);
      const source = [...(hasFrom ? [`1#${fromguid}`] : []), ...(hasTo ? [`2#${toguid}`] : [])].join(' ');
      const expected = hasTo ? (hasFrom ? undefined : 'base') : 'snapshot';
      return goneFrom(sideIn('tank/home', source), { toguid, fromguid }) === expected;
    }),
  );
});
