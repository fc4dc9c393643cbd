/** A lock that one command of a session leaves to the next. */

import { mkdtempSync, rmSync } from 'node:fs';
import t from 'tap';
import { refuse } from '../../src/refusal.ts';
import { createKeptLock } from '../../src/replication/kept-lock.ts';
import { withLock } from '../../src/replication/lock.ts';
import type { Step } from '../../src/replication/step.ts';
import type { Dataset, Tag } from '../../src/zfs/names.ts';
import { pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const [home, other, zrep] = ['tank/home' as Dataset, 'tank/other' as Dataset, 'zrep' as Tag];
const rundir = mkdtempSync('/tmp/lock-test-');
t.teardown(() => rmSync(rundir, { recursive: true }));
const reading = { properties: ['zrep:savecount'], depth: 1 };

/** Commands of one session, each with what it asks of zfs beside what it is for. */
function session() {
  const zfs = pretendZfs();
  zfs.objects.set(other, new Map(zfs.objects.get(home)));
  const kept = createKeptLock();
  const plain = zfs.step(rundir);
  const asked: string[] = [];
  const step: Step = {
    ...plain,
    kept,
    zfs: {
      ...plain.zfs,
      ask(argv) {
        asked.push(`${argv[0]} ${argv.at(-1)}`);
        return plain.zfs.ask(argv);
      },
    },
  };
  const run = async <Result>(dataset: Dataset, keep: boolean, result: Result) => {
    asked.length = 0;
    kept.wanted = keep;
    const answer = await withLock(step, dataset, zrep, reading, async () => result);
    return { answer, asked: [...asked] };
  };
  const holder = (dataset: Dataset) => zfs.objects.get(dataset)?.get('zrep:lock-pid')?.value;
  return { zfs, kept, run, holder };
}

const own = String(process.pid);

t.test('is taken once, and looked at by each', async (t) => {
  const { kept, run, holder } = session();
  const first = await run(home, true, 'one');
  t.equal(first.answer, 'one');
  t.equal(holder(home), own);
  const second = await run(home, true, 'two');
  t.same(second, { answer: 'two', asked: [`get ${home}`] });
  const last = await run(home, false, 'three');
  t.equal(last.asked.filter((line) => line.startsWith('set')).length, 0);
  t.equal(holder(home), undefined, 'who is not to keep it lets go of it');
  await kept.letGo();
});

t.test('is let go of for another file system, and when there is no next command', async (t) => {
  const { kept, run, holder } = session();
  await run(home, true, 'one');
  await run(other, true, 'two');
  t.same([holder(home), holder(other)], [undefined, own]);
  await kept.letGo();
  t.equal(holder(other), undefined);
  await kept.letGo();
});

t.test('is not kept by a command that was refused, or failed', async (t) => {
  const { zfs, kept, run, holder } = session();
  await run(home, true, 'one');
  await run(home, true, refuse('never-sent', 'zrep'));
  t.equal(holder(home), undefined);
  kept.wanted = true;
  const failing = async () => {
    throw new Error('failed');
  };
  await t.rejects(withLock({ ...zfs.step(rundir), kept }, home, zrep, reading, failing), /failed/);
  t.equal(holder(home), undefined);
});

t.test('that somebody else took meanwhile is theirs', async (t) => {
  const { zfs, run, holder } = session();
  await run(home, true, 'one');
  zfs.set(home, 'zrep:lock-pid', '1');
  t.match((await run(home, true, 'two')).answer, { refused: 'lock-busy' });
  t.equal(holder(home), '1');
});
