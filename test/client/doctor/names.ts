/** What the doctor makes of one snapshot that has two names. */

import t from 'tap';
import { codes, mends } from '../../fixtures/client/diagnoses.ts';

t.test('one snapshot of two names gets one name, on the side where the doctor is', async (t) => {
  t.same(mends('0+ 1_unsent+', '0+ 1+'), [
    'names-diverge',
    'safe',
    undefined,
    'zfs rename vault/home@zrep_000001 vault/home@zrep_000001_unsent',
  ]);
  t.same(mends('0+ 1_unsent+', '0+ 1+', { role: 'source' }), [
    'names-diverge',
    'safe',
    undefined,
    'zfs rename tank/home@zrep_000001_unsent tank/home@zrep_000001',
  ]);
  t.same(codes('0+ 1_unsent 2+', '0+ 1 1_unsent 2+'), [], 'one that came twice has the name, too');
  t.match(mends('0+ 1#5+ 1_unsent#6+', '0+ 1#6+', { role: 'source' }).slice(0, 2), ['names-diverge', 'hand']);
});
