/** What is taken for the name of a new snapshot. */

import t from 'tap';
import { readName } from '../../../src/client/copy/snapshot-there.ts';

t.test('the name, with a newline or without', async (t) => {
  for (const end of ['', '\n'])
    t.equal(readName(`tank/home@zrep_00000a${end}`, 'tank/home', 'zrep'), 'tank/home@zrep_00000a');
});

t.test('a banner, another file system, another tag or a usage text is refused', async (t) => {
  for (const output of [
    '',
    'Welcome!\ntank/home@zrep_00000a\n',
    'tank/home@zrep_00000a\n\n',
    'tank/other@zrep_00000a',
    'tank/home@off_00000a',
    'tank/home@zrep_00000a -F',
    'tank/home@zrep_00000g',
    'zrep v2.0.2: a program',
    'tank/home@zrep_00000a\x1b[2J',
  ])
    t.throws(
      () => readName(output, 'tank/home', 'zrep'),
      { message: /^Unrecognized output from src snap\. Cannot continue/ },
      output,
    );
});

t.test('what was said instead is shown without its escape sequences', async (t) => {
  t.throws(() => readName('\x1b[2Jhello', 'tank/home', 'zrep'), { message: /got: \\x1b\[2Jhello\)/ });
});
