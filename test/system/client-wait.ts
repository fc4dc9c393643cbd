/** `--wait` where roles change: a lock that another zrep holds, here or on the other side, is waited for. */

import t from 'tap';
import type { Host } from '../../lab/host.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { inPushLab, letIn, pairMaker } from '../fixtures/system/push-lab.ts';
import { startSleeper } from '../fixtures/system/sleeper.ts';
import { whileWaiting } from '../fixtures/system/waiting.ts';

await inPushLab(t, async (lab) => {
  const { fileserver, backup } = lab;
  const newPair = await pairMaker(lab);
  await letIn(backup, fileserver);

  /** Who lets go of it. */
  async function lock(host: Host, dataset: string): Promise<() => Promise<unknown>> {
    const pid = await startSleeper(host);
    await host.run(['zfs', 'set', `zrep:lock-pid=${pid}`, dataset]);
    return () => host.run(['kill', pid]);
  }

  for (const [words, isHere] of [
    ['failover SOURCE', 'fileserver'],
    ['failover SOURCE', 'backup'],
    ['takeover -L COPY', 'backup'],
    ['takeover COPY', 'fileserver'],
  ] as const)
    t.test(`${words} waits for a lock on the ${isHere}`, async (t) => {
      const { source, destination } = await newPair();
      const caller = words.startsWith('failover') ? fileserver : backup;
      const line = words.replace('SOURCE', source).replace('COPY', destination);
      const locked = isHere === 'backup' ? ([backup, destination] as const) : ([fileserver, source] as const);
      const release = await lock(...locked);
      const withWait = line.replace('over ', 'over --wait 5min ');
      const { code, said } = await whileWaiting(caller, withWait, release);
      t.equal(code, 0, 'done', { said });
      t.equal(await propertyOf(backup, 'zrep:master', destination), 'yes');
      t.equal(said.match(/waiting for at most/g)?.length, 1, 'it is said once');
      if (words.includes('-L')) return;
      t.equal(await propertyOf(fileserver, 'zrep:master', source), '-');
    });

  t.test('without it a lock is an error at once', async (t) => {
    const { source } = await newPair();
    await lock(fileserver, source);
    t.match(await lab.zrep(['failover', source]), { code: 1, stderr: /could not lock/ });
    const short = await lab.zrep(['failover', '--wait', '1s', source]);
    t.match(short, { code: 1, stderr: /could not lock/ }, 'and once its time is over');
  });
});
