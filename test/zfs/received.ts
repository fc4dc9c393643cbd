/** How many bytes zfs receive says that it has had. */

import t from 'tap';
import { parseReceived } from '../../src/zfs/received.ts';

t.test('all streams count, in the units and words of each zfs', async (t) => {
  const openzfs =
    'receiving incremental stream of tank/home@zrep_000002 into vault/home@zrep_000002\nreceived 312B stream in 0.04 seconds (7.62K/sec)\n';
  t.equal(parseReceived(openzfs), 312);
  t.equal(parseReceived(`${openzfs}received 12.3M stream in 0.52 seconds (23.6M/sec)\n`), 312 + 12897485);
  t.equal(parseReceived('received 1.50KB stream in 1 seconds (1.50KB/sec)\n'), 1536, 'zfs-fuse');
  t.equal(parseReceived('received 624B stream in 1 seconds (624B/sec)\n'), 624);
  t.equal(parseReceived('received 2T stream in 9 seconds (1G/sec)\n'), 2 * 1024 ** 4);
});

t.test('where zfs says nothing, nothing is known', async (t) => {
  for (const text of [
    '',
    'received much stream in 1 seconds',
    'snap vault/home@a already exists; ignoring\n',
  ])
    t.equal(parseReceived(text), undefined);
});
