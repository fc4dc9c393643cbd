/** Which copies are missing, and why: told from a listing of all file systems and from what is remembered. */

import fc from 'fast-check';
import t from 'tap';
import { BEGUN, type CopyRecord, NEVER } from '../../../src/client/copies/copy-record.ts';
import {
  afterRename,
  findMissing,
  type MissingCopy,
  renamedPart,
} from '../../../src/client/copies/find-missing.ts';
import { fixFor, missingLines } from '../../../src/client/copies/say-missing.ts';
import type { Dataset, Tag } from '../../../src/zfs/names.ts';
import { listingOf } from '../../fixtures/replication/listing.ts';

const ZREP = 'zrep' as Tag;
const NOW = 1_000_000;

/** A copy of tank/home as zfs lists it; `more` speaks last. */
const copy = (name: string, guid: number, called = name, more = '') =>
  `${name} guid=${guid}<- zrep:src-fs=tank/home zrep:src-host=fileserver zrep:dest-fs=${called} zrep:dest-host=backup ${more}\n`;
const plain = (name: string, guid = 99) => `${name} guid=${guid}<-\n`;

const known = (dataset: string, guid: number, tag = 'zrep'): CopyRecord => ({
  ...{ tag: tag as Tag, dataset: dataset as Dataset, guid: String(guid), source: 'fileserver:tank/home' },
  refreshed: NOW - 3600,
  failing: undefined,
});
const find = (listing: string, ...records: CopyRecord[]) =>
  findMissing(listingOf(listing), records, ZREP, 'backup');
const said = (all: readonly MissingCopy[]) =>
  all.map((one) => `${one.dataset} ${one.why}${'now' in one ? ` ${one.now}` : ''}`);

t.test('what is here as what it is called is not missing', async (t) => {
  t.same(find(plain('vault') + copy('vault/a', 1), known('vault/a', 1)), []);
  t.same(find(plain('vault') + copy('vault/a', 1), known('vault/a', 7)), [], 'made anew, and a copy');
  t.same(find(copy('vault/a', 1, 'vault/a', 'zrep:master=yes'), known('vault/a', 1)), [], 'a master by now');
  t.same(find(plain('vault'), known('vault/a', 1, 'off')), [], 'of another tag');
  t.same(find(copy('new/a', 1), known('vault/a', 1)), [], 'renamed, and it says so itself');
  const retired = 'vault/a guid=1<- zrep:src-fs=tank/home zrep:retired=5\n';
  t.same(find(retired, known('vault/a', 1)), []);
  t.same(find(retired.replaceAll('vault', 'new'), known('vault/a', 1)), []);
});

t.test(
  'a set-up that was begun is missed until it is completed, or its place is put to other use',
  async (t) => {
    const begun = { ...known('vault/a', 1), guid: BEGUN.alone };
    for (const listing of ['', plain('vault'), plain('vault') + copy('vault/a', 1), copy('vault/a', 1)]) {
      t.same(said(find(listing, begun)), ['vault/a begun'], listing);
      t.match(find(listing, begun), [{ refreshed: undefined, begun: NOW - 3600 }], 'it was never refreshed');
    }
    t.same(find(copy('vault/a', 1, 'vault/a', 'zrep:master=yes'), begun), []);
    t.same(find('vault/a guid=1<- zrep:src-fs=tank/home zrep:retired=5\n', begun), []);
    t.match(missingLines('Error', find(plain('vault'), begun), ZREP, NOW), [
      /^Error: vault\/a is missing: its set-up was begun and not completed; begun 1h ago \(.*\)$/,
      /^To complete it .*: zrep init --pull fileserver:tank\/home vault\/a$/,
    ]);

    t.match(missingLines('Error', find(plain('vault'), { ...begun, guid: BEGUN.recursive }), ZREP, NOW), [
      /^Error: /,
      /: zrep -R init --pull fileserver:tank\/home vault\/a$/,
    ]);
  },
);

