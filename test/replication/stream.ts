/** What is asked beside a stream, and what is known of it afterwards. */

import t from 'tap';
import { ZfsFailed } from '../../src/replication/step.ts';
import { streamEstimated } from '../../src/replication/stream.ts';
import type { Capability } from '../../src/zfs/capabilities.ts';

const SEND = ['send', '-L', '-I', 'tank/home@zrep_000001', 'tank/home@zrep_000002'];

/** What a stream makes known that ends with `answer`, well unless that says otherwise, and what zfs was asked. */
async function streamed(can: readonly Capability[], answer: object = {}, argv = SEND) {
  const asked: unknown[] = [];
  const step = {
    ...{ hostName: 'fileserver', rundir: '/nowhere', client: 'backup1', capabilities: new Set(can) },
    interruption: { signal: undefined, check() {}, onSignal: () => () => {} },
    zfs: {
      binary: 'zfs',
      ask: () => Promise.reject(new Error('a stream asks nothing else')),
      async stream(...words: unknown[]) {
        asked.push(...words);
        return { code: 0, signal: null, message: '', ...answer };
      },
    },
  };
  return { known: await streamEstimated(step, 'tank/home', argv, [['lz4']], 600), asked };
}

t.test('where zfs can tell, it is asked with the very words of the stream', async (t) => {
  const { known, asked } = await streamed(['estimates'], { aside: 'size\t624\n' });
  t.strictSame(known, { estimate: 624 });
  t.strictSame(asked, [SEND, [['lz4']], { aside: ['send', '-nP', ...SEND.slice(1)] }]);
  const resumed = await streamed(['estimates'], { aside: 'size\t0\n' }, ['send', '-t', '1-0-1-00']);
  t.strictSame(resumed.known, { estimate: 0 });
  t.strictSame(resumed.asked[2], { aside: ['send', '-nP', '-t', '1-0-1-00'] });
});

t.test('where it cannot, it is not asked', async (t) => {
  const { known, asked } = await streamed(['batches']);
  t.strictSame(known, {});
  t.strictSame(asked[2], {});
});

t.test('where zfs itself writes the stream, it is watched, and a stalled one is refused', async (t) => {
  t.strictSame((await streamed(['stalls'])).asked[2], { stallSeconds: 600 });
  const { known } = await streamed(['stalls'], { code: null, signal: 'SIGKILL', stalled: true });
  t.match(known, { refused: 'stalled', reason: /600 seconds \(stall-seconds = 600\).*try again$/ });
});

t.test('how many bytes were written is told where zfs itself writes them', async (t) => {
  t.strictSame((await streamed(['stalls'], { written: 624 })).known, { bytes: 624 });
  t.strictSame((await streamed(['stalls'])).known, {});
  t.strictSame((await streamed([], { written: 1 })).known, {}, 'a daemon writes them in its place');
});

t.test('no answer, or an odd one, is no estimate and no error', async (t) => {
  t.strictSame((await streamed(['estimates'])).known, {});
  t.strictSame((await streamed(['estimates'], { aside: 'size\tmuch\n' })).known, {});
});

t.test('a stream that fails has failed, whatever was estimated', async (t) => {
  const error = await streamed(['estimates'], { aside: 'size\t1\n', code: 9 }).catch(
    (error: unknown) => error,
  );
  t.ok(error instanceof ZfsFailed);
  t.match(error, { dataset: 'tank/home', ended: { code: 9 } });
});
