/** A mark and expiring as one change: it comes to what the two commands come to, or is not made, and the mark alone is. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mock } from 'node:test';
import fc from 'fast-check';
import t from 'tap';
import type { Expire, Refreshcomplete } from '../../src/command/request.ts';
import { type DatasetLimits, datasetLimits } from '../../src/policy/limits.ts';
import type { Ended } from '../../src/process/pipeline.ts';
import { expire } from '../../src/replication/expire.ts';
import { createKeptLock } from '../../src/replication/kept-lock.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import type { Step } from '../../src/replication/step.ts';
import type { Capability } from '../../src/zfs/capabilities.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import { type PretendOptions, type PretendZfs, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync('/tmp/complete-and-expire-');
t.teardown(() => rmSync(rundir, { recursive: true }));

const NOW = 1_700_000_500;
mock.method(Date, 'now', () => NOW * 1000);

const [dataset, tag] = ['tank/home' as Dataset, 'zrep' as Tag];
const nameOf = (sequence: number) => `tank/home@zrep_00000${sequence}`;
const markOf = (sequence: number): Refreshcomplete => ({
  ...{ kind: 'refreshcomplete', dataset, tag, sent: NOW - 10, expire: true },
  snapshot: { dataset, tag, sequence },
});
const EXPIRE: Expire = { kind: 'expire', dataset, tag };
const LIMITS = datasetLimits({ 'keep-at-least': 1, 'keep-for': '0 seconds' }, {});
const EXPIRING = 'Expiring zrep snaps on tank/home\n';

/** Four snapshots, of which the newest was streamed, and those before it are marked. */
function stand(options: PretendOptions = {}): PretendZfs {
  const zfs = pretendZfs({ can: ['batches', 'bookmarks', 'programs'], savecount: 2, ...options });
  for (const sequence of [0, 1, 2, 3]) zfs.snapshot(nameOf(sequence));
  for (const sequence of [0, 1, 2]) zfs.set(nameOf(sequence), 'zrep:sent', String(NOW - 1000 + sequence));
  zfs.set(nameOf(3), 'zrep-gate:streamed', `backup1@${NOW - 5}`);
  return zfs;
}

const changesOf = ({ asked }: PretendZfs) => asked.filter((line) => !/^(?:get|list) /.test(line));
const own = (zfs: PretendZfs, name: string, property: string) => zfs.objects.get(name)?.get(property)?.value;

t.test(
  'it is one program, which marks, destroys what is due and lets go of the lock of the session',
  async (t) => {
    const zfs = stand();
    zfs.set(dataset, 'zrep:lock-pid', String(process.pid));
    const kept = createKeptLock();
    kept.leave(dataset, tag, () => Promise.reject(new Error('the program does that')));
    // As a client has it that sends more.
    kept.wanted = true;
    const done = await refreshcomplete({ ...zfs.step(rundir), kept }, markOf(3), LIMITS);
    t.same(done, { print: EXPIRING, facts: { snapshot: nameOf(3), destroyed: 2 } });
    const changes = changesOf(zfs);
    t.equal(changes.length, 1);
    t.match(changes[0], /^program /);
    t.same(zfs.snapshots(), ['zrep_000002', 'zrep_000003']);
    t.equal(own(zfs, nameOf(3), 'zrep:sent'), String(NOW - 10));
    t.equal(own(zfs, nameOf(3), 'zrep-gate:streamed'), `backup1@${NOW}`);
    t.equal(own(zfs, dataset, 'zrep:lock-pid'), undefined);
    t.same(readdirSync(rundir), []);
  },
);

