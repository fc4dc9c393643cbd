/** What is on record after a stream, and what is not: one that failed, or one of another snapshot than was decided on. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Pull, Refreshcomplete } from '../../src/command/request.ts';
import { datasetLimits } from '../../src/policy/limits.ts';
import { isRefusal } from '../../src/refusal.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import { refreshpull } from '../../src/replication/refreshpull.ts';
import { parseZrepSnapshot, type ZrepSnapshot } from '../../src/zfs/names.ts';
import { formatResumeToken } from '../../src/zfs/resume-token.ts';
import { type PretendZfs, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync(`${tmpdir()}/pull-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const name = (number: number) => `tank/home@zrep_00000${number}`;
const limits = datasetLimits({}, {});

/** A master with three snapshots, of which the first is marked as sent. */
function threeSnapshots(): PretendZfs {
  const zfs = pretendZfs();
  for (const number of [0, 1, 2]) zfs.snapshot(name(number));
  zfs.set(name(0), 'zrep:sent', '1700000000');
  return zfs;
}

function operationOf<Operation>(command: string): Operation {
  const pipeline = parse(command);
  if (isRefusal(pipeline)) throw new Error(pipeline.reason);
  return pipeline.operation as Operation;
}

const pull = (zfs: PretendZfs, words: string, client?: string) =>
  refreshpull(zfs.step(rundir, client), operationOf<Pull>(`zrep _refreshpull ${words}`), [], [], limits);
const complete = (zfs: PretendZfs, snapshot: string) =>
  refreshcomplete(
    zfs.step(rundir),
    operationOf<Refreshcomplete>(`zrep _refreshcomplete ${snapshot} zrep:sent=1700000001`),
  );

function recordOn({ objects }: PretendZfs, snapshot: string): string | undefined {
  return objects.get(snapshot)?.get('zrep-gate:streamed')?.value;
}

function tokenFor({ objects }: PretendZfs, snapshot: string): string {
  const toguid = BigInt(objects.get(snapshot)?.get('guid')?.value ?? 0);
  const numbers = { object: 1n, offset: 2n, bytes: 3n, toguid, fromguid: undefined };
  const target = parseZrepSnapshot(snapshot) as ZrepSnapshot;
  return formatResumeToken({ ...numbers, snapshot: target, features: [] });
}

t.test(
  "a stream that ended well is on record, behind it and under the lock, by the gate's clock",
  async (t) => {
    const zfs = threeSnapshots();
    const before = Math.floor(Date.now() / 1000);
    t.match(await pull(zfs, name(2)), { facts: { snapshot: name(2), base: name(0) } });
    const [, client, seconds] = /^(.*)@(\d+)$/.exec(recordOn(zfs, name(2)) ?? '') ?? [];
    t.equal(client, 'backup1');
    t.ok(Number(seconds) >= before && Number(seconds) <= Date.now() / 1000, `${before} ${seconds}`);
    const order = zfs.asked.map(
      (line) => /^(set zrep:lock|stream|set zrep-gate|inherit zrep:lock-pid)/.exec(line)?.[1],
    );
    t.same(
      order.filter((step) => step !== undefined),
      ['set zrep:lock', 'stream', 'set zrep-gate', 'inherit zrep:lock-pid'],
    );
  },
);

t.test(
  'another client is added to the record, and one that has it already gets the later time',
  async (t) => {
    const zfs = threeSnapshots();
    zfs.set(name(2), 'zrep-gate:streamed', 'backup1@5,old@6');
    await pull(zfs, name(2), 'backup2');
    t.match(recordOn(zfs, name(2)), /^backup1@5,old@6,backup2@\d{10}$/);
    await pull(zfs, name(2));
    t.match(recordOn(zfs, name(2)), /^old@6,backup2@\d{10},backup1@\d{10}$/);
  },
);

t.test('what was received as a record is not gone on with', async (t) => {
  const zfs = threeSnapshots();
  zfs.set(name(2), 'zrep-gate:streamed', 'somebody@5', 'received');
  await pull(zfs, name(2));
  t.match(recordOn(zfs, name(2)), /^backup1@\d{10}$/);
});

t.test('a stream that is refused leaves no record', async (t) => {
  const zfs = threeSnapshots();
  for (const [words, code] of [
    [name(1), 'not-latest'],
    [name(7), 'no-such-snapshot'],
  ] as const) {
    t.match(await pull(zfs, words), { refused: code });
  }
  zfs.set(name(2), 'zrep:sent', '1700000000');
  t.match(await pull(zfs, name(2)), { refused: 'already-sent' });
  t.notOk(zfs.asked.some((line) => line.startsWith('stream') || /set .*zrep-gate/.test(line)));
});

