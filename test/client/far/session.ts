/** A session, with shell scripts in the place of the far side. */

import t, { type Test } from 'tap';
import { openSession } from '../../../src/client/far/session.ts';
import { FAREWELL, GREETING, KEEP, LET_GO, SESSION, STREAM } from '../../../src/command/session.ts';
import type { Interruption } from '../../../src/process/interruption.ts';

const QUIET: Interruption = { signal: undefined, check() {}, onSignal: () => () => {} };
const HELLO = `printf '${GREETING.replace('\n', '\\n')}'`;
/** And the first word is answered, which is there before anybody asks something. */
const GREET = `${HELLO}; read -r line; printf 'answer 0 0 0\\n'`;

/** `script` as the far side; the command is its first argument. */
const open = (script: string) => openSession(async () => ['sh', '-c', script, 'sh'], QUIET);

t.test('what is written is the command and a newline, and what is answered comes whole', async (t) => {
  const script = `[ "$1" = '${SESSION}' ] && ${GREET} || exit 1
    while read -r line; do printf 'answer 7 %d 3\\n%sno\\n' "\${#line}" "$line"; done`;
  const session = await open(script);
  for (const command of ['zrep snaponly tank/home', 'zrep expire -L tank/home'])
    t.same(await session?.ask(command), { code: 7, output: command, message: 'no\n' });
  session?.close();
});

t.test('an answer that comes in pieces is waited for', async (t) => {
  const script = `${GREET}; read -r line; printf 'answer 0 4 '; sleep 0.1; printf '0\\nna'; sleep 0.1; printf me; cat`;
  const session = await open(script);
  t.same(await session?.ask('one'), { code: 0, output: 'name', message: '' });
  session?.close();
});

t.test('a far side that does not greet has no sessions', async (t) => {
  for (const script of [
    'echo "sh: zrep-gate: command not found" >&2; exit 127',
    'echo "usage: zrep"; exit 0',
    `echo Welcome; ${GREET}; cat`,
    `printf 'zrep-gate session 1\\n'; cat`,
    `printf 'zrep-gate ses'; exit 0`,
    'exit 0',
  ])
    t.equal(await open(script), undefined, script);
  t.equal(await openSession(async () => ['/nowhere/ssh'], QUIET), undefined);
});

t.test('a far side that our words do not reach has no sessions, though it greets', async (t) => {
  for (const script of [`exec </dev/null; ${HELLO}; cat`, `${HELLO}; exit 0`, `${HELLO}; printf 'end\n'`])
    t.equal(await open(script), undefined, script);
});

t.test('one that was over before a command was looked at says so', async (t) => {
  const session = await open(`${GREET}; printf '${FAREWELL.replace('\n', '\\n')}'`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(await session?.ask('one'), 'unread');
});

t.test('one that ends over a command, or talks nonsense, is lost', async (t) => {
  for (const script of [
    `${GREET}; read -r line; exit 0`,
    `${GREET}; read -r line; printf 'answer 0 5 0\\nabc'`,
    `${GREET}; read -r line; kill -KILL $$`,
    `${GREET}; read -r line; echo something else; sleep 100`,
    `${GREET}; read -r line; yes x | head -c 1000000; sleep 100`,
  ]) {
    const session = await open(script);
    t.equal(await session?.ask('one'), 'lost', script);
    session?.kill();
  }
});

const BEGIN = `printf '${STREAM.replace('\n', '\\n')}'`;

/** A stream of `script`, which has begun. */
async function begin(t: Test, script: string) {
  const session = await open(`${GREET}; read -r line; ${BEGIN}; ${script}`);
  t.teardown(() => session?.kill());
  const stream = await session?.stream('zrep _refreshpull tank/home@zrep_000001');
  if (session === undefined || typeof stream !== 'object' || !('inlet' in stream))
    throw new Error(`there is no stream: ${JSON.stringify(stream)}`);
  return { session, stream };
}

t.test('a stream is left in the pipe for who is to take it, and the session goes on behind it', async (t) => {
  const script = `printf 'some bytesanswer 0 0 5\\nsaid\\n'
    read -r line; printf 'answer 0 %d 0\\n%s' "\${#line}" "$line"; cat`;
  const { session, stream } = await begin(t, script);
  t.equal((await stream.inlet.take(10)).toString(), 'some bytes');
  t.match(await stream.finish(), { code: 0, signal: null, message: 'said\n' });
  t.match(await session.ask('zrep expire -L tank/home', true), { output: `${KEEP}zrep expire -L tank/home` });
  session.close();
});

t.test('the lock that was kept is let go of by a word', async (t) => {
  const session = await open(`${GREET}; read -r line; printf 'answer 0 %d 0\\n%s' "\${#line}" "$line"; cat`);
  t.match(await session?.letGo(), { output: LET_GO });
  session?.close();
});

t.test(
  'the time that comes with that tells how the clocks differ; a gate that tells none is no matter',
  async (t) => {
    for (const [print, skew] of [
      ['$(($(date +%s) + 3600))', 3600],
      ['$(date +%s)', 0],
      ['', undefined],
    ] as const) {
      const said = `time="${print}"; printf 'answer 0 %d 0\\n%s' "\${#time}" "$time"`;
      const session = await open(`${GREET}; read -r line; ${said}; cat`);
      t.equal(session?.skew(), undefined);
      await session?.letGo();
      const found = session?.skew();
      t.ok(
        skew === undefined ? found === undefined : Math.abs((found ?? 0) - skew) < 60,
        `${found}, ${skew}`,
      );
      session?.close();
    }
  },
);

t.test('who does not stream says why, and the session goes on', async (t) => {
  const session = await open(`${GREET}; while read -r line; do printf 'answer 77 0 3\\nno\\n'; done`);
  t.same(await session?.stream('zrep _refreshpull x'), { code: 77, output: '', message: 'no\n' });
  t.same(await session?.ask('one'), { code: 77, output: '', message: 'no\n' });
  session?.close();
});

t.test('a stream that was cut off ends the session, with what is said of it', async (t) => {
  const { stream } = await begin(t, 'printf "some"; echo "zfs failed" >&2; exit 5');
  t.equal((await stream.inlet.take(10)).toString(), 'some');
  t.match(await stream.giveUp(), { code: 5, message: 'zfs failed\n' });
});

t.test('one that is given up is not waited for', async (t) => {
  const flood = await begin(t, 'exec yes');
  t.match(await flood.stream.giveUp(), { signal: 'SIGPIPE' });
  const silent = await begin(t, 'exec sleep 100');
  t.match(await silent.stream.giveUp('SIGTERM'), { signal: 'SIGTERM' });
});

t.test('nonsense, or nothing, behind a stream is the end of the session', async (t) => {
  for (const script of ['echo nonsense; sleep 100', 'exit 3']) {
    const { stream } = await begin(t, script);
    t.not((await stream.finish()).code, 0, script);
  }
});

t.test('a stream that nobody asked for is not taken for an answer', async (t) => {
  const session = await open(`${GREET}; read -r line; ${BEGIN}; exec sleep 100`);
  t.equal(await session?.ask('zrep snaponly tank/home'), 'lost');
  session?.kill();
});
