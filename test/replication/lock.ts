/** Which zfs calls set zrep's lock and take it away again; test/system/lock.ts has two that want it. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import t from 'tap';
import { callsOf } from '../../src/replication/change.ts';
import { releaseChanges, takeArgvs, withLock } from '../../src/replication/lock.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import { localValue } from '../../src/zfs/state.ts';
import { pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

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

t.test('both halves are taken away', async (t) => {
  t.strictSame(lines(callsOf(new Set<never>(), releaseChanges(home, tag))), [
    'inherit off:lock-time tank/home',
    'inherit off:lock-pid tank/home',
  ]);
});

const zrep = 'zrep' as Tag;
const rundir = mkdtempSync('/tmp/lock-test-');
t.teardown(() => rmSync(rundir, { recursive: true }));
const reading = { properties: ['zrep:savecount'], depth: 1 };

t.test('what is read is read under the lock, and others wait only while it is taken', async (t) => {
  const zfs = pretendZfs();
  const step = zfs.step(rundir);
  const answer = await withLock(step, home, zrep, reading, async (listing) => {
    t.same(readdirSync(rundir), [], 'the global lock is free again');
    t.equal(localValue(listing.get(home), 'zrep:lock-pid'), String(process.pid));
    t.equal(localValue(listing.get(home), 'zrep:savecount'), '1');
    return 'done';
  });
  t.equal(answer, 'done');
  t.equal(zfs.objects.get(home)?.has('zrep:lock-pid'), false);
});

t.test('who set theirs over it meanwhile has it, and keeps it', async (t) => {
  const zfs = pretendZfs();
  const step = zfs.step(rundir);
  const { ask } = step.zfs;
  const overtaken = {
    ...step.zfs,
    // As a stock zrep does that saw no lock before it waited for the global one.
    async ask(argv: readonly string[]) {
      const ended = await ask(argv);
      if (argv[0] === 'set') zfs.set(home, 'zrep:lock-pid', '1');
      return ended;
    },
  };
  const work = async () => t.fail('this must not run');
  t.match(await withLock({ ...step, zfs: overtaken }, home, zrep, reading, work), {
    refused: 'lock-busy',
    reason: /pid 1 /,
  });
  t.equal(zfs.objects.get(home)?.get('zrep:lock-pid')?.value, '1');
});