/** What happens while the stream runs, to the snapshot or to its base. */
const CHANGES: Record<string, [(zfs: PretendZfs, snapshot: string) => void, readonly number[]]> = {
  'destroyed and made again under its name': [
    (zfs, snapshot) => {
      zfs.objects.delete(snapshot);
      zfs.snapshot(snapshot);
    },
    [0, 2],
  ],
  destroyed: [({ objects }, snapshot) => objects.delete(snapshot), [2]],
  'gone, base and all, as with a renamed file system': [
    ({ objects }, snapshot) => {
      for (const gone of [snapshot, name(0), 'tank/home']) objects.delete(gone);
    },
    [2],
  ],
};

t.test('a snapshot that is another one after the stream, or a base that is, is not recorded', async (t) => {
  for (const [what, [change, numbers]] of Object.entries(CHANGES)) {
    for (const number of numbers) {
      const zfs = threeSnapshots();
      zfs.onStream = () => change(zfs, name(number));
      const refusal = await pull(zfs, name(2));
      t.match(refusal, { refused: 'changed-meanwhile', reason: `${name(number)} is not the snapshot` }, what);
      t.equal(recordOn(zfs, name(2)), undefined);
      if (zfs.objects.has(name(2))) t.match(await complete(zfs, name(2)), { refused: 'not-streamed' });
    }
  }
});

t.test(
  'the stream of a token is of the snapshot that the token names, whatever the command does',
  async (t) => {
    const zfs = threeSnapshots();
    // Stock zrep refresh -r: makes the next snapshot, finishes the one before it, and marks the next.
    t.match(await pull(zfs, `${name(2)} ${tokenFor(zfs, name(1))}`), { facts: { snapshot: name(1) } });
    t.match(recordOn(zfs, name(1)), /^backup1@/);
    t.equal(recordOn(zfs, name(2)), undefined);
    t.match(await complete(zfs, name(2)), {
      refused: 'not-streamed',
      reason: /"zrep refresh -r" marks a snapshot/,
    });
    t.match(
      await complete(zfs, name(1)),
      { facts: { snapshot: name(1) } },
      'what it did receive can be marked',
    );
    t.match(
      await pull(zfs, name(2)),
      { facts: { base: name(1) } },
      'and the next refresh goes on from there',
    );
  },
);

/** The words that name the snapshot or bookmark `of` by its GUID. */
function fromWord({ objects }: PretendZfs, of: string): string {
  return `from=${objects.get(of)?.get('guid')?.value}`;
}

/** The words of each stream that there was. */
const streams = ({ asked }: PretendZfs) => asked.filter((line) => line.startsWith('stream'));

/** As `threeSnapshots`, with a snapshot and a bookmark of others' before the newest, and a bookmark of what is gone. */
function foreignSnapshots(): PretendZfs {
  const zfs = pretendZfs();
  zfs.snapshot('tank/home@gone');
  zfs.bookmark('tank/home#gone', 'tank/home@gone');
  zfs.objects.delete('tank/home@gone');
  for (const snapshot of [name(0), 'tank/home@by-hand', name(1)]) zfs.snapshot(snapshot);
  zfs.bookmark('tank/home#by-hand', 'tank/home@by-hand');
  zfs.bookmark('tank/home#newest', name(1));
  return zfs;
}

t.test('an increment begins with whatever of the dataset has the GUID, marked or not', async (t) => {
  const zfs = foreignSnapshots();
  for (const [from, base, through] of [
    [name(0), name(0), '-I'],
    ['tank/home@by-hand', 'tank/home@by-hand', '-i'],
    ['tank/home#by-hand', 'tank/home@by-hand', '-i'],
    ['tank/home#gone', 'tank/home#gone', '-i'],
  ] as const) {
    t.match(await pull(zfs, `${name(1)} ${fromWord(zfs, from)}`), { facts: { snapshot: name(1), base } });
    t.equal(streams(zfs).at(-1), `stream send ${through} ${base} ${name(1)}`);
  }
  t.match(recordOn(zfs, name(1)), /^backup1@\d{10}$/);
  t.match(await complete(zfs, name(1)), { facts: { snapshot: name(1) } });
  t.match(await pull(zfs, `${name(1)} ${fromWord(zfs, name(0))}`), { facts: { base: name(0) } }, 'again');
});

