/** The size of a stream out of what zfs's dry run prints, and nothing out of anything else. */

import t from 'tap';
import { parseEstimate } from '../../src/zfs/estimate.ts';
import { named } from '../fixtures/command/texts.ts';

const TOKEN = `resume token contents:
nvlist version: 0
\tobject = 0x2
\toffset = 0x4c0000
\tbytes = 0x4e4228
\ttoguid = 0x52f9c212c71e60cd
\ttoname = tank/home@zrep_000001
`;

const SIZES: readonly (readonly [output: string, bytes: number])[] = [
  ['full\ttank/home@zrep_000001\t12345678\nsize\t12345678\n', 12_345_678],
  ['incremental\tzrep_000000\ttank/home@zrep_000001\t624\nsize\t624\n', 624],
  ['incremental\ta\ttank@b\t1\nincremental\tb\ttank@c\t2\nsize\t3\n', 3],
  [`${TOKEN}full\ttank/home@zrep_000001\t31048\nsize\t31048\n`, 31_048],
  ['size\t0\n', 0],
  ['size\t9007199254740991\n', Number.MAX_SAFE_INTEGER],
];

const ODD = [
  ...[
    '',
    '\n',
    'size\t\n',
    'size\t12',
    'size 12\n',
    'size\t-1\n',
    'size\t1.5K\n',
    'size\t0x10\n',
    'size\t012\n',
  ],
  ...[
    ' size\t12\n',
    'size\t12 \n',
    'size\t12\r\n',
    'size\t12\nmore\n',
    'size\t12\nmore',
    'size\t12\n\n',
    'Size\t12\n',
    'size\t1\t2\n',
  ],
  ...['size\t9007199254740992\n', 'size\t18446744073709551615\n', 'size\t1\nsize\t2\n', 'full\ttank@a\t12\n'],
  'total estimated size is 1.2K\n',
];

t.test('the last line has the sum, whatever is listed above it', async (t) => {
  for (const [output, bytes] of SIZES) t.equal(parseEstimate(output), bytes, named(output));
});

t.test('anything else is no estimate', async (t) => {
  for (const output of ODD) t.equal(parseEstimate(output), undefined, named(output));
});
