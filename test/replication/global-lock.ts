/** zrep's global lock: one holder at a time, whole from its first moment, and broken only for one who died. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { mock } from 'node:test';
import t, { type Test } from 'tap';
import { Interrupted, type Interruption } from '../../src/process/interruption.ts';
import { withGlobalLock } from '../../src/replication/global-lock.ts';

const quiet: Interruption = { signal: undefined, check: () => {}, onSignal: () => () => {} };

const HOST = 'backup';

/** A folder of its own for each test. */
function makeRundir(t: Test): string {
  const rundir = mkdtempSync(`${tmpdir()}/global-lock-`);
  t.teardown(() => rmSync(rundir, { recursive: true }));
  return rundir;
}

/** Another process that holds the lock in `rundir`; `end` tells it how to end, and waits for that. */
async function startHolder(rundir: string) {
  const script = new URL('../fixtures/replication/hold-lock.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import=tsx', script, rundir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const end = async (word: 'release' | 'die'): Promise<void> => {
    const exit = once(child, 'exit');
    child.stdin.end(word);
    await exit;
  };
  return { pid: child.pid as number, end };
}

/** Runs `work` with pauses that last only as long as `during` them; the answer has their lengths, too. */
async function withoutPauses<Result>(
  work: () => Promise<Result>,
  during: (pause: number) => Promise<unknown> = async () => {},
): Promise<{ result: Result; pauses: number[] }> {
  const pauses: number[] = [];
  const skip = (callback: () => void, length: number) => {
    pauses.push(length);
    during(pauses.length).then(callback);
  };
  const mocked = mock.method(globalThis, 'setTimeout', skip as unknown as typeof setTimeout);
  try {
    return { result: await work(), pauses };
  } finally {
    mocked.mock.restore();
  }
}

t.test('the lock is a file with the pid in it, there only while the work runs', async (t) => {
  const rundir = makeRundir(t);
  const answer = await withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => {
    t.same(leftIn(rundir), ['zrep.lock'], 'and no draft');
    t.equal(readFileSync(`${rundir}/zrep.lock`, 'utf8'), `${process.pid}\n`);
    return 'done';
  });
  t.equal(answer, 'done');
  t.same(leftIn(rundir), []);
});

t.test('work that fails lets go of the lock', async (t) => {
  const rundir = makeRundir(t);
  const failing = withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, () =>
    Promise.reject(new Error('failed')),
  );
  await t.rejects(failing, { message: 'failed' });
  t.same(leftIn(rundir), []);
});

t.test('of two contenders one waits until the other is done', async (t) => {
  const rundir = makeRundir(t);
  const holder = await startHolder(rundir);
  let released = false;
  const { result, pauses } = await withoutPauses(
    () => withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => released),
    async (pause) => {
      if (pause < 3) return;
      await holder.end('release');
      released = true;
    },
  );
  t.equal(result, true);
  t.equal(pauses.length, 3);
  t.same(leftIn(rundir), []);
});

const sum = (pauses: readonly number[]) => pauses.reduce((all, pause) => all + pause, 0);

/** [what is in the way, what the refusal says of it]. */
const KEPT: Record<string, [string, RegExp]> = {
  'no number': [
    '',
    /on backup holds .*zrep\.lock \(its holder is not known\); .* run on backup: rm \/.*\/zrep\.lock$/,
  ],
  'a word': [
    'zrep\n',
    /on backup holds .*zrep\.lock \(its holder is not known\); .* run on backup: rm \/.*\/zrep\.lock$/,
  ],
  'a process without a program of its own': [
    `${process.pid}\n`,
    new RegExp(`zrep\\.lock \\(pid ${process.pid}\\)`),
  ],
};

t.test('after ten seconds of pauses it gives up, and leaves the lock as it was', async (t) => {
  for (const [name, [content, sentence]] of Object.entries(KEPT)) {
    const rundir = makeRundir(t);
    writeFileSync(`${rundir}/zrep.lock`, content);
    const work = async () => t.fail('this must not run');
    const { result, pauses } = await withoutPauses(() =>
      withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, work),
    );
    t.match(result, { refused: 'global-lock-busy', reason: sentence }, name);
    t.equal(sum(pauses), 10_000, name);
    t.equal(readFileSync(`${rundir}/zrep.lock`, 'utf8'), content, name);
    t.same(leftIn(rundir), ['zrep.lock'], 'no draft is left');
  }
});

