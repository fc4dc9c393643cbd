/** What is busy is asked again, for as long as somebody wants to wait. */

import fc from 'fast-check';
import t from 'tap';
import type { FarSide } from '../../../src/client/far/far-side.ts';
import { busyHere, busyThere, createPatience, patientFar } from '../../../src/client/run/patience.ts';
import { Interrupted } from '../../../src/process/interruption.ts';
import { refusalCodes, refuse } from '../../../src/refusal.ts';

const calm = { signal: undefined, check() {}, onSignal: () => () => {} };
const quiet = { news: () => {} };
const busy = (result: string) => (result === 'busy' ? 'it is busy' : undefined);

/** Work that is busy so many times. */
function busyFor(times: number): { work: () => Promise<string>; calls: () => number } {
  let calls = 0;
  return {
    work: async () => {
      calls += 1;
      return calls > times ? 'done' : 'busy';
    },
    calls: () => calls,
  };
}

t.test('what is busy is done again until it is not', async (t) => {
  const { work, calls } = busyFor(4);
  t.equal(await createPatience(1000, calm, quiet, 1).until(work, busy), 'done');
  t.equal(calls(), 5);
});

t.test('without --wait it is done once', async (t) => {
  const { work, calls } = busyFor(1);
  t.equal(await createPatience(0, calm, quiet, 1).until(work, busy), 'busy');
  t.equal(calls(), 1);
});

t.test('in the end it stays busy, and pauses grow', async (t) => {
  const { work, calls } = busyFor(1e9);
  const said: string[] = [];
  const patience = createPatience(120, calm, { news: (text) => said.push(text) }, 1);
  t.equal(await patience.until(work, busy), 'busy');
  t.ok(calls() >= 4 && calls() <= 12, `${calls()} times`);
  t.same(said, ['it is busy; waiting for at most 2min']);
});

t.test('a signal ends the wait', async (t) => {
  const callbacks = new Set<(signal: NodeJS.Signals) => void>();
  let signalled = false;
  const interruption = {
    signal: undefined,
    check: () => {
      if (signalled) throw new Interrupted('SIGTERM');
    },
    onSignal: (callback: (signal: NodeJS.Signals) => void) => {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
  };
  const waiting = createPatience(3600, interruption, quiet).until(async () => 'busy', busy);
  setImmediate(() => {
    signalled = true;
    for (const callback of callbacks) callback('SIGTERM');
  });
  await t.rejects(waiting, { message: 'interrupted by SIGTERM' });
  t.equal(callbacks.size, 0);
});

const WAITED_FOR = [
  'lock-busy',
  'global-lock-busy',
  'too-many-sessions',
  'too-many-streams',
  'too-many-streams-of-dataset',
];

t.test('of the refusals of a gate those that pass by themselves are waited for, and no others', async (t) => {
  const passing = refusalCodes.filter(
    (code) =>
      busyThere({ code: 75, signal: null, message: `zrep-gate: refused (${code}): why [log id x]\n` }) !==
      undefined,
  );
  t.same(new Set(passing), new Set(WAITED_FOR));
  t.equal(busyThere({ code: 0, signal: null, message: 'refused (lock-busy)' }), undefined, 'it did it');
});

t.test("a stock zrep's lock is waited for", async (t) => {
  const ended = { code: 1, signal: null };
  t.ok(busyThere({ ...ended, message: 'Error: zrep snaponly failed for tank/home: cannot get lock\n' }));
  t.ok(busyThere({ ...ended, message: 'Could not lock tank/home\n' }));
  t.ok(busyThere({ ...ended, message: 'Error: could not lock tank/home\n' }), 'of failover');
  t.equal(
    busyThere({ ...ended, message: 'Error: b:vault/home did not take over (could not lock vault/home)\n' }),
    undefined,
    'of a third one',
  );
  t.equal(busyThere({ ...ended, message: 'No such file system\n' }), undefined);
});

t.test('so is a lock here', async (t) => {
  t.equal(
    busyHere('vault/home')(refuse('lock-busy', 'backup', 7)),
    'vault/home: another zrep is at work on it',
  );
  t.equal(busyHere('vault/home')(refuse('never-sent', 'zrep')), undefined);
  t.equal(busyHere('vault/home')(undefined), undefined);
});

t.test('a far side is asked again, and what was given up is not waited for twice', async (t) => {
  let calls = 0;
  const answer = { code: 75, signal: null, message: 'refused (lock-busy): x', output: '' };
  const ask = async () => {
    calls += 1;
    return answer;
  };
  const far = { ask } as unknown as FarSide;
  const patient = patientFar(far, createPatience(20, calm, quiet, 1));
  t.match(await patient.ask('zrep snaponly tank/home'), { code: 75 });
  const first = calls;
  t.ok(first > 1);
  await patient.ask('zrep snaponly tank/home');
  t.equal(calls, first + 1);
});

t.test('it waits as long as that', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (seconds) => {
      const start = performance.now();
      await createPatience(seconds, calm, quiet, 1).until(async () => 'busy', busy);
      return performance.now() - start >= seconds - 1;
    }),
    { numRuns: 20 },
  );
});
