/** Snapshots as a line of marks. */

import fc from 'fast-check';
import t from 'tap';
import { drawTimelines } from '../../../src/client/look/timeline.ts';

const [HOUR, DAY] = [3600, 86_400];
const marks = (...ages: number[]) => ages.map((age) => ({ age, sent: true }));

t.test('the present is at the right end, and what is older stands further to the left', async (t) => {
  const [scale = '', line = ''] = drawTimelines([{ name: 'a', marks: marks(30 * DAY, DAY, HOUR, 0) }], 60);
  t.equal(line, 'a  |.................|...............|.....................|');
  t.equal(scale, '   30d     7d        1d     6h       1h       10min      now');
  for (const [label, age] of Object.entries({ '30d': 30 * DAY, '1d': DAY, '1h': HOUR })) {
    const [, one = ''] = drawTimelines([{ name: 'a', marks: marks(30 * DAY, age) }], 60);
    t.match(one[scale.indexOf(label)], /[|#]/, `${label} begins where it is`);
  }
});

t.test('several at one place, and those that were not sent, have marks of their own', async (t) => {
  const line = (...given: { age: number; sent: boolean }[]) =>
    drawTimelines([{ name: 'a', marks: given }], 40)[1]
      ?.replace('a  ', '')
      .replaceAll('.', '');
  t.equal(line({ age: DAY, sent: true }, { age: DAY, sent: false }), '#');
  t.equal(line({ age: DAY, sent: false }, { age: DAY, sent: false }), 'o');
  t.equal(line({ age: DAY, sent: false }, { age: 0, sent: true }), 'o|');
});

t.test('several file systems have one scale, and names of one width', async (t) => {
  const lines = drawTimelines(
    [
      { name: 'tank/home', marks: marks(700 * DAY) },
      { name: 'b', marks: marks(0) },
      { name: 'none', marks: [] },
    ],
    70,
  );
  t.match(lines[0], /^ {11} {2,}1y /);
  t.match(lines[1], /^tank\/home {2}\|\.+$/);
  t.match(lines[2], /^b {10}\.+\|$/);
  t.match(lines[3], /^none {7}\.+$/);
  t.same(drawTimelines([], 70).length, 1);
});

t.test(
  'whatever the ages, no line is longer than there is room, and each snapshot has its mark',
  async () => {
    const age = fc.integer({ min: -100, max: 20 * 365 * DAY });
    fc.assert(
      fc.property(age, age, fc.integer({ min: 30, max: 200 }), (one, other, width) => {
        const lines = drawTimelines(
          [
            { name: 'tank', marks: marks(one) },
            { name: 'both', marks: marks(one, other) },
          ],
          width,
        );
        const [first = '', both = ''] = lines.slice(1).map((line) => line.replace(/[^|#]/g, ''));
        return lines.every((line) => line.length <= width) && first === '|' && ['||', '#'].includes(both);
      }),
    );
  },
);
