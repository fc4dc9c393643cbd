/** The signals that ask to end: the first one counts, each is passed on, and none ends the process by itself. */

import { once } from 'node:events';
import t from 'tap';
import { Interrupted, listenForInterruption } from '../../src/process/interruption.ts';

/** A real signal, sent to this process by itself, and delivered when this returns. */
async function send(signal: NodeJS.Signals): Promise<void> {
  // Waiting for a signal alone does not keep Node from ending.
  const awake = setInterval(() => {}, 1000);
  const delivered = once(process, signal);
  process.kill(process.pid, signal);
  await delivered;
  clearInterval(awake);
}

t.test('before any signal nothing is interrupted', async (t) => {
  const interruption = listenForInterruption();
  t.equal(interruption.signal, undefined);
  t.doesNotThrow(() => interruption.check());
});

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} ends work at its next step, and is told to whoever asked`, async (t) => {
    const interruption = listenForInterruption();
    const told: NodeJS.Signals[] = [];
    const stop = interruption.onSignal((signal) => told.push(signal));
    await send(signal);
    t.equal(interruption.signal, signal);
    t.throws(() => interruption.check(), new Interrupted(signal));
    t.throws(() => interruption.check(), { message: `interrupted by ${signal}` }, 'and at each one after');
    t.strictSame(told, [signal]);
    stop();
    await send(signal);
    t.strictSame(told, [signal], 'no more once the call-back is taken away');
  });
}

t.test('the first signal counts, the later ones are passed on', async (t) => {
  const interruption = listenForInterruption();
  const told: string[] = [];
  interruption.onSignal((signal) => told.push(`one ${signal}`));
  const stop = interruption.onSignal((signal) => told.push(`two ${signal}`));
  await send('SIGTERM');
  stop();
  await send('SIGINT');
  t.equal(interruption.signal, 'SIGTERM');
  t.throws(() => interruption.check(), new Interrupted('SIGTERM'));
  t.strictSame(told, ['one SIGTERM', 'two SIGTERM', 'one SIGINT']);
});
