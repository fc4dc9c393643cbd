/** How a session goes, and the ways in which it ends. */

import { PassThrough } from 'node:stream';
import t from 'tap';
import { FAREWELL, formatAnswer, GREETING, LONGEST_LINE, STREAM } from '../../src/command/session.ts';
import { type Bounds, converse, type Lend } from '../../src/gate/session.ts';
import type { Interruption } from '../../src/process/interruption.ts';

const LONG: Bounds = { commands: 1000, idle: 60_000 };
const QUIET: Interruption = { signal: undefined, check() {}, onSignal: () => () => {} };
const echoed = (command: string, number: number) =>
  formatAnswer({ code: number, output: command, message: '' }).toString();

/** A session that has begun: what went in, as it was looked at, and all that came out. */
function begin(
  bounds: Bounds = LONG,
  interruption = QUIET,
  work: (line: string, lend: Lend) => Promise<unknown> = async () => {},
  letGo = async () => {},
) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const said: Buffer[] = [];
  output.on('data', (chunk: Buffer) => said.push(chunk));
  const asked: string[] = [];
  let takenBack = 0;
  const takeBack = () => {
    takenBack += 1;
  };
  const ending = converse(
    { input, output, takeBack },
    interruption,
    async (command, number, lend) => {
      asked.push(command);
      if ((await work(command, lend)) === 'cut off') return undefined;
      return { code: number, output: command, message: '' };
    },
    letGo,
    bounds,
  );
  return {
    input,
    output,
    asked,
    ending,
    said: () => Buffer.concat(said).toString(),
    takenBack: () => takenBack,
  };
}

t.test('who asks is greeted, and answered in order, one at a time', async (t) => {
  let atWork = 0;
  const session = begin(LONG, QUIET, async () => {
    atWork += 1;
    t.equal(atWork, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    atWork -= 1;
  });
  session.input.write('one\ntwo\nth');
  session.input.end('ree\n');
  t.same(await session.ending, { commands: 3, end: 'closed' });
  t.equal(session.said(), GREETING + echoed('one', 1) + echoed('two', 2) + echoed('three', 3));
});

t.test('what is cut off is not run, nor answered', async (t) => {
  const session = begin();
  session.input.end('one\nzrep expire -L tank/home');
  t.same(await session.ending, { commands: 1, end: 'closed' });
  t.same(session.asked, ['one']);
  t.equal(session.said(), GREETING + echoed('one', 1));
});

t.test(
  'one that is left open ends by itself, with a farewell, also in the middle of a command',
  async (t) => {
    for (const text of ['', 'zrep expire -L tank/home']) {
      const session = begin({ ...LONG, idle: 50 });
      session.input.write(text);
      t.same(await session.ending, { commands: 0, end: 'idle' });
      t.equal(session.said(), GREETING + FAREWELL);
      t.ok(session.input.destroyed);
    }
  },
);

t.test('a command that comes a byte at a time does not keep it open', async (t) => {
  const session = begin({ ...LONG, idle: 50 });
  const timer = setInterval(() => session.input.destroyed || session.input.write('x'), 5);
  t.same(await session.ending, { commands: 0, end: 'idle' });
  clearInterval(timer);
});

t.test('so many commands and no more, and what comes behind is not looked at', async (t) => {
  const session = begin({ ...LONG, commands: 2 });
  session.input.write('one\ntwo\nthree\n');
  t.same(await session.ending, { commands: 2, end: 'commands' });
  t.same(session.asked, ['one', 'two']);
  t.equal(session.said(), GREETING + echoed('one', 1) + echoed('two', 2) + FAREWELL);
});

t.test('a line that is too long is answered for that, and ends it', async (t) => {
  const session = begin();
  session.input.write(`one\n${'x'.repeat(LONGEST_LINE + 1)}`);
  t.same(await session.ending, { commands: 2, end: 'overlong' });
  t.same(session.asked, ['one', 'x'.repeat(LONGEST_LINE + 1)]);
  t.match(session.said(), new RegExp(`${FAREWELL}$`));
});

t.test('a signal lets the command at work be answered, and no other begin', async (t) => {
  let interrupt = (_signal: NodeJS.Signals) => {};
  const interruption: Interruption = {
    ...QUIET,
    onSignal: (callback) => {
      interrupt = callback;
      return () => {};
    },
  };
  const session = begin(LONG, interruption, async () => interrupt('SIGTERM'));
  session.input.write('one\ntwo\n');
  t.same(await session.ending, { commands: 1, end: 'interrupted' });
  t.equal(session.said(), GREETING + echoed('one', 1) + FAREWELL);
});

t.test('one whose answers nobody reads ends', async (t) => {
  const input = new PassThrough();
  const output = new PassThrough({ highWaterMark: 10 });
  const long = 'x'.repeat(100);
  const ending = converse(
    { input, output, takeBack() {} },
    QUIET,
    async () => ({ code: 0, output: long, message: '' }),
    async () => {},
    {
      ...LONG,
      idle: 50,
    },
  );
  input.write('one\ntwo\nthree\n');
  const { end } = await ending;
  t.equal(end, 'unread');
});

t.test('what was kept is let go of before the farewell', async (t) => {
  let before: string | undefined;
  const session = begin({ ...LONG, idle: 50 }, QUIET, undefined, async () => {
    before = session.said();
  });
  t.match(await session.ending, { end: 'idle' });
  t.equal(before, GREETING);
  t.equal(session.said(), GREETING + FAREWELL);
});

t.test('one whose reader is gone ends', async (t) => {
  const session = begin();
  await new Promise((resolve) => setImmediate(resolve));
  session.output.destroy(new Error('EPIPE'));
  session.input.write('one\n');
  t.match(await session.ending, { end: 'unread' });
});

t.test('a stream comes behind its word, and the answer behind the stream', async (t) => {
  const session = begin(LONG, QUIET, async (line, lend) => {
    if (line !== 'stream') return;
    await lend(async () => {
      t.match(session.said(), new RegExp(`${STREAM}$`), 'the word is out before the stream begins');
      t.equal(session.takenBack(), 0);
      session.output.write('the stream');
    });
    t.equal(session.takenBack(), 1);
  });
  session.input.end('one\nstream\nthree\n');
  t.same(await session.ending, { commands: 3, end: 'closed' });
  t.equal(
    session.said(),
    `${GREETING}${echoed('one', 1)}${STREAM}the stream${echoed('stream', 2)}${echoed('three', 3)}`,
  );
});

t.test('behind a stream that was cut off comes nothing, whatever else was asked or came', async (t) => {
  let interrupt = (_signal: NodeJS.Signals) => {};
  const onSignal = (callback: typeof interrupt) => {
    interrupt = callback;
    return () => {};
  };
  for (const signal of [undefined, 'SIGTERM'] as const) {
    const session = begin(LONG, { ...QUIET, onSignal }, async (_line, lend) => {
      await lend(async () => session.output.write('the str'));
      if (signal) interrupt(signal);
      return 'cut off';
    });
    session.input.write('stream\nzrep expire -L tank/home\n');
    t.same(await session.ending, { commands: 1, end: signal ? 'interrupted' : 'stream' });
    t.equal(session.said(), `${GREETING}${STREAM}the str`);
    t.same(session.asked, ['stream']);
    t.equal(session.takenBack(), 1);
  }
});
