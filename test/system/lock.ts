/** zrep's locks: never two holders, nothing left behind, and other people's left alone. */

import t, { type Test } from 'tap';
import { writeData } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { startSleeper } from '../fixtures/system/sleeper.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';

const POLICY = `
zfs = "${LOGGED_ZFS}"
[limits]
keep-for = "0 seconds"
keep-at-least = 1
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire"]
filters = ["failing", "absent"]
[filter.failing]
argv = ["/bin/false"]
[filter.absent]
argv = ["/nowhere/at-all"]
`;

const GLOBAL = '/var/run/zrep.lock';

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, tank, ask } = gate;
  await installWrapper(fileserver);
  const home = await makeSource(fileserver, `${tank}/home`);
  const now = async () => (await fileserver.run(['date', '+%Y%m%d%H%M%S'])).stdout.trim();
  await gate.share();

  t.test('a lock of a live process is respected, and taken over once that is dead', async (t) => {
    const pid = await startSleeper(fileserver);
    const lock = { pid, time: await now() };
    await setLock(gate, home, lock);
    for (const command of [
      `zrep snaponly ${home}`,
      `zrep _refreshpull ${zrepName(home, 0)}`,
      `zrep expire -L ${home}`,
    ]) {
      const { reason } = checkRefusal(t, await ask(command), 'lock-busy', 75);
      t.match(reason, `pid ${pid} `);
      t.same(await lockOf(gate, home), lock, 'the lock is untouched');
    }
    await fileserver.run(['kill', pid]);
    await eventually(
      () => fileserver.run(['kill', '-0', pid], { allowFail: true }),
      ({ code }) => code !== 0,
    );
    t.equal((await ask(`zrep snaponly ${home}`)).code, 0);
    await unlocked(t, gate, home);
  });

  t.test('a live process that was started after the lock was taken is not its holder', async (t) => {
    await setLock(gate, home, { pid: await startSleeper(fileserver), time: '20260101000000' });
    t.equal((await ask(`zrep snaponly ${home}`)).code, 0);
    await unlocked(t, gate, home);
  });

  t.test('a process of another user holds a lock like any other', async (t) => {
    const pid = await startSleeper(fileserver, 'nobody');
    const lock = { pid, time: await now() };
    await setLock(gate, home, lock);
    const { reason } = checkRefusal(t, await ask(`zrep snaponly ${home}`), 'lock-busy', 75);
    t.match(reason, `pid ${pid} `);
    t.same(await lockOf(gate, home), lock, 'the lock is untouched');
    await fileserver.run(['kill', '-KILL', pid]);
    const taken = await eventually(
      () => ask(`zrep snaponly ${home}`),
      ({ code }) => code === 0,
    );
    t.equal(taken.code, 0);
  });

  t.test("a parent's lock is not the child's", async (t) => {
    const child = await makeSource(fileserver, `${home}/child`);
    const lock = { pid: await startSleeper(fileserver), time: await now() };
    await setLock(gate, home, lock);
    t.equal((await ask(`zrep snaponly ${child}`)).code, 0);
    t.same(await lockOf(gate, home), lock);
    for (const name of ['pid', 'time']) await fileserver.run(['zfs', 'inherit', `zrep:lock-${name}`, home]);
  });

  t.test('no lock is left by what was done, refused, or failed', async (t) => {
    const { stdout: made } = await ask(`zrep snaponly ${home}`);
    for (const [command, exit] of [
      [`zrep _refreshpull ${made}`, 0],
      [`zrep expire -L ${home}`, 0],
      [`zrep _refreshpull ${zrepName(home, 0)}`, 77],
      [`zrep _refreshpull ${home}@zrep_0000ff`, 77],
      [`zrep _refreshpull ${made} | failing`, 1],
      [`zrep _refreshpull ${made} | absent`, 127],
    ] as const) {
      t.equal((await ask(command)).code, exit, command);
      await unlocked(t, gate, home);
    }
  });

  t.test('no lock is left when the client vanishes in the middle of a stream', async (t) => {
    const { ssh } = await stalledPull(gate, await bigSource(gate, 'vanishing'));
    ssh.kill('SIGKILL');
    await unlocked(t, gate, `${home}/vanishing`);
    t.equal((await ask(`zrep snaponly ${home}/vanishing`)).code, 0, 'and the next one is served');
  });

  t.test('no lock is left when the gate is told to end in the middle of a stream', async (t) => {
    const source = await bigSource(gate, 'ending');
    const { ssh, pid } = await stalledPull(gate, source);
    await fileserver.run(['kill', '-TERM', pid]);
    await unlocked(t, gate, source);
    const results = async () =>
      (await loggedOn(fileserver)).filter(({ fields }) => fields['event'] === 'result');
    const [last] = (
      await eventually(results, (all) => all.at(-1)?.fields['outcome'] === 'interrupted')
    ).slice(-1);
    t.match(last?.fields, { outcome: 'interrupted', signal: 'SIGTERM', exit: '143' });
    ssh.kill('SIGKILL');
    t.equal((await ask(`zrep snaponly ${source}`)).code, 0, 'and the next one is served');
  });

  t.test('of several at once there is one holder at a time', async (t) => {
    const source = await makeSource(fileserver, `${home}/contended`);
    await callsOn(fileserver);
    const names: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all([ask(`zrep snaponly ${source}`), ask(`zrep snaponly ${source}`)]);
      t.ok(
        answers.every(({ code }) => code === 0 || code === 75),
        `exit codes ${answers.map(({ code }) => code)}`,
      );
      t.ok(
        answers.some(({ code }) => code === 0),
        'somebody is served',
      );
      names.push(...answers.filter(({ code }) => code === 0).map(({ stdout }) => stdout));
    }
    t.equal(new Set(names).size, names.length, 'every snapshot has a name of its own');
    t.same((await snapshotNames(fileserver, source)).length, 1 + names.length);
    let holder: string | undefined;
    for (const { parent, argv } of await callsOn(fileserver)) {
      if (argv[0] === 'set' && argv[1]?.startsWith('zrep:lock-pid=')) {
        t.equal(holder, undefined, `${parent} takes a free lock`);
        holder = parent;
      } else if (argv[0] === 'program' && argv.includes('snapshot'))
        t.equal(holder, undefined, `${parent} looks at the lock and makes its snapshot at one moment`);
      else if (argv[0] === 'snapshot') t.equal(parent, holder, `${parent} makes its snapshot under it`);
      else if (argv.includes('inherit') && argv.includes('zrep:lock-pid')) holder = undefined;
    }
    await unlocked(t, gate, source);
  });

  t.test('the global lock of a zrep that died is broken', async (t) => {
    const pid = await startSleeper(fileserver);
    await fileserver.writeFile(GLOBAL, `${pid}\n`);
    await fileserver.run(['kill', pid]);
    t.match(await ask(`zrep snaponly ${home}`), { code: 0, stdout: `${home}@zrep_` });
    await unlocked(t, gate, home);
    // As zrep makes it up to 1.7.4.
    await fileserver.run(['ln', '-s', `/proc/${pid}`, GLOBAL]);
    t.match(await ask(`zrep snaponly ${home}`), { code: 0, stdout: `${home}@zrep_` });
    await unlocked(t, gate, home);
  });

  t.test("a stock zrep's global lock is waited for, then named, and left alone", async (t) => {
    const pid = await startSleeper(fileserver);
    await fileserver.writeFile(GLOBAL, `${pid}\n`);
    const before = await fileserver.run(['stat', '-c', '%i %Y', GLOBAL]);
    const { reason } = checkRefusal(t, await ask(`zrep snaponly ${home}`), 'global-lock-busy', 75);
    t.match(reason, `holds ${GLOBAL} (pid ${pid})`);
    t.same(await fileserver.run(['stat', '-c', '%i %Y', GLOBAL]), before);
    t.equal(await fileserver.readFile(GLOBAL), `${pid}\n`);
    t.equal(
      (await fileserver.script('ls -d /run/zrep.lock*')).stdout,
      '/run/zrep.lock\n',
      'no drafts of ours',
    );
  });

  t.test('once it is gone, the one that waits goes on', async (t) => {
    const before = (await loggedOn(fileserver)).length;
    const waiting = ask(`zrep snaponly ${home}`);
    await loggedOn(fileserver, before + 1);
    await fileserver.run(['rm', GLOBAL]);
    const { code, stdout } = await waiting;
    t.equal(code, 0);
    t.match(stdout, `${home}@zrep_`);
    await unlocked(t, gate, home);
  });
});