/** A shell that holds the lock, with a program that it waits for: another one for each line that it reads. */
async function startShell(t: Test, rundir: string) {
  const script = 'echo $$ >"$1/zrep.lock"; while sleep 1000 & echo; read -r _; do kill $!; wait $!; done';
  const shell = spawn('bash', ['-c', script, 'bash', rundir], { stdio: ['pipe', 'pipe', 'ignore'] });
  const children = () => readFileSync(`/proc/${shell.pid}/task/${shell.pid}/children`, 'latin1').trim();
  t.teardown(() => {
    const program = Number(children());
    shell.kill('SIGKILL');
    if (program > 0) process.kill(program, 'SIGKILL');
  });
  await once(shell.stdout, 'data');
  const another = async () => {
    shell.stdin.write('\n');
    await once(shell.stdout, 'data');
  };
  return { pid: shell.pid as number, another };
}

t.test('a holder whose program runs is waited for: two minutes, if it is always the same one', async (t) => {
  const rundir = makeRundir(t);
  const { pid } = await startShell(t, rundir);
  const { result, pauses } = await withoutPauses(() =>
    withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => t.fail('this must not run')),
  );
  t.match(result, { refused: 'global-lock-busy', reason: new RegExp(`\\(pid ${pid}\\)`) });
  t.equal(sum(pauses), 120_000);
});

t.test('a holder that starts one program after the other is waited for as long as that takes', async (t) => {
  const rundir = makeRundir(t);
  const { another } = await startShell(t, rundir);
  const { result, pauses } = await withoutPauses(
    () => withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => 'ran'),
    async (pause) => {
      if (pause === 7500) rmSync(`${rundir}/zrep.lock`);
      else if (pause % 2500 === 0) await another();
    },
  );
  t.equal(result, 'ran');
  t.equal(sum(pauses), 150_000);
});

t.test('a lock that goes from one holder to the next is waited for as long as it does', async (t) => {
  const rundir = makeRundir(t);
  writeFileSync(`${rundir}/zrep.lock`, `${process.pid}\n`);
  const { result, pauses } = await withoutPauses(
    () => withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => 'ran'),
    async (pause) => {
      if (pause % 400 === 0) rmSync(`${rundir}/zrep.lock`);
      // The clock of file systems counts in milliseconds, at best.
      if (pause % 400 === 0 && pause < 2000) {
        writeFileSync(`${rundir}/zrep.lock`, `${process.pid}\n`);
        utimesSync(`${rundir}/zrep.lock`, Date.now() / 1000, Date.now() / 1000 + pause);
      }
    },
  );
  t.equal(result, 'ran');
  t.equal(sum(pauses), 40_000);
});

t.test('those in one process do not wait for the same motionless holder one after the other', async (t) => {
  const rundir = makeRundir(t);
  writeFileSync(`${rundir}/zrep.lock`, 'zrep\n');
  const enter = () => withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => 'ran');
  const { result, pauses } = await withoutPauses(() => Promise.all([enter(), enter(), enter()]));
  t.same(
    result.map((one) => (one as { refused: string }).refused),
    ['global-lock-busy', 'global-lock-busy', 'global-lock-busy'],
  );
  t.equal(sum(pauses), 10_000);
});

t.test('the lock of a process that died is broken at once', async (t) => {
  const rundir = makeRundir(t);
  const holder = await startHolder(rundir);
  const ask = () =>
    withoutPauses(() => withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => 'ran'));
  t.match((await ask()).result, { reason: new RegExp(`\\(pid ${holder.pid}\\)`) });
  await holder.end('die');
  t.same(await ask(), { result: 'ran', pauses: [] });
  t.same(leftIn(rundir), [], 'and nothing is left');
});

t.test('so is one whose number belongs by now to a process that was started later', async (t) => {
  const rundir = makeRundir(t);
  writeFileSync(`${rundir}/zrep.lock`, `${process.pid}\n`);
  utimesSync(`${rundir}/zrep.lock`, 1_700_000_000, 1_700_000_000);
  t.equal(await withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => 'ran'), 'ran');
});

t.test('where another is breaking it, or died at that, it is not broken', async (t) => {
  const rundir = makeRundir(t);
  const holder = await startHolder(rundir);
  await holder.end('die');
  writeFileSync(`${rundir}/zrep.lock.break`, '1\n');
  const { result } = await withoutPauses(() =>
    withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => t.fail('this must not run')),
  );
  t.match(result, { reason: new RegExp(`\\(pid ${holder.pid}, which is dead\\)`) });
  t.same(leftIn(rundir), ['zrep.lock', 'zrep.lock.break']);
});

