/** The flags of zfs send: those that change how a stream is packed, and none that changes what it is of. */

import t from 'tap';
import { LONG_DRY_RUN_FLAGS, LONG_SEND_FLAGS, readSendFlag, SEND_FLAGS } from '../../src/zfs/send-flags.ts';
import { named } from '../fixtures/command/texts.ts';

/** From zfs-send(8). */
const NAMES = {
  L: 'large-block',
  R: 'replicate',
  b: 'backup',
  c: 'compressed',
  e: 'embed',
  p: 'props',
  w: 'raw',
};

t.test('every flag has the long name that zfs has for it', async (t) => {
  t.strictSame([...SEND_FLAGS], Object.keys(NAMES));
  t.equal(LONG_SEND_FLAGS.size, SEND_FLAGS.length);
  for (const [flag, name] of Object.entries(NAMES)) {
    t.equal(readSendFlag(`-${flag}`), flag);
    t.equal(readSendFlag(`--${name}`), flag);
  }
});

t.test(
  'the options of a dry run have the long names that zfs has for them, and are no flags of a stream',
  async (t) => {
    t.strictSame(Object.fromEntries(LONG_DRY_RUN_FLAGS), { dryrun: 'n', parsable: 'P', verbose: 'v' });
    for (const word of ['--dryrun', '--parsable', '--verbose']) t.equal(readSendFlag(word), undefined);
  },
);

t.test('no other word is a flag', async (t) => {
  const others = [...'DdhnPsStvVXiIlrBCEPW', ''].map((letter) => `-${letter}`);
  const words = [
    'w',
    'raw',
    '-raw',
    '--w',
    '--',
    '--Raw',
    '--raw ',
    '-w ',
    '-Lc',
    '--dedup',
    '--redact',
    '--saved',
    '--toString',
    '',
  ];
  for (const word of [...others, ...words]) t.equal(readSendFlag(word), undefined, named(word));
});
