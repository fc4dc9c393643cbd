/** What a rollback would destroy. */

import t from 'tap';
import { describeNewer } from '../../../src/client/push/newer-there.ts';
import { sideOf } from '../../../src/pair/side.ts';
import type { Tag } from '../../../src/zfs/names.ts';
import type { Listing } from '../../../src/zfs/state.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const TAG = 'zrep' as Tag;
const SNAPSHOTS = `
vault/home@zrep_000000 createtxg=5<- creation=1700000000<- clones=<-
vault/home@zrep_000002 createtxg=9<- creation=1700000120<- clones=vault/a,vault/b<-
vault/home@daily createtxg=7<- creation=1700000060<- clones=<-`;

function newer(listing: Listing, name: string): string[] {
  const side = sideOf(listing, 'vault/home', TAG);
  const base = side.snapshots.find((one) => one.name === name);
  return base === undefined ? [] : describeNewer(side, base);
}

t.test(
  'each newer snapshot, whoever made it, then clones of them, then what was written since',
  async (t) => {
    const listing = listingOf(`vault/home written=4096<-\n${SNAPSHOTS.trim()}`);
    t.same(newer(listing, 'zrep_000000'), [
      'vault/home@daily, made 2023-11-14 22:14 UTC',
      'vault/home@zrep_000002, made 2023-11-14 22:15 UTC',
      'vault/a, a clone of vault/home@zrep_000002, with all that is in it',
      'vault/b, a clone of vault/home@zrep_000002, with all that is in it',
      'changes in vault/home since @zrep_000002: 4.0 KiB',
    ]);
    t.same(newer(listing, 'zrep_000002'), ['changes in vault/home since @zrep_000002: 4.0 KiB']);
  },
);

t.test('nothing, where there is nothing; but what a zfs does not tell is no nothing', async (t) => {
  const told = listingOf(`vault/home written=0<-\n${SNAPSHOTS.trim()}`);
  t.same(newer(told, 'zrep_000002'), []);
  const untold = listingOf(`vault/home type=filesystem<-\n${SNAPSHOTS.trim()}`);
  t.match(newer(untold, 'zrep_000002'), [/^changes .* does not count them$/]);
});
