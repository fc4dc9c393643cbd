/** What `zrep sync all` and `zrep status` pass over is named, with the line for it. */

import t from 'tap';
import { sourcesLeftOut } from '../../../src/client/verbs/sources-left-out.ts';
import type { Tag } from '../../../src/zfs/names.ts';
import type { Listing } from '../../../src/zfs/state.ts';
import { looking } from '../../fixtures/client/looking.ts';

const look = looking(t);

const SOURCE = {
  ...{ 'src-fs': 'tank/x', 'src-host': 'fileserver', 'dest-fs': 'vault/x', 'dest-host': 'backup' },
  ...{ savecount: '5', master: 'yes' },
};
type Row = Readonly<Record<string, string>>;

/** Of a file system with these properties, which zfs says are from `source`, on the fileserver. */
function whyOf(own: Row, dataset = 'tank/x', source = 'local'): string | undefined {
  const rows = Object.entries(own).map(
    ([name, value]) => [`zrep:${name}`, { value, source: value === '-' ? '-' : source }] as const,
  );
  const listing: Listing = new Map([[dataset, new Map(rows)]]);
  const [found] = sourcesLeftOut(listing, 'zrep' as Tag, 'fileserver');
  if (found !== undefined) t.equal(found.dataset, dataset);
  return found?.why;
}

t.test('what is synced is not left out, nor what is no source', async (t) => {
  t.equal(whyOf(SOURCE), undefined);
  t.equal(whyOf(SOURCE, 'tank/renamed'), undefined, 'a source that was renamed is synced');
  t.equal(whyOf({}), undefined);
  const copy = {
    ...SOURCE,
    'src-host': 'backup',
    'dest-host': 'fileserver',
    'dest-fs': 'tank/x',
    'src-fs': 'p',
  };
  t.equal(whyOf({ ...copy, master: '-' }), undefined, 'a copy');
  t.equal(whyOf(SOURCE, 'tank/test', 'received'), undefined, 'a test, or a restore, under another name');
  t.equal(whyOf(SOURCE, 'tank/x/below', 'inherited from tank/x'), undefined, 'what is below a source');
  t.equal(whyOf({ ...SOURCE, retired: '1700000000', master: '-' }), undefined, 'what is out of service');
});

t.test(
  'a source of a host of another name, and one that was moved, have the line of the doctors',
  async (t) => {
    for (const name of ['old', 'root@fileserver'])
      t.match(
        whyOf({ ...SOURCE, 'src-host': name }),
        /; if the host .*: zfs set zrep:src-host=fileserver tank\/x$/,
      );
    t.match(
      whyOf(SOURCE, 'tank/x', 'received'),
      /from a stream: .* make it the source: for p in .* tank\/x; done$/,
    );
  },
);

t.test('of the others the doctor knows what to do', async (t) => {
  const doctor = 'For what to do: zrep doctor tank/x';
  t.equal(whyOf({ ...SOURCE, master: '-' }), `zrep:master=yes is not set on it. ${doctor}`);
  t.equal(whyOf({ ...SOURCE, 'src-host': '-' }), `zrep:src-host is not set on it. ${doctor}`);
  const copy = {
    ...SOURCE,
    'src-fs': 'p/y',
    'src-host': 'backup',
    'dest-host': 'fileserver',
    'dest-fs': 'tank/x',
  };
  t.match(
    whyOf(copy),
    `it is marked as the master, and its other properties say that it is a copy. ${doctor}`,
  );
  t.match(whyOf({ ...SOURCE, 'src-fs': 'tank/my x' }, 'tank/my x'), /^zrep cannot use its name: blanks/);
});

const rows = (own: Row, source: string) =>
  Object.entries(own).map(([name, value]) => [`zrep:${name}`, value, source]);
const STATE = {
  'tank/x': [['type', 'filesystem', '-'], ...rows({ ...SOURCE, 'src-host': 'old' }, 'local')],
  'tank/y': [['type', 'filesystem', '-'], ...rows({ ...SOURCE, 'src-fs': 'tank/y' }, 'received')],
};

t.test('sync all and a plain status name them, and end with 0, as stock', async (t) => {
  const synced = look('fileserver', STATE, 'sync all');
  t.match(synced, { code: 0, stdout: '' });
  t.match(synced.stderr.split('\n'), [
    /^LEFT OUT tank\/x: .* zfs set /,
    /^LEFT OUT tank\/y: .* for p in /,
    '',
  ]);
  t.equal(synced.calls.length, 1, 'by the one call of zfs that finds the others');
  const told = look('fileserver', STATE, 'status');
  t.match(told, { code: 0, stdout: '' });
  t.match(told.stderr.split('\n'), [
    /^WARNING: tank\/x is left out, also by zrep sync all: .* zfs set /,
    /^WARNING: tank\/y is left out, also by zrep sync all: .* for p in /,
    '',
  ]);
  t.equal(look('fileserver', STATE, 'status -a').stderr, '', 'where all are wanted, they are there');
  const { stdout } = look('fileserver', STATE, 'sync --json all');
  const reason = / name old as its host/;
  t.match(JSON.parse(stdout.split('\n')[0] ?? '{}'), { event: 'left-out', dataset: 'tank/x', reason });
});
