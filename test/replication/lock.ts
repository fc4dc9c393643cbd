/** Which zfs calls set zrep's lock and take it away again; test/system/lock.ts has two that want it. */

import t from 'tap';
import { releaseArgvs, takeArgvs } from '../../src/replication/lock.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';

const [home, tag] = ['tank/home' as Dataset, 'off' as Tag];
const lock = { pid: '7', time: '20260101000000' };
const lines = (argvs: readonly (readonly string[])[]) => argvs.map((argv) => argv.join(' '));

t.test('both halves are set in one call where zfs can, otherwise in one each', async (t) => {
  t.strictSame(lines(takeArgvs(new Set(['batches']), home, tag, lock)), [
    'set off:lock-pid=7 off:lock-time=20260101000000 tank/home',
  ]);
  t.strictSame(lines(takeArgvs(new Set<never>(), home, tag, lock)), [
    'set off:lock-pid=7 tank/home',
    'set off:lock-time=20260101000000 tank/home',
  ]);
});

t.test('the time goes first, the pid last', async (t) => {
  t.strictSame(lines(releaseArgvs(home, tag)), [
    'inherit off:lock-time tank/home',
    'inherit off:lock-pid tank/home',
  ]);
});
