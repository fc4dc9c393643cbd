/** How many bytes a process has written: exactly, or nothing is said. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { countWritten } from '../../src/process/written.ts';

const BASH = '/usr/bin/bash';

/** How many bytes `script`, bash's, has written. */
async function count(script: string, program = BASH): Promise<number | undefined> {
  const child: ChildProcess = spawn(BASH, ['-c', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  const written = countWritten(child, program);
  await once(child, 'close');
  return written();
}

/** Nothing but `bytes` or nothing, and now and then `bytes`: a machine that is busy can be too late to look. */
async function counts(t: Test, script: string, bytes: number): Promise<void> {
  const found = new Set<number | undefined>();
  for (let round = 0; round < 20; round += 1) found.add(await count(script));
  found.delete(undefined);
  t.same([...found], [bytes], script);
}

t.test('what a process wrote is counted to the last byte, and its complaints are not', async (t) => {
  await counts(t, 'sleep 0.01; echo a complaint >&2; exec head -c 200001 /dev/zero', 200_001);
  await counts(t, 'exec head -c 312 /dev/zero', 312);
});

t.test('one that was killed is counted, too', async (t) => {
  await counts(t, 'head -c 1000 /dev/zero; kill -9 $$', 1000);
});

t.test('of one that goes on behind its standard error nothing is said', async (t) => {
  t.equal(await count('printf 123; exec 2>&-; sleep 0.2; printf 456'), undefined);
});

t.test('of one that is not the program itself, but a script, nothing is said', async (t) => {
  t.equal(await count('printf 123', '/usr/bin/printf'), undefined);
});

t.test('of one that could not be started nothing is said', async (t) => {
  const child = spawn('/nowhere/at-all', [], { stdio: ['ignore', 'ignore', 'pipe'] });
  const written = countWritten(child, '/nowhere/at-all');
  await once(child, 'error');
  t.equal(written(), undefined);
});
