/** Marks never go backwards. */

import fc from 'fast-check';
import t from 'tap';
import { sentTime } from '../../src/replication/sent-time.ts';

const NOW = 1_795_000_000;
const marked = (...marks: (string | undefined)[]) => marks.map((sent) => ({ sent }));

t.test('a new mark is now, and after a clock was set back the newest one', async (t) => {
  t.equal(sentTime([], NOW), NOW);
  t.equal(sentTime(marked(String(NOW - 60), undefined), NOW), NOW);
  t.equal(sentTime(marked(String(NOW + 3600), String(NOW - 60)), NOW), NOW + 3600);
});

t.test('a mark of a clock that was far ahead does not count, nor what is none', async (t) => {
  t.equal(sentTime(marked(String(NOW + 86_400), String(NOW + 60), 'never'), NOW), NOW + 60);
});

t.test('marks do not go back while the clock is set back by twelve hours at most', async () => {
  const steps = fc.array(fc.integer({ min: -12 * 3600, max: 86_400 }), { maxLength: 20 });
  fc.assert(
    fc.property(steps, (steps) => {
      const marks: number[] = [NOW];
      for (const step of steps) {
        const newest = Math.max(...marks);
        marks.push(sentTime(marked(...marks.map(String)), newest + step));
        if ((marks.at(-1) as number) < newest) return false;
      }
      return true;
    }),
  );
});
