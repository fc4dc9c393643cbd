/** What was streamed is kept as a bookmark, beside the stream, and a zfs that refuses that stops nothing. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { mock } from 'node:test';
import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Expire, Pull, Refreshcomplete, Snaponly } from '../../src/command/request.ts';
import { type DatasetKeys, datasetLimits } from '../../src/policy/limits.ts';
import { isRefusal } from '../../src/refusal.ts';
import type { OwnBookmark } from '../../src/replication/bookmarks.ts';
import { expire } from '../../src/replication/expire.ts';
import { initpull } from '../../src/replication/initpull.ts';
import { destroyBookmarks } from '../../src/replication/keep-base.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import { refreshpull } from '../../src/replication/refreshpull.ts';
import { snaponly } from '../../src/replication/snaponly.ts';
import { parseZrepSnapshot, type ZrepSnapshot } from '../../src/zfs/names.ts';
import { formatResumeToken } from '../../src/zfs/resume-token.ts';
import { type PretendOptions, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync(`${tmpdir()}/keep-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const snapshotName = (number: number) => `tank/home@zrep_00000${number}`;

/** A master that was backed up once, and a client that refreshes. */
function stand(options: PretendOptions = {}, keys: DatasetKeys = {}) {
  let now = 1_700_000_000;
  const zfs = pretendZfs({ can: ['batches', 'bookmarks'], now: () => now, ...options });
  zfs.snapshot(snapshotName(0));
  zfs.set(snapshotName(0), 'zrep:sent', String(now));
  const clock = mock.method(Date, 'now', () => now * 1000);
  t.teardown(() => clock.mock.restore());
  const limits = datasetLimits({ 'keep-at-least': 1, 'keep-for': '0 seconds', ...keys }, {});
  const step = zfs.step(rundir);
  const made = async () => {
    const done = await snaponly(step, operationOf<Snaponly>('zrep snaponly tank/home'), limits);
    if (isRefusal(done)) throw new Error(done.reason);
    return done.print ?? '';
  };
  const streamed = async (name: string, words = '') => {
    const done = await refreshpull(
      step,
      operationOf<Pull>(`zrep ${words}_refreshpull ${name}`),
      [],
      [],
      limits,
    );
    if (isRefusal(done)) throw new Error(done.reason);
    return done.facts;
  };
  const completed = (name: string) =>
    refreshcomplete(step, operationOf<Refreshcomplete>(`zrep _refreshcomplete ${name} zrep:sent=${now}`));
  const expired = async () => {
    const done = await expire(step, operationOf<Expire>('zrep expire -L tank/home'), 'alone', limits);
    if (isRefusal(done)) throw new Error(done.reason);
    return done.facts;
  };
  return {
    ...{ zfs, made, streamed, completed, expired },
    bookmarks: () =>
      [...zfs.objects.keys()].filter((name) => name.startsWith('tank/home#')).map((name) => name.slice(10)),
    wait: (seconds: number) => {
      now += seconds;
    },
    /** What is asked that changes something, from here on. */
    asked() {
      const lines = zfs.asked.filter((line) => /^(?:bookmark|destroy|stream)/.test(line));
      zfs.asked.splice(0);
      return lines;
    },
    async refresh() {
      now += 3600;
      const name = await made();
      const kept = await streamed(name);
      await completed(name);
      return { ...kept, ...(await expired()) };
    },
  };
}

function operationOf<Operation>(command: string): Operation {
  const pipeline = parse(command);
  if (isRefusal(pipeline)) throw new Error(pipeline.reason);
  return pipeline.operation as Operation;
}

t.test('the first time it is streamed, and not again; nothing else is done for it', async (t) => {
  const { zfs, streamed, bookmarks, made, asked } = stand();
  const name = await made();
  const guid = zfs.objects.get(name)?.get('guid')?.value;
  t.match(await streamed(name), { snapshot: name, bookmark: `tank/home#zrep_000001_${guid}` });
  t.same(asked(), [
    `stream send -i ${snapshotName(0)} ${name}`,
    `bookmark ${name} tank/home#zrep_000001_${guid}`,
  ]);
  const again = await streamed(name);
  t.equal(again['bookmark'], undefined);
  t.same(asked(), [`stream send -i ${snapshotName(0)} ${name}`]);
  t.equal(bookmarks().length, 1);
});

