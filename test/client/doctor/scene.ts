/** Which datasets here the doctor takes for pairs. */

import t from 'tap';
import { configured } from '../../../src/client/doctor/scene.ts';
import type { Tag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

t.test('a pair is what has properties of its own, also one that has lost some', async (t) => {
  const listing = listingOf(`
    v zrep:savecount=5
    v/master zrep:master=yes
    v/copy zrep:src-fs=tank/a<received
    v/copy/child zrep:src-fs=tank/a<inherited_from_v/copy zrep:master=yes<received
    v/copy@zrep_000000 zrep:sent=1
  `);
  t.same(configured(listing, 'zrep' as Tag), ['v/master', 'v/copy']);
});
