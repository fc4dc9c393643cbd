/** Stock zrep's turn at the global lock: none of ours takes the lock meanwhile. */

import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mock } from 'node:test';
import t from 'tap';
import { withGlobalLock } from '../../src/replication/global-lock.ts';
import { isStocksTurn, leaveStocksTurn } from '../../src/replication/stocks-turn.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const quiet = { signal: undefined, check: () => {}, onSignal: () => () => {} };

t.test('a turn ends by itself, and the next one comes some seconds later', async (t) => {
  const folder = makeFolder(t);
  const lock = `${folder}/zrep.lock`;
  t.equal(isStocksTurn(lock), false);
  leaveStocksTurn(lock);
  t.equal(isStocksTurn(lock), true);
  const date = (seconds: number) => utimesSync(`${folder}/zrep.turn`, 0, Date.now() / 1000 + seconds);
  for (const seconds of [-1.4, -4.5]) {
    date(seconds);
    leaveStocksTurn(lock);
    t.equal(isStocksTurn(lock), false, `${seconds} s from now`);
  }
  for (const seconds of [-5.1, 3600]) {
    date(seconds);
    t.equal(isStocksTurn(lock), false, `${seconds} s from now`);
    leaveStocksTurn(lock);
    t.equal(isStocksTurn(lock), true);
  }
});

t.test('what is no file of root or of this user is no turn, and nothing is written through it', async (t) => {
  const folder = makeFolder(t);
  const lock = `${folder}/zrep.lock`;
  writeFileSync(`${folder}/victim`, 'kept');
  symlinkSync(`${folder}/victim`, `${folder}/zrep.turn`);
  t.equal(isStocksTurn(lock), false);
  leaveStocksTurn(lock);
  t.equal(readFileSync(`${folder}/victim`, 'utf8'), 'kept');
  t.equal(isStocksTurn(lock), true);
  rmSync(`${folder}/zrep.turn`);
  mkdirSync(`${folder}/zrep.turn`);
  t.equal(isStocksTurn(lock), false);
  leaveStocksTurn(lock);
  t.equal(isStocksTurn(lock), false, 'nor is that a failure');
  if (process.getuid?.() !== 0) return;
  rmSync(`${folder}/zrep.turn`, { recursive: true });
  leaveStocksTurn(lock);
  chownSync(`${folder}/zrep.turn`, 1234, 1234);
  t.equal(isStocksTurn(lock), false, "somebody else's");
});

t.test('who waited for long leaves one, and the next one in the process waits for its end', async (t) => {
  const rundir = makeFolder(t);
  const lock = `${rundir}/zrep.lock`;
  let now = 0;
  const clock = mock.method(performance, 'now', () => now);
  t.teardown(() => clock.mock.restore());
  const turns: string[] = [];
  const enter = (name: string, takes: number) =>
    withGlobalLock({ rundir, interruption: quiet, hostName: 'backup' }, async () => {
      turns.push(`${name}${isStocksTurn(lock) ? ' in it' : ''}`);
      now += takes;
    });
  const began = Date.now();
  // The first does not wait; the second waits for 3 s, and so the third comes after a turn.
  await Promise.all([
    enter('one', 3000),
    enter('two', 3000),
    enter('three', 3000),
    enter('four', 3000),
    enter('five', 3000),
  ]);
  t.same(turns, ['one', 'two', 'three', 'four', 'five']);
  t.ok(Date.now() - began > 1200, 'somebody has waited for a turn to end');
  t.same(readdirSync(rundir), ['zrep.turn']);
});

t.test('a lock that is free is not taken in a turn', async (t) => {
  const rundir = makeFolder(t);
  writeFileSync(`${rundir}/zrep.turn`, '');
  let looks = 0;
  const check = () => {
    looks += 1;
    if (looks === 3) rmSync(`${rundir}/zrep.turn`);
  };
  const enter = () =>
    withGlobalLock({ rundir, interruption: { ...quiet, check }, hostName: 'backup' }, async () => looks);
  t.equal(await enter(), 3);
});