t.test('another tag ships one step from it', async (t) => {
  const zfs = foreignSnapshots();
  zfs.set('tank/home', 'off:src-host', 'fileserver');
  zfs.set('tank/home', 'off:master', 'yes');
  zfs.snapshot('tank/home@off_000000');
  const command = `zrep -t off _refreshpull tank/home@off_000000 ${fromWord(zfs, 'tank/home@by-hand')}`;
  await refreshpull(zfs.step(rundir), operationOf<Pull>(command), [], [], limits);
  t.same(streams(zfs), ['stream send -i tank/home@by-hand tank/home@off_000000']);
});

t.test('no base is what is not there, is not older, or is of another dataset', async (t) => {
  const zfs = foreignSnapshots();
  zfs.set('tank/home/child', 'guid', '4711', '-');
  zfs.set('tank/home/child@x', 'guid', '4712', '-');
  zfs.set('tank/home/child#x', 'guid', '4713', '-');
  zfs.set('tank/home', 'guid', '4714', '-');
  for (const [word, reason] of [
    ['from=1', /: tank\/home has no snapshot or bookmark with the GUID 1$/],
    ...['4711', '4712', '4713', '4714'].map(
      (guid) => [`from=${guid}`, /has no snapshot or bookmark/] as const,
    ),
    [fromWord(zfs, name(1)), /"tank\/home@zrep_000001" is not older than tank\/home@zrep_000001$/],
  ] as const)
    t.match(await pull(zfs, `${name(1)} ${word}`), { refused: 'no-such-base', reason }, word);
  zfs.objects.delete(name(1));
  zfs.snapshot(name(2));
  t.match(await pull(zfs, `${name(2)} ${fromWord(zfs, 'tank/home#newest')}`), { facts: {} }, 'older by now');
  t.match(await pull(zfs, `${name(0)} ${fromWord(zfs, 'tank/home#gone')}`), { refused: 'not-latest' });
  t.match(await pull(zfs, `${name(7)} from=1`), { refused: 'no-such-snapshot' });
  t.equal(streams(zfs).length, 1);
});

t.test('a recursive stream begins with no bookmark', async (t) => {
  const zfs = foreignSnapshots();
  const recursive = (of: string) =>
    refreshpull(
      zfs.step(rundir),
      operationOf<Pull>(`zrep -R _refreshpull ${name(1)} ${fromWord(zfs, of)}`),
      ['R'],
      [],
      limits,
    );
  t.match(await recursive('tank/home#gone'), {
    refused: 'no-such-base',
    reason: /"tank\/home#gone" is a bookmark/,
  });
  t.match(await recursive('tank/home@by-hand'), { facts: { base: 'tank/home@by-hand' } });
  t.same(streams(zfs), [`stream send -R -I tank/home@by-hand ${name(1)}`]);
});

t.test('a base that is another one after the stream is not recorded', async (t) => {
  for (const of of ['tank/home@by-hand', 'tank/home#gone']) {
    const zfs = foreignSnapshots();
    zfs.onStream = () => zfs.set(of, 'guid', '1', '-');
    t.match(await pull(zfs, `${name(1)} ${fromWord(zfs, of)}`), { refused: 'changed-meanwhile' }, of);
    t.equal(recordOn(zfs, name(1)), undefined);
  }
});

t.test('a token continues from whatever of the dataset a stream can begin with', async (t) => {
  const zfs = foreignSnapshots();
  zfs.set('tank/home/child@x', 'guid', '4712', '-');
  const fields = {
    ...{ object: 1n, offset: 2n, bytes: 3n, features: [] },
    snapshot: parseZrepSnapshot(name(1)) as ZrepSnapshot,
    toguid: BigInt(zfs.objects.get(name(1))?.get('guid')?.value ?? 0),
  };
  const token = (guid: string) => formatResumeToken({ ...fields, fromguid: BigInt(guid) });
  for (const of of ['tank/home@by-hand', 'tank/home#gone']) {
    const guid = zfs.objects.get(of)?.get('guid')?.value ?? '';
    t.match(await pull(zfs, `${name(1)} ${token(guid)}`), { facts: { snapshot: name(1) } }, of);
  }
  for (const guid of ['1', '4712'])
    t.match(await pull(zfs, `${name(1)} ${token(guid)}`), { refused: 'token-mismatch' }, guid);
});

t.test('a token that names a snapshot by another GUID is refused before anything is sent', async (t) => {
  const zfs = threeSnapshots();
  const token = tokenFor(zfs, name(1));
  zfs.objects.delete(name(1));
  zfs.snapshot(name(1));
  t.match(await pull(zfs, `${name(1)} ${token}`), { refused: 'token-mismatch' });
  t.notOk(zfs.asked.some((line) => line.startsWith('stream')));
});
