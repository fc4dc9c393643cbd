/** Snapshots in a table, with what zrep-expire would do. */

import t from 'tap';
import { rowsOf, type Sizes, snapshotTable } from '../../../src/client/look/snapshot-table.ts';
import { decide } from '../../../src/expire/decide.ts';
import { DEFAULT_CONFIGURATION } from '../../../src/expire/read-config.ts';
import type { Snapshot } from '../../../src/expire/snapshot.ts';

const NOW = 1_800_000_000;
const made = (name: string, age: number, createtxg: number, sent = true): Snapshot => ({
  dataset: 'tank/a',
  name,
  creation: NOW - age,
  createtxg,
  sentAs: new Set(sent ? ['zrep'] : []),
  guards: [],
});
const SNAPSHOTS = [
  made('zrep_000002', 10, 3),
  made('zrep_000001', 70, 2),
  made('zrep_000000', 80, 1),
  made('by-hand', 90, 0, false),
];
const NONE: Sizes = { guid: null, sent: null, used: null, referenced: null };
const schedule = DEFAULT_CONFIGURATION.otherwise;
const verdicts = decide(schedule, SNAPSHOTS, { now: NOW, keep: 1, tags: ['zrep'] });

t.test('rows are in the order in which they were made, with the time since the one before', async (t) => {
  const rows = rowsOf(verdicts, schedule, () => NONE, NOW);
  t.match(rows, [
    {
      name: 'by-hand',
      ageSeconds: 90,
      gapSeconds: null,
      action: 'keep',
      reason: 'not of a tag that expires (-t)',
    },
    { name: 'zrep_000000', gapSeconds: 10, action: 'keep', reason: 'the oldest within 1 hour' },
    {
      name: 'zrep_000001',
      gapSeconds: 10,
      action: 'destroy',
      reason: /^less than 1 minute after zrep_000000/,
    },
    { name: 'zrep_000002', gapSeconds: 60, action: 'keep', reason: 'the newest snapshot' },
  ]);
});

t.test('the table has a heading, numbers to the right, and says of each what becomes of it', async (t) => {
  const sizes: Sizes = { guid: '1', sent: NOW - 75, used: 2048, referenced: 118_784 };
  const rows = rowsOf(verdicts.slice(1, 3), schedule, (name) => (name === 'zrep_000000' ? sizes : NONE), NOW);
  const dates = new Map([
    [NOW - 75, 'then'],
    [NOW - 80, 'before'],
    [NOW - 70, 'later'],
  ]);
  t.same(snapshotTable(rows, dates), [
    '  SNAPSHOT     SENT  MADE     AGE  GAP     USED      REFER  KEPT BY',
    '  zrep_000000  then  before  1min    -  2.0 KiB  116.0 KiB  1 hour : 1 minute',
    '  zrep_000001  -     later   1min  10s        -          -  nothing: less than 1 minute after zrep_000000 (up to 1 hour)',
  ]);
});
