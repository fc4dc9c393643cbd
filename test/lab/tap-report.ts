/** What is read of a test file's output: nothing that was cut short is called good. */

import t from 'tap';
import { readTap } from '../../lab/tap-report.ts';

const WHOLE = `TAP version 14
# Subtest: the first
    ok 1 - one
    ok 2 - two # SKIP not here
    1..2
ok 1 - the first # time=3ms

ok 2 - alone
1..2
`;
const FAILED = `TAP version 14
# Subtest: the first
    ok 1 - one
    not ok 2 - two
    1..2
not ok 1 - the first

1..1
`;

t.test('a whole output is its checks, named by the tests around them', async (t) => {
  const { checks, ok } = readTap(WHOLE);
  t.ok(ok);
  t.same(
    checks.map(({ name, skip }) => [name, skip]),
    [
      ['the first > one', false],
      ['the first > two', 'not here'],
      ['alone', false],
    ],
  );
});

t.test('a failed check is one, wherever it lies', async (t) => {
  const { checks, ok } = readTap(FAILED);
  t.notOk(ok);
  t.same(
    checks.filter((check) => !check.ok).map(({ name }) => name),
    ['the first > two'],
  );
});

t.test('an output that was cut off after any of its lines is not well', async (t) => {
  const lines = WHOLE.split('\n');
  for (let kept = 0; kept < lines.length - 2; kept += 1)
    t.notOk(readTap(lines.slice(0, kept).join('\n')).ok, `${kept} lines`);
  t.ok(readTap(lines.slice(0, -1).join('\n')).ok);
});

t.test('a plan that was not kept, and a bail out, are not well', async (t) => {
  t.notOk(readTap('TAP version 14\nok 1 - one\n1..2\n').ok);
  t.notOk(readTap('TAP version 14\nok 1 - one\nBail out! no more\n').ok);
});
