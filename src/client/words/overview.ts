/** What zrep's help and its manual say besides the verbs. Data. */

import type { Option } from './verb.ts';

export const PURPOSE = 'keeps copies of ZFS file systems up to date, by snapshots, over ssh';

export const INTRODUCTION =
  'It takes the place of zrep 2.0.2: same commands, same properties, same locks. A fileserver that lets others pull needs no zrep of its own, but zrep-gate.';

export const BEGINNING = {
  text: 'Begin a pair, on the backup server, then keep it up to date from cron:',
  lines: ['zrep pair root@fileserver:tank/home backup/home', 'zrep refresh backup/home'],
} as const;

/** They stand in front of the verb. */
export const SWITCHES: readonly Option[] = [
  { name: '-R', text: 'with the file systems below (stream them whole: zfs send -R)' },
  {
    name: '-t',
    value: 'TAG',
    text: 'another pair of the same file system: snapshots and properties begin with TAG instead of zrep',
  },
  {
    name: '-D',
    text: 'say all that is done, and how each step ended, on standard error; the other side is told to do the same',
  },
];

export const EXITS = [
  ['0', 'done'],
  ['1', 'failed; what did, and what fixes it, is on standard error'],
  ['2', 'wrong usage, or a variable that makes no sense'],
] as const;
