/** What -v and -D tell. */

import t from 'tap';
import type { FarSide } from '../../../src/client/far/far-side.ts';
import { createTrace } from '../../../src/client/run/trace.ts';
import type { Zfs } from '../../../src/zfs/run.ts';

const ENDED = { code: 0, signal: null, message: '', output: '' };
const ZFS = { binary: 'zfs', ask: async () => ENDED, stream: async () => ENDED } as Zfs;
const BACKUP = {
  host: { name: 'backup', here: false },
  ask: async () => ({ ...ENDED, code: 1 }),
  argvOf: async () => ['true'],
} as Partial<FarSide> as FarSide;

/** What is told when zfs is asked for something, and changes something, and the far side is asked, and streams. */
async function told(switches: { verbose: boolean; debug: boolean }): Promise<string[]> {
  const lines: string[] = [];
  let clock = 0;
  const trace = createTrace({ warn: (line) => lines.push(line) }, switches, () => (clock += 5));
  const [zfs, far] = [trace.zfs(ZFS), trace.far(BACKUP)];
  await zfs.ask(['get', 'all', 'tank']);
  await zfs.ask(['snapshot', 'tank@a']);
  await far.ask(' zfs recv   vault');
  await far.argvOf('zrep _refreshpull');
  trace.stream(['send', 'tank@a']);
  return lines;
}

t.test('without either, nothing', async (t) => {
  t.same(await told({ verbose: false, debug: false }), []);
});

t.test('-v tells what changes something here, and every word to the far side, with its blanks', async (t) => {
  t.same(await told({ verbose: true, debug: false }), [
    '+ zfs snapshot tank@a',
    "+ ssh backup ' zfs recv   vault'",
    "+ ssh backup 'zrep _refreshpull'",
    '+ zfs send tank@a',
  ]);
});

t.test('-D tells of everything in front of it, and how it ended', async (t) => {
  t.same(await told({ verbose: false, debug: true }), [
    '+ zfs get all tank',
    'DEBUG: exit 0, 5 ms: zfs get all tank',
    '+ zfs snapshot tank@a',
    'DEBUG: exit 0, 5 ms: zfs snapshot tank@a',
    "+ ssh backup ' zfs recv   vault'",
    "DEBUG: exit 1, 5 ms: ssh backup ' zfs recv   vault'",
    "+ ssh backup 'zrep _refreshpull'",
    '+ zfs send tank@a',
  ]);
});
