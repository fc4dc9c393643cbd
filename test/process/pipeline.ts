/** How a child ends is known when it has ended. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { endOf } from '../../src/process/pipeline.ts';

function start(script: string) {
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  return { child, ended: endOf(child) };
}

t.test('a child that a signal ended has ended, whoever still holds its pipes', async (t) => {
  const { child, ended } = start('sleep 30 & echo $! ; echo words >&2; exec sleep 30');
  const [line] = await once(child.stdout, 'data');
  t.teardown(() => process.kill(Number(line)));
  child.kill('SIGTERM');
  const late = new Promise((resolve) => setTimeout(resolve, 5000, 'late').unref());
  t.match(await Promise.race([ended, late]), { code: null, signal: 'SIGTERM', message: 'words\n' });
});

t.test('of one that ended by itself all that was said is waited for', async (t) => {
  const { ended } = start('(sleep 0.5; echo last >&2) & echo first >&2; exit 3');
  t.match(await ended, { code: 3, signal: null, message: 'first\nlast\n' });
});