t.test(
  'what was streamed in the command before goes on record with it, and its bookmark is made',
  async (t) => {
    const zfs = stand();
    zfs.objects.get(nameOf(3))?.delete('zrep-gate:streamed');
    const kept = createKeptLock();
    kept.leaveUnrecorded({
      streamed: [{ name: nameOf(3), guid: own(zfs, nameOf(3), 'guid') ?? '' }],
      along: [{ does: 'bookmark', target: 'tank/home#zrep_000003_1004', snapshot: nameOf(3) }],
      record: () => Promise.reject(new Error('the program does that')),
    });
    const done = await refreshcomplete({ ...zfs.step(rundir), kept }, markOf(3), LIMITS);
    t.match(done, { print: EXPIRING, facts: { bookmark: 'tank/home#zrep_000003_1004', destroyed: 2 } });
    t.equal(changesOf(zfs).length, 1);
    t.equal(own(zfs, nameOf(3), 'zrep-gate:streamed'), `backup1@${NOW}`);
    t.ok(zfs.objects.has('tank/home#zrep_000003_1004'));
    t.equal(await kept.takeUnrecorded(), undefined);
  },
);

t.test(
  'where expiring is refused, or a lock is in the way, the mark is set alone, and nothing is printed',
  async (t) => {
    const spoilt: Record<string, (zfs: PretendZfs) => void> = {
      'another host is the master': (zfs) => zfs.set(dataset, 'zrep:src-host', 'elsewhere'),
      'it is not marked as the master': (zfs) => zfs.objects.get(dataset)?.delete('zrep:master'),
      'the save count is none': (zfs) => zfs.set(dataset, 'zrep:savecount', 'many'),
      'somebody else is at work on it': (zfs) => zfs.set(dataset, 'zrep:lock-pid', '1'),
    };
    for (const [what, spoil] of Object.entries(spoilt)) {
      const zfs = stand();
      spoil(zfs);
      const before = zfs.snapshots();
      t.same(
        await refreshcomplete(zfs.step(rundir), markOf(3), LIMITS),
        { facts: { snapshot: nameOf(3) } },
        what,
      );
      t.equal(own(zfs, nameOf(3), 'zrep:sent'), String(NOW - 10), what);
      t.same(zfs.snapshots(), before, what);
    }
  },
);

t.test('so it is where the policy does not let expire, or zfs runs no programs', async (t) => {
  for (const [limits, can] of [
    [undefined, ['batches', 'programs']],
    [LIMITS, ['batches']],
  ] as [DatasetLimits | undefined, Capability[]][]) {
    const zfs = stand({ can });
    t.same(await refreshcomplete(zfs.step(rundir), markOf(3), limits), { facts: { snapshot: nameOf(3) } });
    t.equal(zfs.snapshots().length, 4);
  }
});

t.test(
  'what was not streamed to this client, or is another by now, is refused, and nothing is changed',
  async (t) => {
    const zfs = stand();
    zfs.set(nameOf(3), 'zrep-gate:streamed', 'other@5');
    t.match(await refreshcomplete(zfs.step(rundir), markOf(3), LIMITS), { refused: 'not-streamed' });
    t.match(await refreshcomplete(zfs.step(rundir), markOf(7), LIMITS), { refused: 'no-such-snapshot' });
    const kept = createKeptLock();
    const record = () => Promise.reject(new Error('it is not what was streamed'));
    kept.leaveUnrecorded({ streamed: [{ name: nameOf(3), guid: '5' }], along: [], record });
    t.match(await refreshcomplete({ ...zfs.step(rundir), kept }, markOf(3), LIMITS), {
      refused: 'changed-meanwhile',
    });
    t.same(changesOf(zfs), []);
  },
);

t.test('what zfs cannot destroy is left, and nothing is printed, so that the client asks why', async (t) => {
  const zfs = stand({ refuses: /destroy .*zrep_000001/ });
  const done = await refreshcomplete(zfs.step(rundir), markOf(3), LIMITS);
  t.same(done, { facts: { snapshot: nameOf(3), destroyed: 1 } });
  t.equal(own(zfs, nameOf(3), 'zrep:sent'), String(NOW - 10));
  t.same(zfs.snapshots(), ['zrep_000001', 'zrep_000002', 'zrep_000003']);
});

