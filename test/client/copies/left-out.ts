/** What `zrep refresh all` passes over is named. */

import t from 'tap';
import { leftOut } from '../../../src/client/copies/left-out.ts';
import type { Tag } from '../../../src/zfs/names.ts';
import type { Listing } from '../../../src/zfs/state.ts';

type Row = Readonly<Record<string, string>>;

/** Of these file systems, by name, with what is set on them there, `source` being the column of zfs. */
function among(rows: Readonly<Record<string, Row>>, told: readonly string[] = [], source = 'local') {
  const listing: Listing = new Map(
    Object.entries(rows).map(([name, own]) => [
      name,
      new Map(Object.entries(own).map(([property, value]) => [`zrep:${property}`, { value, source }])),
    ]),
  );
  return leftOut(listing, 'zrep' as Tag, 'backup', new Set(told));
}

const COPY = { 'src-fs': 'tank/x', 'src-host': 'fileserver', 'dest-fs': 'vault/x', 'dest-host': 'backup' };

t.test('a copy that was renamed while another took its name', async (t) => {
  const rows = { 'vault/x': COPY, 'vault/old': COPY };
  t.same(among(rows, ['vault/x']), [
    { dataset: 'vault/old', why: 'zrep:dest-fs says that it is vault/x, which is another file system here' },
  ]);
  t.same(among(rows, ['vault/x', 'vault/old']), [], 'what is told otherwise is not told twice');
  t.same(among(rows, ['vault/x'], 'received'), [], 'what came with a stream is a test, or a restore');
});

t.test('a name that zrep does not take, and properties that do not tell', async (t) => {
  t.match(among({ 'vault/My Files': { ...COPY, 'dest-fs': 'vault/My Files' } }), [
    { why: /^zrep cannot use its name/ },
  ]);
  t.match(among({ 'vault/x': { 'src-fs': 'tank/x' } }), [{ why: 'zrep:dest-fs is not set on it' }]);
});

t.test('a copy that is marked as a master, too', async (t) => {
  t.match(among({ 'vault/x': { ...COPY, master: 'yes' } }), [
    {
      why: 'it is marked as the master, and the copy by its other properties: zrep doctor vault/x says what to do',
    },
  ]);
});

t.test('sources, masters, retired copies, and what is in no pair, are not left out', async (t) => {
  t.same(
    among({
      'vault/src': { ...COPY, 'src-fs': 'vault/src', 'src-host': 'backup', 'dest-host': 'elsewhere' },
      'vault/master': {
        ...{ 'src-fs': 'vault/master', 'src-host': 'backup', 'dest-fs': 'tank/x', 'dest-host': 'fileserver' },
        master: 'yes',
      },
      'vault/retired': { 'src-fs': 'tank/x', retired: '1790000000' },
      'vault/plain': {},
    }),
    [],
  );
});
