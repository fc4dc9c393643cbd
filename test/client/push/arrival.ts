/** What the other side's answer says of a stream that has ended. */

import fc from 'fast-check';
import t from 'tap';
import { readArrival, readListed } from '../../../src/client/push/arrival.ts';

const ONE = new Map([['vault/home@zrep_000001', '77']]);
const TWO = new Map([...ONE, ['vault/home/a@zrep_000001', '78']]);
const answer = (
  output: string,
  code: number | null = 0,
  message = '',
  signal: NodeJS.Signals | null = null,
) => ({
  ...{ output, code, message, signal },
});
const FIRST = 'vault/home@zrep_000001\t77\n';
const GONE = "cannot open 'vault/home@zrep_000001': dataset does not exist\n";

t.test('a GUID that is there is believed, whatever the command ends with', async (t) => {
  for (const code of [0, 1, 77]) t.equal(readArrival(answer(FIRST, code), ONE), 'there');
  t.equal(readArrival(answer(`welcome\r\n${FIRST.trim()}\r\n`), ONE), 'there', 'with a banner in front');
});

t.test('one that zfs does not know, or that is left out beside another, has not come', async (t) => {
  t.equal(readArrival(answer('', 1, GONE), ONE), 'missing');
  t.equal(readArrival(answer('', 0, GONE), ONE), 'missing', 'though it ends with 0');
  t.equal(readArrival(answer(GONE), ONE), 'missing', 'where a log takes both outputs');
  t.equal(readArrival(answer(FIRST, 1, GONE), TWO), 'missing');
  t.equal(readArrival(answer(FIRST), TWO), 'missing');
});

t.test('another GUID under that name is another snapshot', async (t) => {
  t.equal(readArrival(answer('vault/home@zrep_000001\t78\n'), ONE), 'another');
});

t.test('to say no is to refuse; to say nothing, and end with 0, is no answer', async (t) => {
  t.equal(readArrival(answer('', 1), ONE), 'refused');
  t.equal(readArrival(answer('', 77, 'not allowed\n'), ONE), 'refused');
  t.equal(readArrival(answer('not allowed\n'), ONE), 'refused');
  t.equal(readArrival(answer('', 0, 'not allowed\n'), ONE), 'refused');
  t.equal(readArrival(answer(''), ONE), 'silent');
  t.equal(
    readArrival(answer('\n', 0, '** WARNING: connection is not using a post-quantum key\n'), ONE),
    'silent',
  );
});

t.test('a connection that broke answers nothing', async (t) => {
  t.equal(readArrival(answer('', 255), ONE), 'no-answer');
  t.equal(readArrival(answer(FIRST, null, '', 'SIGKILL'), ONE), 'no-answer');
});

t.test('by their names snapshots are there, or not; and a host can refuse that, too', async (t) => {
  const row = (name: string) => `${name}      0      -    24K  -\n`;
  const head = 'NAME                      USED  AVAIL  REFER  MOUNTPOINT\n';
  const [one, two] = [[...ONE.keys()], [...TWO.keys()]];
  t.equal(readListed(answer(head + row('vault/home@zrep_000001')), one), 'there');
  t.equal(readListed(answer(head + row('vault/home@zrep_000001'), 1, GONE), two), 'missing');
  t.equal(
    readListed(answer(head + row('vault/home@zrep_0000011')), one),
    'refused',
    'a longer name is another',
  );
  for (const [output, message] of [
    ['', GONE],
    [GONE, ''],
  ] as const)
    t.equal(readListed(answer(output, 0, message), one), 'missing', 'whatever it ends with');
  t.equal(readListed(answer('', 77, 'not allowed\n'), one), 'refused');
  t.equal(readListed(answer('not allowed\n'), one), 'refused');
  t.equal(readListed(answer(''), one), 'silent');
  t.equal(readListed(answer('', 255), one), 'no-answer');
  t.equal(readListed(answer(row('vault/home@zrep_000001'), null, '', 'SIGKILL'), one), 'no-answer');
});

t.test('no answer without the GUID is ever taken for its being there', async () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.integer({ min: 0, max: 255 }), (output, message, code) => {
      fc.pre(!output.includes('77'));
      return readArrival(answer(output, code, message), ONE) !== 'there';
    }),
  );
});