t.test('what was streamed goes on record also where it fails, before the session ends', async (t) => {
  const fails: Record<string, (verb: string) => Promise<Partial<Ended>> | undefined> = {
    'a signal while it reads': (verb) => (verb === 'get' ? Promise.reject(new Error('SIGTERM')) : undefined),
    'a program that is killed before it has done anything': (verb) =>
      verb === 'program' ? Promise.resolve({ code: null, signal: 'SIGTERM' }) : undefined,
  };
  for (const [what, fail] of Object.entries(fails))
    for (const isKept of [true, false]) {
      const zfs = stand();
      zfs.objects.get(nameOf(3))?.delete('zrep-gate:streamed');
      const kept = createKeptLock();
      const plain = zfs.step(rundir);
      const records: (string | undefined)[] = [];
      const lock = () => own(zfs, dataset, 'zrep:lock-pid');
      if (isKept) {
        zfs.set(dataset, 'zrep:lock-pid', String(process.pid));
        kept.leave(dataset, tag, () => Promise.reject(new Error('it was taken over')));
      }
      kept.leaveUnrecorded({
        streamed: [{ name: nameOf(3), guid: own(zfs, nameOf(3), 'guid') ?? '' }],
        along: [],
        record: async () => {
          records.push(lock());
        },
      });
      let left = 1;
      const step: Step = {
        ...{ ...plain, kept },
        zfs: {
          ...plain.zfs,
          async ask(argv, input) {
            const failed = left > 0 ? fail(argv[0] ?? '') : undefined;
            if (failed === undefined) return plain.zfs.ask(argv, input);
            left -= 1;
            return { code: 0, signal: null, output: '', message: '', ...(await failed) };
          },
        },
      };
      await t.rejects(refreshcomplete(step, markOf(3), LIMITS), what);
      await kept.letGo();
      t.equal(records.length, 1, `${what}: once`);
      if (isKept) t.same(records, [String(process.pid)], 'under the lock');
      t.equal(lock(), undefined, what);
    }
});

const oneSnapshot = fc.record({
  sent: fc.option(fc.integer({ min: 1, max: 2000 })),
  held: fc.boolean(),
  streamed: fc.constantFrom(undefined, 'backup1', 'other'),
});

t.test('it leaves behind what the two commands leave, whatever there is', async (t) => {
  let together = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(oneSnapshot, { minLength: 1, maxLength: 8 }),
      fc.nat(7),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, 100, 1500),
      fc.boolean(),
      async (snapshots, which, savecount, keepAtLeast, keepFor, bookmarks) => {
        const limits = datasetLimits(
          { 'keep-at-least': keepAtLeast, 'keep-for': `${keepFor} seconds`, bookmarks },
          {},
        );
        const make = () => {
          const zfs = pretendZfs({ can: ['batches', 'bookmarks', 'programs'], savecount });
          for (const [sequence, { sent, held, streamed }] of snapshots.entries()) {
            zfs.snapshot(nameOf(sequence));
            if (sent !== null) zfs.set(nameOf(sequence), 'zrep:sent', String(NOW - sent));
            if (held) zfs.set(nameOf(sequence), 'userrefs', '1', '-');
            if (streamed) zfs.set(nameOf(sequence), 'zrep-gate:streamed', `${streamed}@${NOW - 2000}`);
          }
          return zfs;
        };
        const [one, two] = [make(), make()];
        const mark = markOf(which % snapshots.length);
        const { expire: _, ...alone } = mark;
        const answer = await refreshcomplete(one.step(rundir), mark, limits);
        const marked = await refreshcomplete(two.step(rundir), alone);
        if ('print' in answer) {
          together += 1;
          const expired = await expire(two.step(rundir), EXPIRE, 'alone', limits);
          t.match(expired, { print: EXPIRING });
        } else t.equal('refused' in answer, 'refused' in marked);
        t.strictSame([...one.objects], [...two.objects]);
      },
    ),
  );
  t.ok(together > 20, `${together} times it was one change`);
});
