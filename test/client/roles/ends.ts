/** Where the other side of a pair is, however far a change of roles has come. */

import t from 'tap';
import { readEnds } from '../../../src/client/roles/ends.ts';
import { type Dataset, parseDataset, parseTag, type Tag } from '../../../src/zfs/names.ts';

const TAG = parseTag('zrep') as Tag;

/** `SRCHOST:SRCFS DESTHOST:DESTFS`, with ` master` behind it. */
function properties(text: string, source = 'local') {
  const [src = '', dest = '', master] = text.split(' ');
  const [srcHost, srcFs] = src.split(':');
  const [destHost, destFs] = dest.split(':');
  const values = { 'src-host': srcHost, 'src-fs': srcFs, 'dest-host': destHost, 'dest-fs': destFs };
  return new Map([
    ...Object.entries(values).map(
      ([name, value]) => [`zrep:${name}`, { value: value ?? '-', source }] as const,
    ),
    ...(master === undefined ? [] : [['zrep:master', { value: 'yes', source }] as const]),
  ]);
}

const read = (text: string, dataset: string, local: string, given?: string) =>
  readEnds(properties(text), parseDataset(dataset) as Dataset, TAG, local, given);

function there(...words: Parameters<typeof read>): string {
  const { there, side, master } = read(...words);
  return `${there.host.name}:${there.dataset} ${side}${master ? ' master' : ''}`;
}

t.test('on a healthy pair it is what its properties say', async (t) => {
  const pair = 'files:tank/a backup:vault/a';
  t.equal(there(`${pair} master`, 'tank/a', 'files'), 'backup:vault/a source master');
  t.equal(there(pair, 'vault/a', 'backup'), 'files:tank/a copy');
  t.equal(there('files:tank/a backup:tank/a', 'tank/a', 'backup'), 'files:tank/a copy', 'of the same name');
  t.equal(there('files:p/a localhost:p/b master', 'p/a', 'files'), 'localhost:p/b source master');
  t.equal(there('files:p/a localhost:p/b', 'p/b', 'files'), 'files:p/a copy');
});

t.test('of names that both are none of ours the role tells', async (t) => {
  const pair = 'files:tank/a root@backup.example.org:vault/a';
  t.equal(there(pair, 'vault/a', 'backup'), 'files:tank/a copy');
  t.equal(there(`files:tank/a backup:vault/a master`, 'tank/a', 'renamed'), 'backup:vault/a source master');
});

t.test('the file system of the other side is never one that was only inherited', async (t) => {
  const inherited = (name: `zrep:${string}`) => {
    const own = properties('files:tank/a backup:vault/a master');
    own.set(name, { value: 'vault', source: 'inherited from tank' });
    return readEnds(own, parseDataset('tank/a') as Dataset, TAG, 'files');
  };
  t.throws(() => inherited('zrep:dest-fs'), { message: /is not of a pair under the tag zrep/ });
  t.throws(() => inherited('zrep:src-fs'), { message: /has no zrep configuration of its own/ });
  t.equal(inherited('zrep:dest-host').there.host.name, 'vault', 'a host may be set above');
});

t.test('the host can be said, which changes nothing of the roles', async (t) => {
  const pair = 'files:tank/a backup:vault/a';
  t.equal(there(`${pair} master`, 'tank/a', 'files', 'b2'), 'b2:vault/a source master');
  t.equal(there(pair, 'vault/a', 'backup', 'f2'), 'f2:tank/a copy');
});

t.test('after each single change it is the same', async (t) => {
  const takingOver = [
    'files:tank/a backup:tank/a',
    'files:tank/a files:tank/a',
    'files:vault/a files:tank/a',
    'backup:vault/a files:tank/a',
  ];
  for (const pair of takingOver) t.match(there(pair, 'vault/a', 'backup'), /^files:tank\/a /, pair);
  const failingOver = [
    'files:vault/a backup:vault/a',
    'backup:vault/a backup:vault/a',
    'backup:vault/a backup:tank/a',
    'backup:vault/a files:tank/a',
  ];
  for (const pair of failingOver)
    t.match(there(`${pair} master`, 'tank/a', 'files'), /^backup:vault\/a /, pair);
  t.match(there('backup:vault/a backup:vault/a master', 'tank/a', 'files'), / between master$/);
});

t.test(
  'a source that was moved by zfs send -R is no side, and gets no line that makes a copy of it',
  async (t) => {
    const moved = properties('files:tank/a backup:vault/a master', 'received');
    t.throws(() => readEnds(moved, parseDataset('tank/new/a') as Dataset, TAG, 'files'), {
      message:
        /do not say which side of a pair it is .*; nothing was done\. For what to do: zrep doctor tank\/new\/a$/,
    });
  },
);

t.test('what is of no pair, or makes no sense, is told with what mends it', async (t) => {
  t.throws(() => read('files:tank/a :', 'tank/a', 'files'), {
    message: /name a host or a file system that cannot be one/,
  });
  t.throws(() => readEnds(new Map(), parseDataset('tank/a') as Dataset, TAG, 'files'), {
    message: /is not of a pair under the tag zrep: .* zrep changeconfig/,
  });
  t.throws(() => read('backup:vault/a backup:vault/a', 'vault/a', 'backup'), {
    message: /is the copy of itself, .*: zrep changeconfig -d vault\/a HOST FS$/,
  });
  t.equal(there('files:tank/a backup:old/name', 'vault/a', 'backup'), 'files:tank/a copy', 'a renamed copy');
  t.throws(() => read('backup:tank/a other:vault/a', 'vault/a', 'backup'), {
    message: /do not agree on where the other side is; .*: zrep changeconfig -d vault\/a HOST FS$/,
  });
  t.throws(() => read('-oProxyCommand=x:tank/a backup:vault/a', 'vault/a', 'backup'), {
    message: /cannot be one/,
  });
  t.throws(
    () =>
      readEnds(
        properties('files:tank/a backup:vault/a', 'inherited from vault'),
        parseDataset('vault/a') as Dataset,
        TAG,
        'backup',
      ),
    { message: /has no zrep configuration of its own/ },
  );
});
