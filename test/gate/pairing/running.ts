/** Which processes are the gates of a client, and how they end. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { endGates, isGateOf, runningGates } from '../../../src/gate/pairing/running.ts';
import { DEFAULT_POLICY } from '../../../src/policy/load.ts';
import { makeFolder } from '../../fixtures/gate/policy.ts';

t.test('a gate is known by its words, whole', async (t) => {
  const words = (text: string) => isGateOf(text.split(' '), owner(DEFAULT_POLICY));
  for (const gate of [
    'node /usr/bin/zrep-gate serve b',
    'node /a/zrep-gate.cjs serve b',
    'node /opt/x/gate serve b',
  ])
    t.ok(words(gate), gate);
  for (const other of [
    'node /usr/bin/zrep-gate serve bb',
    'node /usr/bin/zrep-gate serve a b',
    'node /usr/bin/zrep-gate check b',
    'node zrep-gate serve b',
    'vi /usr/bin/zrep-gate.txt serve b',
    'zrep-gate serve b',
    '',
  ])
    t.notOk(words(other), other);
});

t.test('a gate that goes by another policy is another one', async (t) => {
  t.ok(isGateOf(['node', '/a/zrep-gate', 'serve', 'b', '--policy', '/p'], owner('/p')));
  t.notOk(isGateOf(['node', '/a/zrep-gate', 'serve', 'b', '--policy', '/p'], owner(DEFAULT_POLICY)));
  t.notOk(isGateOf(['node', '/a/zrep-gate', 'serve', 'b'], owner('/p')));
});

function owner(policyPath: string) {
  return { client: 'b', policyPath, program: '/opt/x/gate' };
}

t.test('those of the client are ended, and no others', async (t) => {
  const script = `${makeFolder(t)}/zrep-gate`;
  writeFileSync(
    script,
    "process.on('SIGTERM', () => process.exit(0)); console.log('up'); setInterval(() => {}, 1000);",
  );
  const start = async (argv0: string, ...words: string[]) => {
    const child = spawn(argv0, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  const client = `test-${process.pid}`;
  const own = await start(process.execPath, script, 'serve', client);
  const other = await start(process.execPath, script, 'serve', `${client}x`);
  // A shell with the words of a gate is none.
  const shell = await start('sh', '-c', 'echo up; read x </dev/zero', script, 'serve', client);
  const found = runningGates({ client, policyPath: DEFAULT_POLICY, program: '/usr/bin/zrep-gate' });
  t.same(
    found.map(({ pid }) => pid),
    [own.pid],
  );
  const ended = once(own, 'exit');
  t.same(
    await endGates([...found, { pid: process.pid, ticks: 1, connection: undefined }]),
    [],
    'a number that was used again is left alone',
  );
  // Otherwise the test would wait for it.
  own.kill('SIGKILL');
  t.same(await ended, [0, null], 'by the signal that it listens to');
  t.same([other.exitCode, other.signalCode, shell.exitCode, shell.signalCode], [null, null, null, null]);
});