interface Lock {
  readonly pid: string;
  readonly time: string;
}

async function setLock({ fileserver }: GateLab, dataset: string, { pid, time }: Lock): Promise<void> {
  await fileserver.run(['zfs', 'set', `zrep:lock-pid=${pid}`, dataset]);
  await fileserver.run(['zfs', 'set', `zrep:lock-time=${time}`, dataset]);
}

async function lockOf({ fileserver }: GateLab, dataset: string): Promise<Partial<Lock>> {
  const argv = [
    'zfs',
    'get',
    '-H',
    '-o',
    'property,value',
    '-s',
    'local',
    'zrep:lock-pid,zrep:lock-time',
    dataset,
  ];
  const lines = (await fileserver.run(argv)).stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => line.replace('zrep:lock-', '').split('\t')));
}

/** Checks that the dataset's lock goes, and that nothing is left of the global one. */
async function unlocked(t: Test, gate: GateLab, dataset: string): Promise<void> {
  const lock = await eventually(
    () => lockOf(gate, dataset),
    (found) => Object.keys(found).length === 0,
  );
  t.same(lock, {}, `${dataset} is not locked`);
  const { stdout } = await gate.fileserver.script('ls -d /run/zrep.lock* 2>/dev/null || true');
  t.equal(stdout, '', 'nor is there a global lock');
}

/** A file system with more to send than all buffers on the way hold; the answer is its name. */
async function bigSource({ fileserver, tank }: GateLab, name: string): Promise<string> {
  const source = await makeSource(fileserver, `${tank}/home/${name}`);
  await writeData(fileserver, source, 'much', 32 * 1024);
  await fileserver.run(['zfs', 'snapshot', zrepName(source, 1)]);
  return source;
}

/** A pull whose client does not read; the gate's process number on the fileserver. */
async function stalledPull(gate: GateLab, source: string) {
  const command = `zrep _refreshpull ${zrepName(source, 1)}`;
  const argv = ['ssh', '-o', 'ControlPath=none', 'fileserver', command];
  const ssh = gate.backup.spawn(argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  // Its halves are set at once by two calls, and either can come first.
  const { pid } = await eventually(
    () => lockOf(gate, source),
    ({ pid, time }) => pid !== undefined && time !== undefined,
  );
  if (pid === undefined) throw new Error(`${source} was not locked`);
  const sends = () => callsOn(gate.fileserver);
  await eventually(sends, (calls) => calls.some(({ argv }) => argv[0] === 'send'));
  return { ssh, pid };
}
