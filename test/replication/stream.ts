/** What is asked beside a stream, and what is known of it afterwards. */

import t from 'tap';
import { ZfsFailed } from '../../src/replication/step.ts';
import { streamEstimated } from '../../src/replication/stream.ts';
import type { Capability } from '../../src/zfs/capabilities.ts';

const SEND = ['send', '-L', '-I', 'tank/home@zrep_000001', 'tank/home@zrep_000002'];

/** What a stream's end makes known, and what zfs was asked, where zfs answers the call aside with `aside`. */
async function streamed(can: readonly Capability[] | undefined, aside?: string, code = 0, argv = SEND) {
  const asked: unknown[] = [];
  const step = {
    ...{ hostName: 'fileserver', rundir: '/nowhere', ...(can ? { capabilities: new Set(can) } : {}) },
    interruption: { signal: undefined, check() {}, onSignal: () => () => {} },
    zfs: {
      binary: 'zfs',
      ask: () => Promise.reject(new Error('a stream asks nothing else')),
      async stream(...words: unknown[]) {
        asked.push(...words);
        return { code, signal: null, message: '', aside };
      },
    },
  };
  return { known: await streamEstimated(step, 'tank/home', argv, [['lz4']]), asked };
}

t.test('where zfs can tell, it is asked with the very words of the stream', async (t) => {
  const { known, asked } = await streamed(['estimates'], 'size\t624\n');
  t.strictSame(known, { estimate: 624 });
  t.strictSame(asked, [SEND, [['lz4']], ['send', '-nP', ...SEND.slice(1)]]);
  const resumed = await streamed(['estimates'], 'size\t0\n', 0, ['send', '-t', '1-0-1-00']);
  t.strictSame(resumed.known, { estimate: 0 });
  t.strictSame(resumed.asked[2], ['send', '-nP', '-t', '1-0-1-00']);
});

t.test('where it cannot, or nobody looked, it is not asked', async (t) => {
  for (const can of [['batches'] as const, undefined]) {
    const { known, asked } = await streamed(can);
    t.strictSame(known, {});
    t.equal(asked[2], undefined);
  }
});

t.test('no answer, or an odd one, is no estimate and no error', async (t) => {
  t.strictSame((await streamed(['estimates'])).known, {});
  t.strictSame((await streamed(['estimates'], 'size\tmuch\n')).known, {});
});

t.test('a stream that fails has failed, whatever was estimated', async (t) => {
  const error = await streamed(['estimates'], 'size\t1\n', 9).catch((error: unknown) => error);
  t.ok(error instanceof ZfsFailed);
  t.match(error, { dataset: 'tank/home', ended: { code: 9 } });
});
