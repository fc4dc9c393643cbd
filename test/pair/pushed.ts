/** Whether a pair is pushed, by what a sync and a gate have left on its source. */

import t from 'tap';
import { isPushed } from '../../src/pair/pushed.ts';
import { sideOf } from '../../src/pair/side.ts';
import type { Tag } from '../../src/zfs/names.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;

function pushed(own: string, snapshot = ''): boolean {
  const listing = listingOf(
    `tank/home type=filesystem<- ${own}\ntank/home@zrep_000000 guid=1<- createtxg=1<- ${snapshot}`.trim(),
  );
  return isPushed(sideOf(listing, 'tank/home', ZREP), ZREP);
}

t.test('a pair is pushed where a sync is on record, and no gate has streamed it since', async (t) => {
  t.equal(pushed('zrep:pushed=1700000000'), true);
  t.equal(pushed('zrep:pushed=1700000000<received'), true, 'a source that was moved');
  t.equal(pushed('zrep:pushed=1700000000', 'zrep-gate:streamed=backup@1600000000'), true, 'pulled before');
  t.equal(pushed('zrep:pushed=1700000000', 'zrep-gate:streamed=backup@1800000000'), false, 'pulled since');
});

t.test('without a record it is taken for one that is pulled', async (t) => {
  t.equal(pushed(''), false);
  t.equal(pushed('zrep:pushed=yes'), false);
  t.equal(pushed('zrep:pushed=1700000000<inherited from tank'), false, 'that of the file system above');
  t.equal(pushed('off:pushed=1700000000'), false, 'of another tag');
});
