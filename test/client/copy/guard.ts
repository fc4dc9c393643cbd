/** What a stream has changed, put back. */

import t from 'tap';
import { guardedProperties, putBack } from '../../../src/client/copy/guard.ts';
import { parseTag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const ZREP = parseTag('zrep') as NonNullable<ReturnType<typeof parseTag>>;
const RECEIVING = { tag: ZREP, volume: false, raw: false };
const NAMES = guardedProperties(new Set(['excludes'] as const), RECEIVING);
const back = (before: string, after: string) =>
  Object.fromEntries(
    putBack('v/h', NAMES, listingOf(`v/h ${before}`).get('v/h'), listingOf(`v/h ${after}`).get('v/h')),
  );

t.test('what has not changed is left alone', async (t) => {
  const all =
    'mountpoint=/v/h<inherited readonly=on setuid=on<default exec=off<temporary devices=off<received';
  t.same(back(all, all), {});
  t.same(back('mountpoint=/v/h<inherited', 'mountpoint=/v/h<default'), {}, 'nor what the parent says');
});

t.test('the same value from elsewhere is another thing, since it would not hold', async (t) => {
  t.same(back('mountpoint=/v/h<inherited readonly=on', 'mountpoint=/v/h<received readonly=on<temporary'), {
    mountpoint: ['inherit', 'mountpoint', 'v/h'],
    readonly: ['set', 'readonly=on', 'v/h'],
  });
});

t.test('what was set here is set again', async (t) => {
  t.same(back('readonly=on zrep:savecount=5', 'readonly=off<default zrep:savecount=999<received'), {
    readonly: ['set', 'readonly=on', 'v/h'],
    'zrep:savecount': ['set', 'zrep:savecount=5', 'v/h'],
  });
});

t.test('what was inherited, or not there, is inherited again', async (t) => {
  t.same(back('mountpoint=/v/h<inherited', 'mountpoint=/etc<received zrep:master=yes<received'), {
    mountpoint: ['inherit', 'mountpoint', 'v/h'],
    'zrep:master': ['inherit', 'zrep:master', 'v/h'],
  });
});

t.test('what cannot be inherited is set to what it was', async (t) => {
  t.same(
    back('reservation=none<default canmount=on<default', 'reservation=1T<received canmount=off<received'),
    {
      canmount: ['set', 'canmount=on', 'v/h'],
      reservation: ['set', 'reservation=none', 'v/h'],
    },
  );
});

t.test('the lock is its own business', async (t) => {
  t.same(back('zrep:lock-pid=1', 'zrep:lock-pid=2'), {});
});

t.test('what was not there before keeps nothing that came with it', async (t) => {
  const after = listingOf(
    'v/h/c mountpoint=/etc<received exec=on<default setuid=on<inherited zrep:master=yes<received',
  );
  t.same(Object.fromEntries(putBack('v/h/c', NAMES, undefined, after.get('v/h/c'))), {
    mountpoint: ['inherit', 'mountpoint', 'v/h/c'],
    'zrep:master': ['inherit', 'zrep:master', 'v/h/c'],
  });
});
