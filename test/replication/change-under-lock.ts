/** What looks, decides and changes at one moment: the lock is looked at, kept where it is wanted, and never left behind. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import t from 'tap';
import { changeUnderLock } from '../../src/replication/change-under-lock.ts';
import { createKeptLock } from '../../src/replication/kept-lock.ts';
import type { Step } from '../../src/replication/step.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import type { Change, Premise } from '../../src/zfs/program.ts';
import { pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const [home, zrep] = ['tank/home' as Dataset, 'zrep' as Tag];
const rundir = mkdtempSync('/tmp/change-test-');
t.teardown(() => rmSync(rundir, { recursive: true }));
const reading = { properties: ['guid', 'zrep:savecount'], depth: 1 };
const SNAPSHOT: Change = { does: 'snapshot', target: `${home}@zrep_000000` };

function stand(meanwhile: (asked: string) => void = () => {}) {
  const zfs = pretendZfs({ can: ['batches', 'programs'] });
  const kept = createKeptLock();
  const plain = zfs.step(rundir);
  const asked: string[] = [];
  const step: Step = {
    ...plain,
    kept,
    zfs: {
      ...plain.zfs,
      async ask(argv, input) {
        asked.push(String(argv[0]));
        meanwhile(String(argv[0]));
        return plain.zfs.ask(argv, input);
      },
    },
  };
  const holder = () => zfs.objects.get(home)?.get('zrep:lock-pid')?.value;
  const change = (
    changes: readonly Change[] = [SNAPSHOT],
    premises: readonly Premise[] = [],
    needsLock = false,
  ) =>
    changeUnderLock(step, home, zrep, reading, async () => ({
      ...{ premises, changes, needsLock },
      done: ({ left }) => ({ left: left.length, holder: holder() }),
    }));
  return { zfs, kept, step, asked, holder, change };
}

t.test('alone it is a look and a change, and no lock is set', async (t) => {
  const { asked, change, holder } = stand();
  t.same(await change(), { left: 0, holder: undefined });
  t.same(asked, ['get', 'program']);
  t.equal(holder(), undefined);
  t.same(readdirSync(rundir), [], 'nor is a global lock');
});

t.test('where nothing is to be changed, zfs is not asked to', async (t) => {
  const { asked, change } = stand();
  await change([]);
  t.same(asked, ['get']);
});

t.test('in a session the lock comes with the first change and goes with the last', async (t) => {
  const { kept, asked, change, holder } = stand();
  kept.wanted = true;
  t.same(await change(), { left: 0, holder: String(process.pid) });
  kept.wanted = false;
  t.same(await change([{ does: 'destroy', target: SNAPSHOT.target }]), { left: 0, holder: undefined });
  t.same(asked, ['get', 'program', 'get', 'program']);
  t.equal(holder(), undefined);
});

t.test(
  'the lock of a live process is respected, also one that comes between looking and changing',
  async (t) => {
    const { zfs, change } = stand();
    zfs.set(home, 'zrep:lock-pid', '1');
    t.match(await change(), { refused: 'lock-busy', reason: /pid 1 / });
    const late = stand((verb) => {
      if (verb === 'program') late.zfs.set(home, 'zrep:lock-pid', '1');
    });
    t.match(await late.change(), { refused: 'lock-busy', reason: /pid 1 / });
    t.notOk(late.zfs.objects.has(SNAPSHOT.target));
    t.equal(late.holder(), '1');
  },
);

t.test('a dead process leaves its lock to be taken away', async (t) => {
  const { zfs, change, holder } = stand();
  zfs.set(home, 'zrep:lock-pid', '4194305');
  t.match(await change(), { left: 0 });
  t.equal(holder(), undefined);
});

t.test('what is not as it was is decided anew', async (t) => {
  let counts = 0;
  const stands = stand((verb) => {
    if (verb === 'program' && counts === 1) stands.zfs.set(home, 'zrep:savecount', '9');
  });
  const seen: (string | undefined)[] = [];
  const answer = await changeUnderLock(stands.step, home, zrep, reading, async (listing) => {
    counts += 1;
    const value = listing.get(home)?.get('zrep:savecount')?.value;
    seen.push(value);
    const premise: Premise = { holds: 'value', target: home, property: 'zrep:savecount', value };
    return { premises: [premise], changes: [SNAPSHOT], done: () => 'done' };
  });
  t.equal(answer, 'done');
  t.same(seen, ['1', '9']);
});

t.test('who lost the lock of a session changes nothing', async (t) => {
  const { zfs, kept, change } = stand();
  kept.wanted = true;
  await change();
  zfs.set(home, 'zrep:lock-pid', '1');
  t.match(await change([{ does: 'destroy', target: SNAPSHOT.target }]), { refused: 'lock-busy' });
  t.ok(zfs.objects.has(SNAPSHOT.target));
});

t.test('a program that is killed when it had set the lock leaves none behind', async (t) => {
  const { kept, step, zfs, holder } = stand();
  kept.wanted = true;
  let kills = 1;
  const killed: Step = {
    ...step,
    zfs: {
      ...step.zfs,
      async ask(argv, input) {
        const ended = await step.zfs.ask(argv, input);
        if (argv[0] !== 'program' || kills === 0) return ended;
        kills -= 1;
        return { ...ended, code: null, signal: 'SIGTERM', output: '' };
      },
    },
  };
  const change = () =>
    changeUnderLock(killed, home, zrep, reading, async () => ({
      ...{ premises: [], changes: [SNAPSHOT] },
      done: () => 'done',
    }));
  await t.rejects(change(), /zfs failed/);
  t.ok(zfs.objects.has(SNAPSHOT.target), 'it was done all the same');
  t.equal(holder(), undefined);
});

t.test('what needs the lock held is done under it, by calls', async (t) => {
  const { asked, change, holder } = stand();
  t.same(await change([SNAPSHOT], [], true), { left: 0, holder: String(process.pid) });
  t.ok(asked.includes('snapshot'));
  t.equal(holder(), undefined);
});
