/** Several at a time. */

import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { eachAtOnce } from '../../../src/client/run/at-once.ts';

t.test('never more than so many are at work, and the answers have the order of the items', async (t) => {
  let [atWork, most] = [0, 0];
  const answers = await eachAtOnce([5, 1, 4, 2, 3, 0], 3, async (item, index) => {
    atWork += 1;
    most = Math.max(most, atWork);
    await wait(item * 3);
    atWork -= 1;
    return `${index}: ${item}`;
  });
  t.same(answers, ['0: 5', '1: 1', '2: 4', '3: 2', '4: 3', '5: 0']);
  t.equal(most, 3);
});

t.test('one at a time is one after the other', async (t) => {
  const seen: string[] = [];
  await eachAtOnce(['a', 'b'], 1, async (item) => {
    seen.push(`${item} in`);
    await wait(2);
    seen.push(`${item} out`);
  });
  t.same(seen, ['a in', 'a out', 'b in', 'b out']);
});

t.test('after a failure no other begins, and those at work come to their end', async (t) => {
  const ended: number[] = [];
  const failing = eachAtOnce([0, 1, 2, 3], 2, async (item) => {
    if (item === 0) throw new Error('no');
    await wait(10);
    ended.push(item);
  });
  await t.rejects(failing, { message: 'no' });
  t.same(ended, [1]);
});
