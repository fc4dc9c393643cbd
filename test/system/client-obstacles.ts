/** What was done to a copy, and is in the way of the next increment: every program says the same of it, and the line that they print mends it. */

import t from 'tap';
import { type Pair, writeData } from '../../lab/pair.ts';
import type { Row } from '../fixtures/system/obstacles/row.ts';
import { inObstacleLab } from '../fixtures/system/obstacles.ts';

await inObstacleLab(t, async (lab) => {
  const { backup, there, here, zrep } = lab;
  const writable = async ({ destination }: Pair, name: string) => {
    await here('zfs', 'set', 'readonly=off', destination);
    await here('zfs', 'mount', destination);
    await writeData(backup, destination, name, 64);
    await here('zfs', 'set', 'readonly=on', destination);
  };

  const ROWS: readonly Row[] = [
    { code: 'parted', breaks: ({ source }) => there('zfs', 'destroy', `${source}@zrep_000002`) },
    {
      code: 'name-taken',
      async breaks({ source, destination }) {
        await here('zfs', 'snapshot', `${destination}@weekly`);
        await zrep(`refresh ${destination}`);
        await there('zfs', 'snapshot', `${source}@weekly`);
      },
    },
    {
      code: 'newer-snapshots',
      async breaks(pair) {
        await writable(pair, 'change');
        await here('zfs', 'snapshot', `${pair.destination}@before-upgrade`);
      },
    },
    { code: 'copy-modified', breaks: (pair) => writable(pair, 'change') },
    {
      code: 'base-destroyed',
      breaks: ({ destination }) => here('zfs', 'destroy', `${destination}@zrep_000002`),
    },
  ];
  lab.checks(...ROWS);
});
