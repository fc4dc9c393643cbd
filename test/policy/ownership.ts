/** Root's alone is what belongs to root and what neither group nor others can write. */

import t from 'tap';
import { ownershipProblems } from '../../src/policy/ownership.ts';

t.test('owner and mode are told apart, each with the command that mends it', (t) => {
  const judge = (uid: number, mode: number) => ownershipProblems('/x', { uid, mode });
  for (const mode of [0o100644, 0o100600, 0o40755, 0o104755]) t.same(judge(0, mode), [], mode.toString(8));
  const owner = { problem: '/x belongs to user 1000, not root', remedy: 'chown root /x' };
  const writable = { problem: '/x can be written by others than root', remedy: 'chmod go-w /x' };
  t.same(judge(1000, 0o100644), [owner]);
  for (const mode of [0o100664, 0o100646, 0o41777]) t.same(judge(0, mode), [writable], mode.toString(8));
  t.same(judge(1000, 0o100666), [owner, writable]);
  t.end();
});