t.test('there are three, however often it is refreshed, and expiring has none to destroy', async (t) => {
  const { refresh, bookmarks, zfs } = stand();
  zfs.bookmark('tank/home#zrep_000000', snapshotName(0));
  zfs.bookmark('tank/home#zrep_000009_1', snapshotName(0));
  for (let round = 1; round <= 6; round += 1) {
    const facts = await refresh();
    t.equal(facts['bookmarks-destroyed'], undefined);
  }
  t.same(zfs.snapshots(), ['zrep_000006']);
  const [one = '', other = '', ...own] = bookmarks();
  t.same([one, other], ['zrep_000000', 'zrep_000009_1'], "others' stay");
  t.same(
    own.map((name) => name.replace(/_\d+$/, '')),
    ['zrep_000004', 'zrep_000005', 'zrep_000006'],
  );
});

t.test('where pulls do not keep to that, expiring does', async (t) => {
  const { refresh, expired, zfs, bookmarks } = stand();
  for (let round = 1; round <= 3; round += 1) await refresh();
  for (const number of [4, 5]) {
    zfs.snapshot(snapshotName(number));
    zfs.set(snapshotName(number), 'zrep:sent', '1');
    const guid = zfs.objects.get(snapshotName(number))?.get('guid')?.value;
    zfs.bookmark(`tank/home#zrep_00000${number}_${guid}`, snapshotName(number));
  }
  t.match(await expired(), { 'bookmarks-destroyed': 2 });
  t.equal(bookmarks().length, 3);
});

t.test('a number of which a bookmark is left is not given again', async (t) => {
  const { refresh, zfs, made } = stand();
  await refresh();
  zfs.objects.delete(snapshotName(1));
  zfs.set(snapshotName(0), 'zrep:sent', '1700000000');
  t.equal(await made(), snapshotName(2));
});

t.test(
  'a thief who marks what nobody received does not lose a base that is left as a bookmark',
  async (t) => {
    const { refresh, zfs, bookmarks, wait } = stand({}, { 'keep-for': '1 day' });
    await refresh();
    const [base] = bookmarks();
    zfs.objects.delete(snapshotName(1));
    for (let round = 0; round < 23; round += 1) await refresh();
    t.ok(bookmarks().includes(base ?? ''));
    wait(86_400);
    await refresh();
    t.notOk(bookmarks().includes(base ?? ''), 'a day after the first such mark it goes');
  },
);

t.test('the one that a stream begins from stays while that runs, also by a token', async (t) => {
  for (const by of ['from', 'token'] as const) {
    const { zfs, refresh, made, streamed, bookmarks } = stand();
    for (let round = 1; round <= 3; round += 1) await refresh();
    const base = bookmarks().find((name) => name.startsWith('zrep_000001_')) ?? '';
    const guid = base.slice(base.lastIndexOf('_') + 1);
    const name = await made();
    const token = formatResumeToken({
      ...{ object: 1n, offset: 2n, bytes: 3n, features: [] },
      toguid: BigInt(zfs.objects.get(name)?.get('guid')?.value ?? 0),
      fromguid: BigInt(guid),
      snapshot: parseZrepSnapshot(name) as ZrepSnapshot,
    });
    const facts = await streamed(`${name} ${by === 'from' ? `from=${guid}` : token}`);
    t.match(facts, { snapshot: name }, by);
    t.ok(bookmarks().includes(base), by);
    t.equal(facts['bookmark-refused'], undefined);
  }
});

