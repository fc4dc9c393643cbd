/** How a child ends is known when it has ended. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { endOf } from '../../src/process/pipeline.ts';

function start(script: string) {
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  return { child, ended: endOf(child) };
}

t.test(
  'a child that was killed has ended, whoever still holds its pipes, also if it ends itself as ssh does',
  async (t) => {
    const cases = [
      ['', 'exec sleep 30', { code: null, signal: 'SIGTERM' }],
      ["trap 'exit 255' TERM;", 'while :; do sleep 0.1; done', { code: 255, signal: null }],
    ] as const;
    for (const [trap, script, how] of cases) {
      const { child, ended } = start(`${trap} sleep 30 & echo words >&2; echo $!; ${script}`);
      const [line] = await once(child.stdout, 'data');
      t.teardown(() => process.kill(Number(line)));
      child.kill('SIGTERM');
      const late = new Promise((resolve) => setTimeout(resolve, 5000, 'late').unref());
      t.match(await Promise.race([ended, late]), { ...how, message: 'words\n' });
    }
  },
);

t.test('of one that ended by itself all that was said is waited for', async (t) => {
  const { ended } = start('(sleep 0.5; echo last >&2) & echo first >&2; exit 3');
  t.match(await ended, { code: 3, signal: null, message: 'first\nlast\n' });
});

t.test('one that was killed and held its pipes alone keeps nothing waiting behind it', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const { child, ended } = start('exec sleep 30');
  await once(child, 'spawn');
  child.stdout.resume();
  child.kill('SIGTERM');
  await ended;
  t.equal(timers(), before);
});
