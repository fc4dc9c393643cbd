/** Which name the next snapshot gets. */

import t from 'tap';
import { datasetLimits } from '../../src/policy/limits.ts';
import type { Reach } from '../../src/policy/reach.ts';
import { nextSnapshot } from '../../src/replication/next-snapshot.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const LISTING = listingOf(`
  tank/t type=filesystem<-
  tank/t@zrep_000001 guid=1<- createtxg=1<- creation=1<-
  tank/t/c type=filesystem<-
  tank/t/c@zrep_000004 guid=2<- createtxg=2<- creation=2<-`);

t.test('one more than the highest; with -R the highest of the whole tree', async (t) => {
  const next = (reach: Reach) =>
    nextSnapshot(LISTING, 'tank/t' as Dataset, 'zrep' as Tag, { limits: datasetLimits({}, {}), reach }, () =>
      Promise.resolve({ pool: 'tank', free: 1e12, size: 1e12 }),
    );
  t.equal(await next('alone'), 'tank/t@zrep_000002');
  t.equal(await next({ spared: [] }), 'tank/t@zrep_000005');
});
