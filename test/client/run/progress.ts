/** How far a stream has come, in words. */

import t from 'tap';
import { createProgress, describeProgress } from '../../../src/client/run/progress.ts';
import { createReport } from '../../../src/client/run/report.ts';
import { eventually } from '../../fixtures/eventually.ts';

const MIB = 1 << 20;

t.test('bytes, of how many, how fast, and how long it will take', async (t) => {
  t.equal(describeProgress(12 * MIB, 3, 1024 * MIB), '12.0 MiB of 1.0 GiB, 4.0 MiB/s, 4:13 left');
  t.equal(describeProgress(1536, 1, 40000 * MIB), '1.5 KiB of 39.1 GiB, 1.5 KiB/s, 7585:11:06 left');
});

t.test('what is not known is left out', async (t) => {
  t.equal(describeProgress(0, 0, undefined), '0 B');
  t.equal(describeProgress(2 * MIB, 2, undefined), '2.0 MiB, 1.0 MiB/s');
  t.equal(describeProgress(2 * MIB, 2, 1 * MIB), '2.0 MiB of 1.0 MiB, 1.0 MiB/s');
});

t.test('under cron nobody is told, and nothing is asked', async (t) => {
  t.equal(createProgress(createReport(false), { json: false, terminal: false, counts: true }), undefined);
});

t.test('of streams that one process moves at once only the sum is told, with their names', async (t) => {
  const events: object[] = [];
  const report = {
    ...createReport(false),
    event: (event: string, facts: object) => events.push({ event, ...facts }),
  };
  const progress = createProgress(report, { json: true, terminal: false, counts: true });
  const { pid } = process;
  const ends = [
    progress?.watch('vault/a', pid, Promise.resolve(30), '1 of 2'),
    progress?.watch('vault/b', pid, Promise.resolve(12), '2 of 2'),
  ];
  await eventually(
    () => events.length,
    (count) => count > 0,
  );
  t.match(events, [{ event: 'progress', datasets: 'vault/a vault/b', bytes: Number, expected: 42 }]);
  ends[0]?.();
  await eventually(
    () => events.length,
    (count) => count > 1,
  );
  t.match(events[1], { event: 'progress', dataset: 'vault/b', expected: 42 }, 'what was moved still counts');
  ends[1]?.();
  await new Promise((resolve) => setTimeout(resolve, 1200));
  t.equal(events.length, 2, 'and then no more');
});
