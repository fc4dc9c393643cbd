/** One session for a refresh: what is said on it, what goes elsewhere, and what becomes of it. */

import t from 'tap';
import type { Reply } from '../../../src/client/far/answer.ts';
import { pinSession } from '../../../src/client/far/pinned-session.ts';
import type { Session, SessionStream } from '../../../src/client/far/session.ts';
import type { Interruption } from '../../../src/process/interruption.ts';

const QUIET: Interruption = { signal: undefined, check() {}, onSignal: () => () => {} };
const well = (output: string): Reply => ({ code: 0, output, message: '' });

/** Sessions of a pool, each with what it replies in turn; what is done is written down. */
function pool(
  replies: readonly (readonly (Reply | 'stream')[])[],
  writer: () => number | undefined = () => 7,
) {
  const done: string[] = [];
  const sessions = replies.map((own, number): Session => {
    const left = [...own];
    const reply = async (line: string) => {
      done.push(`${number}: ${line}`);
      return left.shift() as Reply;
    };
    return {
      ask: (command, keep) => reply(`${keep ? 'keep ' : ''}${command}`),
      async stream(command) {
        const next = await reply(`stream ${command}`);
        return (next as string) === 'stream' ? (STREAM as unknown as SessionStream) : next;
      },
      letGo: () => reply('let go'),
      skew: () => undefined,
      close: () => {},
      kill: () => {},
    };
  });
  const number = (session: Session) => sessions.indexOf(session);
  const left = [...sessions];
  const pinned = pinSession(
    {
      take: async () => left.shift(),
      drop: (session) => done.push(`${number(session)}: dropped`),
      giveBack: (session, ready) =>
        ready.then((usable) => done.push(`${number(session)}: back, ${usable ? 'usable' : 'not usable'}`)),
      ask: async (command) => {
        done.push(`other: ${command}`);
        return undefined;
      },
    },
    QUIET,
    writer,
  );
  return { pinned, done };
}

const STREAM = {
  inlet: {},
  pid: 8,
  finish: async () => ({ code: 0, signal: null, message: '' }),
  giveUp: async () => ({ code: 1, signal: null, message: '' }),
};

t.test('all is said on one session, the lock kept, and it is given back', async (t) => {
  const { pinned, done } = pool([[well('name'), 'stream' as Reply, well(''), well('')]]);
  t.match(await pinned.ask('snaponly'), { code: 0, output: 'name', signal: null });
  const stream = await pinned.stream('pull');
  t.match(stream, { writer: 7, pid: 8 });
  if (stream === undefined || !('inlet' in stream)) return;
  await pinned.ask('estimate');
  await stream.finish();
  await pinned.ask('expire');
  pinned.done();
  pinned.done();
  await new Promise(setImmediate);
  t.same(done, [
    '0: keep snaponly',
    '0: stream pull',
    'other: estimate',
    '0: keep expire',
    '0: let go',
    '0: back, usable',
  ]);
});

t.test('where nobody knows who writes, no lock is kept, and nothing streamed', async (t) => {
  const { pinned, done } = pool([[well('name')]], () => undefined);
  t.match(await pinned.ask('snaponly'), { output: 'name' });
  t.equal(await pinned.stream('pull'), undefined);
  pinned.done();
  await new Promise(setImmediate);
  t.same(done, ['0: snaponly', '0: back, usable']);
});

t.test('without sessions everything goes by itself', async (t) => {
  const { pinned, done } = pool([]);
  t.same([await pinned.ask('snaponly'), await pinned.stream('pull')], [undefined, undefined]);
  pinned.done();
  t.same(done, []);
});

t.test(
  'a stream that is too much for a session goes by itself, and its lock is let go of first',
  async (t) => {
    const refused = { code: 77, output: '', message: 'zrep-gate: refused (not-in-session): …' };
    const { pinned, done } = pool([[refused, well('')]]);
    t.equal(await pinned.stream('pull'), undefined);
    t.same(done, ['0: stream pull', '0: let go']);
  },
);

t.test('another refusal is the answer', async (t) => {
  const refused = { code: 77, output: '', message: 'zrep-gate: refused (not-latest): …' };
  const { pinned } = pool([[refused]]);
  t.match(await pinned.stream('pull'), refused);
});

t.test(
  'one that was over before it was read is followed by another, one that is lost is an error',
  async (t) => {
    const { pinned, done } = pool([['unread'], [well('name'), 'lost']]);
    t.match(await pinned.ask('snaponly'), { output: 'name' });
    t.match(await pinned.ask('expire'), { code: 255 });
    t.same(done, ['0: keep snaponly', '0: dropped', '1: keep snaponly', '1: keep expire', '1: dropped']);
  },
);

t.test('behind a stream that did not end well there is no session any more', async (t) => {
  for (const end of ['giveUp', 'finish'] as const) {
    const { pinned, done } = pool([['stream' as Reply]]);
    const stream = await pinned.stream('pull');
    if (stream === undefined || !('inlet' in stream)) throw new Error('no stream');
    STREAM.finish = async () => ({ code: 255, signal: null, message: '' });
    await stream[end]();
    pinned.done();
    t.same(done, ['0: stream pull', '0: dropped']);
  }
});

t.test('a lock that could not be let go of leaves a session that is of no more use', async (t) => {
  const { pinned, done } = pool([[well('name'), 'lost']]);
  await pinned.ask('snaponly');
  pinned.done();
  await new Promise(setImmediate);
  t.equal(done.at(-1), '0: back, not usable');
});
