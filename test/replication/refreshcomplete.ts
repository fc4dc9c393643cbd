/** Which snapshots can be marked as sent: those of which the record says that this client has them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { mock } from 'node:test';
import t from 'tap';
import type { Refreshcomplete } from '../../src/command/request.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import { ZfsFailed } from '../../src/replication/step.ts';
import type { Capability } from '../../src/zfs/capabilities.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import { pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync(`${tmpdir()}/complete-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const ONE = 'tank/home@zrep_000001';
const [dataset, tag] = ['tank/home' as Dataset, 'zrep' as Tag];
const MARK: Refreshcomplete = {
  ...{ kind: 'refreshcomplete', dataset, tag, sent: 1_700_000_123 },
  snapshot: { dataset, tag, sequence: 1 },
};

/** How completing ends where `record` stands on the snapshot, and what zfs was asked for beside looking. */
async function completed(record?: string, source = 'local', can: readonly Capability[] = ['batches']) {
  const zfs = pretendZfs({ can });
  zfs.snapshot(ONE);
  if (record !== undefined) zfs.set(ONE, 'zrep-gate:streamed', record, source);
  const done = await refreshcomplete(zfs.step(rundir), MARK);
  return { done, changes: zfs.asked.filter((line) => !line.startsWith('get ')) };
}

t.test('what was streamed to this client is marked, with the hour, and nothing else is set', async (t) => {
  const clock = mock.method(Date, 'now', () => 1_700_000_200_999);
  t.teardown(() => clock.mock.restore());
  for (const [record, after] of [
    ['backup1@5', 'backup1@1700000200'],
    ['other@4,backup1@5', 'other@4,backup1@1700000200'],
    ['backup1@5,other@6', 'other@6,backup1@1700000200'],
  ] as const) {
    const { done, changes } = await completed(record);
    t.same(done, { facts: { snapshot: ONE } }, record);
    t.strictSame(changes, [`set zrep-gate:streamed=${after} zrep:sent=1700000123 ${ONE}`]);
    const { changes: single } = await completed(record, 'local', []);
    t.strictSame(single, [`set zrep-gate:streamed=${after} ${ONE}`, `set zrep:sent=1700000123 ${ONE}`]);
  }
});

t.test('what was streamed to nobody, or to somebody else, is refused, and nothing is set', async (t) => {
  for (const record of [
    undefined,
    '',
    'other@5',
    'backup10@5',
    'xbackup1@5',
    'backup1',
    'backup1@',
    '@5',
    '-',
  ]) {
    const { done, changes } = await completed(record);
    t.match(done, { refused: 'not-streamed', reason: `no stream of ${ONE} to this client` }, `${record}`);
    t.strictSame(changes, []);
  }
});

t.test("a record that came along with a stream, or is the file system's, is none", async (t) => {
  for (const source of ['received', 'inherited from tank/home', 'temporary', '-']) {
    t.match((await completed('backup1@5', source)).done, { refused: 'not-streamed' }, source);
  }
});

t.test('a snapshot that is not there is refused as such, and a file system as not granted', async (t) => {
  const zfs = pretendZfs();
  t.match(await refreshcomplete(zfs.step(rundir), MARK), { refused: 'no-such-snapshot' });
  zfs.objects.delete('tank/home');
  const failure = await refreshcomplete(zfs.step(rundir), MARK).catch((error: unknown) => error);
  t.ok(failure instanceof ZfsFailed);
});
