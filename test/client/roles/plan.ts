/** Which words of zfs make which role, in which order. */

import t from 'tap';
import { copyArgvs, masterArgvs, readonlyBackArgv } from '../../../src/client/roles/plan.ts';
import { type Dataset, parseDataset, parseTag, type Tag } from '../../../src/zfs/names.ts';

const TAG = parseTag('off') as Tag;
const end = (name: string, dataset: string) => ({
  host: { name, here: false },
  dataset: parseDataset(dataset) as Dataset,
});
const SIDES = { here: end('backup', 'vault/a'), there: end('root@files', 'tank/a') };

t.test('the master: what named this end is overwritten first, and the mark comes last', async (t) => {
  t.same(masterArgvs(new Set(), TAG, SIDES), [
    ['set', 'off:dest-fs=tank/a', 'vault/a'],
    ['set', 'off:dest-host=root@files', 'vault/a'],
    ['set', 'off:src-fs=vault/a', 'vault/a'],
    ['set', 'off:src-host=backup', 'vault/a'],
    ['set', 'off:master=yes', 'vault/a'],
  ]);
  t.same(
    masterArgvs(new Set(['batches'] as const), TAG, SIDES),
    [
      [
        'set',
        'off:dest-fs=tank/a',
        'off:dest-host=root@files',
        'off:src-fs=vault/a',
        'off:src-host=backup',
        'off:master=yes',
        'vault/a',
      ],
    ],
    'at once, where zfs can',
  );
});

t.test('the copy: the same the other way round, and the mark goes last', async (t) => {
  t.same(copyArgvs(new Set(), TAG, SIDES), [
    ['set', 'off:src-fs=tank/a', 'vault/a'],
    ['set', 'off:src-host=root@files', 'vault/a'],
    ['set', 'off:dest-fs=vault/a', 'vault/a'],
    ['set', 'off:dest-host=backup', 'vault/a'],
    ['inherit', 'off:master', 'vault/a'],
  ]);
});

t.test('readonly becomes what it was, and from where it was', async (t) => {
  const before = (value: string, source: string) => new Map([['readonly', { value, source }]]);
  const cases: [string, string, string][] = [
    ['off', 'default', 'inherit readonly vault/a'],
    ['on', 'inherited from vault', 'inherit readonly vault/a'],
    ['off', 'temporary', 'inherit readonly vault/a'],
    ['off', 'local', 'set readonly=off vault/a'],
    ['on', 'local', 'set readonly=on vault/a'],
    ['off', 'received', 'set readonly=off vault/a'],
  ];
  for (const [value, source, words] of cases)
    t.equal(readonlyBackArgv('vault/a', before(value, source)).join(' '), words, `${value} ${source}`);
  t.equal(readonlyBackArgv('vault/a', undefined).join(' '), 'inherit readonly vault/a');
});