t.test("of many that find a dead one's lock, one at a time gets in", async (t) => {
  const rundir = makeRundir(t);
  for (let round = 0; round < 5; round += 1) {
    const dead = await startHolder(rundir);
    await dead.end('die');
    const script = new URL('../fixtures/replication/contend.ts', import.meta.url).pathname;
    const ends = await Promise.all(
      Array.from({ length: 4 }, () =>
        once(spawn(process.execPath, ['--import=tsx', script, rundir]), 'exit'),
      ),
    );
    t.same(
      ends.map(([code]) => code),
      [0, 0, 0, 0],
      `round ${round}`,
    );
  }
  t.same(leftIn(rundir), []);
});

t.test('those in one process come in one after the other, without a pause', async (t) => {
  const rundir = makeRundir(t);
  const seen: string[] = [];
  const enter = (name: string, fails = false) =>
    withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => {
      seen.push(`${name} in`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} out`);
      if (fails) throw new Error(name);
      return name;
    });
  const { result, pauses } = await withoutPauses(() =>
    Promise.allSettled([enter('one', true), enter('two'), enter('three')]),
  );
  t.same(seen, ['one in', 'one out', 'two in', 'two out', 'three in', 'three out']);
  t.match(result, [{ reason: { message: 'one' } }, { value: 'two' }, { value: 'three' }]);
  t.same(pauses, []);
  t.same(leftIn(rundir), []);
});

t.test('a lock that somebody else took meanwhile is left to them', async (t) => {
  const rundir = makeRundir(t);
  await withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => {
    unlinkSync(`${rundir}/zrep.lock`);
    writeFileSync(`${rundir}/other`, '1\n');
    linkSync(`${rundir}/other`, `${rundir}/zrep.lock`);
  });
  t.equal(readFileSync(`${rundir}/zrep.lock`, 'utf8'), '1\n');
});

t.test('a lock that somebody removed meanwhile is no failure', async (t) => {
  const rundir = makeRundir(t);
  const work = async () => unlinkSync(`${rundir}/zrep.lock`);
  t.equal(await withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, work), undefined);
});

t.test('a signal ends the waiting', async (t) => {
  const rundir = makeRundir(t);
  writeFileSync(`${rundir}/zrep.lock`, '1\n');
  let looks = 0;
  const check = () => {
    looks += 1;
    if (looks === 3) throw new Interrupted('SIGTERM');
  };
  const waiting = withoutPauses(() =>
    withGlobalLock({ rundir, interruption: { ...quiet, check }, hostName: HOST }, async () => 1),
  );
  await t.rejects(waiting, new Interrupted('SIGTERM'));
  t.equal(looks, 3);
  t.same(leftIn(rundir), ['zrep.lock']);
});

t.test('where no lock can be made, that is an error and no refusal', async (t) => {
  const rundir = `${makeRundir(t)}/missing`;
  const attempt = () => withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => 'ran');
  await t.rejects(attempt(), { code: 'ENOENT' });
  mkdirSync(rundir);
  t.equal(await attempt(), 'ran');
});

t.test(
  'the link to /proc/PID of an older zrep is respected while its process lives, and broken after',
  async (t) => {
    const rundir = makeRundir(t);
    const path = `${rundir}/zrep.lock`;
    const holder = spawn('sleep', ['1000']);
    symlinkSync(`/proc/${holder.pid}`, path);
    const ask = () =>
      withoutPauses(() => withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => 'ran'));
    t.match((await ask()).result, { reason: new RegExp(`\\(pid ${holder.pid}\\)`) });
    const exit = once(holder, 'exit');
    holder.kill('SIGKILL');
    await exit;
    t.same(await ask(), { result: 'ran', pauses: [] });
    t.same(leftIn(rundir), []);
  },
);

t.test('a folder in its place is nobody knows whose', async (t) => {
  const rundir = makeRundir(t);
  mkdirSync(`${rundir}/zrep.lock`);
  const { result } = await withoutPauses(() =>
    withGlobalLock({ rundir, interruption: quiet, hostName: HOST }, async () => 'ran'),
  );
  t.match(result, { reason: /its holder is not known\); .* run on backup: rmdir \/.*\/zrep\.lock$/ });
  t.same(leftIn(rundir), ['zrep.lock']);
});

/** But for the date of stock's last turn (test/replication/stocks-turn.ts), which a slow machine brings. */
function leftIn(rundir: string): string[] {
  return readdirSync(rundir).filter((name) => name !== 'zrep.turn');
}