t.test('none is made with -R, where the policy says no, or where zfs knows none', async (t) => {
  for (const [options, keys, words] of [
    [{}, {}, '-R '],
    [{}, { bookmarks: false }, ''],
    [{ can: ['batches'] }, {}, ''],
  ] as const) {
    const { made, streamed, asked } = stand(options, keys);
    const facts = await streamed(await made(), words);
    t.notOk(Object.keys(facts).some((name) => name.startsWith('bookmark')));
    t.notOk(asked().some((line) => line.startsWith('bookmark')));
  }
});

t.test('where the policy says no, those that are left expire', async (t) => {
  const { zfs, refresh, bookmarks } = stand({}, { bookmarks: false });
  const guid = zfs.objects.get(snapshotName(0))?.get('guid')?.value;
  zfs.bookmark(`tank/home#zrep_000000_${guid}`, snapshotName(0));
  t.match(await refresh(), { 'bookmarks-destroyed': 1 });
  t.same(bookmarks(), []);
});

t.test('that zfs refuses one goes on record, and all else is done', async (t) => {
  const { made, streamed, completed, expired, bookmarks } = stand({ refuses: /^bookmark / });
  const name = await made();
  t.match(await streamed(name), { snapshot: name, 'bookmark-refused': 'cannot do it: permission denied' });
  t.match(await completed(name), { facts: { snapshot: name } });
  t.match(await expired(), { destroyed: 1 });
  t.same(bookmarks(), []);
});

t.test('where old ones cannot be destroyed, they become a hundred and no more', async (t) => {
  const { refresh, bookmarks } = stand({ refuses: /^destroy .*#/ });
  for (let round = 1; round <= 110; round += 1) {
    const facts = await refresh();
    t.equal(facts['destroyed'], 1);
    t.match(facts['bookmark-refused'] ?? 'none', round < 4 ? 'none' : 'permission denied');
  }
  t.equal(bookmarks().length, 100);
});

t.test(
  'a pair that has not begun gets a hundred and no more, and one that begins then is rid of them by and by',
  async (t) => {
    const { zfs, wait, streamed, bookmarks, made, asked } = stand();
    zfs.objects.get(snapshotName(0))?.delete('zrep:sent');
    for (let number = 1; number <= 100; number += 1) {
      zfs.snapshot('tank/home@gone');
      const guid = zfs.objects.get('tank/home@gone')?.get('guid')?.value;
      zfs.bookmark(`tank/home#zrep_000000_${guid}`, 'tank/home@gone');
      zfs.objects.delete('tank/home@gone');
    }
    const first = await made();
    const whole = () =>
      initpull(
        zfs.step(rundir),
        operationOf<Pull>(`zrep _initpull ${first}`),
        [],
        [],
        datasetLimits({}, {}),
        undefined,
      );
    t.match(await whole(), { facts: { 'bookmark-refused': "there are 100 of the pair's" } });
    t.equal(bookmarks().length, 100);
    zfs.set(first, 'zrep:sent', '1700000000');
    wait(86_400);
    const next = await made();
    asked();
    t.match(await streamed(next), { bookmark: /^tank/ });
    t.equal(asked().filter((line) => line.startsWith('destroy')).length, 10, 'ten at a time');
    t.equal(bookmarks().length, 91);
  },
);

t.test('after a signal none is destroyed any more', async (t) => {
  const { zfs } = stand();
  const interruption = { signal: undefined as 'SIGTERM' | undefined, check() {}, onSignal: () => () => {} };
  const step = { ...zfs.step(rundir), interruption };
  const ask: typeof step.zfs.ask = async (argv, ...rest) => {
    interruption.signal = 'SIGTERM';
    return step.zfs.ask(argv, ...rest);
  };
  const [one, other] = [1, 2].map((number) => ({
    ...{ dataset: 'tank/home', name: `zrep_000000_${number}`, sequence: 0, guid: `${number}`, createtxg: 1 },
  }));
  const bookmarks = [one, other] as OwnBookmark[];
  t.strictSame(await destroyBookmarks({ interruption, zfs: { ...step.zfs, ask } }, bookmarks), {
    destroyed: 1,
  });
});