t.test('each way of being missing is told from the others', async (t) => {
  const cases: [listing: string, said: string][] = [
    [plain('tank'), 'vault/a no-pool'],
    ['', 'vault/a no-pool'],
    [plain('vault'), 'vault/a destroyed'],
    [plain('vault') + plain('vault/a', 2), 'vault/a replaced'],
    [plain('vault') + plain('vault/a', 1), 'vault/a no-role vault/a'],
    [plain('other') + plain('other/a', 1), 'vault/a no-role other/a'],
    [copy('other/a', 1, 'vault/a'), 'vault/a renamed other/a'],
    [copy('vault/a', 1, 'former/a'), 'former/a renamed vault/a'],
    [plain('vault/a', 1).replace('<-', '<- zrep:retired=5<received'), 'vault/a no-role vault/a'],
    [plain('vault/a', 1).replace('<-', '<- zrep:master=yes<received'), 'vault/a no-role vault/a'],
  ];
  for (const [listing, expected] of cases)
    t.same(said(find(listing, known('vault/a', 1))), [expected], expected);
});

t.test(
  'a copy that calls itself by a name that is not here was renamed, whether it is remembered or not',
  async (t) => {
    const renamed = copy('new/a', 1, 'vault/a') + copy('new/b/c', 2, 'vault/b/c');
    t.same(said(find(renamed)), ['vault/a renamed new/a', 'vault/b/c renamed new/b/c']);
    t.match(find(renamed)[0], { source: 'fileserver:tank/home', refreshed: undefined });
    t.match(find(renamed, known('vault/a', 1))[0], { refreshed: NOW - 3600 });
    t.same(
      said(find(renamed, known('new/a', 1)))[0],
      'vault/a renamed new/a',
      'refreshed by its name since then',
    );
  },
);

t.test('the copy of a copy is not taken for one that was renamed', async (t) => {
  const twin = copy('second/a', 5, 'vault/a');
  t.same(find(copy('vault/a', 1) + twin), [], 'the first one is here');
  t.same(said(find(twin, known('vault/a', 1))), ['vault/a no-pool'], 'the first one was another file system');
  t.same(find(twin.replace('dest-host=backup', 'dest-host=other')), [], 'it belongs to another host');
  t.same(
    find(
      'tank/home guid=5<- zrep:src-fs=tank/home zrep:src-host=backup zrep:dest-fs=vault/x zrep:dest-host=backup\n',
    ),
    [],
  );
  t.same(
    find('tank/home/child guid=5<- zrep:dest-fs=vault/x<inherited zrep:dest-host=backup<inherited\n'),
    [],
  );
});

t.test('what was renamed is the part in which two names differ', async (t) => {
  t.same(renamedPart('vault/a/b', 'new/a/b'), ['vault', 'new']);
  t.same(renamedPart('vault/a', 'vault/b'), ['vault/a', 'vault/b']);
  t.same(renamedPart('vault', 'new'), ['vault', 'new']);
  t.same(renamedPart('vault/a', 'a'), ['vault/a', 'a']);
  const name = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(name, name, (one, other) => {
      const [was, is] = [one.join('/'), other.join('/')];
      t.equal(afterRename(was, ...renamedPart(was, is)), is);
    }),
  );
  t.equal(afterRename('vaulted/a', 'vault', 'new'), undefined);
});

t.test('each has a line, and one command that stands behind all that it is for', async (t) => {
  const pools = find('', known('vault/a', 1), known('vault/b', 2));
  t.match(missingLines('Error', pools, ZREP, NOW), [
    /^Error: vault\/a is missing: its pool vault is not imported; last refreshed 1h ago \(\d{4}-\d\d-\d\d \d\d:\d\d\)$/,
    /^Error: vault\/b is missing: /,
    /^Import it: zpool import vault$/,
  ]);
  const offsite = 'offsite' as Tag;
  const lineFor = (listing: string) =>
    find(listing, known('vault/a', 1)).map((one) => fixFor(one, offsite).line);
  t.same(lineFor(plain('vault')), ['zrep -t offsite retire vault/a']);
  t.same(lineFor(plain('vault/a', 1)), ['zrep -t offsite changeconfig -d vault/a fileserver tank/home']);
  t.same(lineFor(copy('new/a', 1, 'vault/a')), ['zrep -t offsite renamed vault new']);
});

t.test('what was never refreshed here is not missed', async (t) => {
  t.same(find('', { ...known('vault/never', 7), refreshed: NEVER }), []);
});
