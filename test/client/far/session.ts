/** A session, with shell scripts in the place of the far side. */

import t from 'tap';
import { openSession } from '../../../src/client/far/session.ts';
import { FAREWELL, GREETING, SESSION } from '../../../src/command/session.ts';
import type { Interruption } from '../../../src/process/interruption.ts';

const QUIET: Interruption = { signal: undefined, check() {}, onSignal: () => () => {} };
const GREET = `printf '${GREETING.replace('\n', '\\n')}'`;

/** `script` as the far side; the command is its first argument. */
const open = (script: string) => openSession(['sh', '-c', script, 'sh'], QUIET);

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
    `printf 'zrep-gate session 2\\n'; cat`,
    `printf 'zrep-gate ses'; exit 0`,
    'exit 0',
  ])
    t.equal(await open(script), undefined, script);
  t.equal(await openSession(['/nowhere/ssh'], QUIET), undefined);
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
