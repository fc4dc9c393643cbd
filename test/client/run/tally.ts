/** What a run has moved, in a line. */

import t from 'tap';
import { createTally } from '../../../src/client/run/tally.ts';

const MIB = 1 << 20;

t.test('all streams together: bytes, seconds, rate, and the first base', async (t) => {
  const tally = createTally();
  tally.add({ bytes: 4 * MIB, seconds: 1.1, base: 'zrep_000004' });
  tally.add({ bytes: 8.3 * MIB, seconds: 3, base: 'zrep_000005' });
  t.equal(tally.line('vault/home'), 'vault/home: 12.3 MiB in 4.1 s (3.0 MiB/s) since @zrep_000004');
  t.same(tally.facts(), { bytes: 12.3 * MIB, seconds: 4.1, base: 'zrep_000004' });
});

t.test('what is not known is left out', async (t) => {
  const tally = createTally();
  t.equal(tally.line('vault/home'), 'vault/home: nothing new');
  t.same(tally.facts(), {});
  tally.add({ bytes: 624, seconds: 0.01, base: undefined });
  t.equal(tally.line('vault/home'), 'vault/home: 624 B in 0.0 s');
  tally.add({ bytes: undefined, seconds: 1.0004, base: undefined });
  t.equal(tally.line('vault/home'), 'vault/home: a stream in 1.0 s');
  t.same(tally.facts(), { seconds: 1.01 });
});

t.test('a bookmark is written as one', async (t) => {
  const tally = createTally();
  tally.add({ bytes: 624, seconds: 0, base: '#zrep_000004' });
  t.match(tally.line('vault/home'), / since #zrep_000004$/);
});
