/** Which process holds a lock, whatever its zone; all of them real, and started here. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fc from 'fast-check';
import t from 'tap';
import { isHolder, namesZrep } from '../../src/replication/holder.ts';
import { formatLockTime } from '../../src/replication/lock-time.ts';

/** A process under that name, which waits for its input to end. */
async function start(name: string): Promise<ChildProcess & { pid: number }> {
  const child = spawn('cat', [], { argv0: name, stdio: ['pipe', 'ignore', 'inherit'] });
  await once(child, 'spawn');
  t.teardown(() => child.kill('SIGKILL'));
  return child as ChildProcess & { pid: number };
}

/** As `date` prints it so many seconds from now, in a zone so many seconds ahead of UTC. */
const lockTime = (seconds: number, offset: number) =>
  new Date(Date.now() + (seconds + offset) * 1000).toISOString().replace(/\D/g, '').slice(0, 14);

const zrep = await start('/usr/local/bin/zrep');
const other = await start('/usr/sbin/cron');

t.test('a zrep holds the lock that it took in any zone', async () => {
  const quarters = fc.integer({ min: -12 * 4, max: 14 * 4 });
  fc.assert(fc.property(quarters, (quarters) => isHolder(zrep.pid, lockTime(0, quarters * 900))));
});

t.test(
  'a zrep that was started after the lock was taken does not hold it, whatever the zone was',
  async (t) => {
    t.equal(isHolder(zrep.pid, lockTime(-13 * 3600, -12 * 3600)), false);
    t.equal(isHolder(zrep.pid, '20260101000000'), false);
  },
);

t.test(
  'another program with the number of a zrep that is dead holds no lock, since it was started later',
  async (t) => {
    process.env['TZ'] = 'UTC';
    t.equal(isHolder(other.pid, lockTime(-600, 0)), false);
    t.equal(isHolder(other.pid, lockTime(0, 0)), true, 'under a name that nobody knows it may be a zrep');
  },
);

t.test('a lock without a time is held for as long as the process runs', async (t) => {
  t.equal(isHolder(other.pid, undefined), true);
  t.equal(isHolder(zrep.pid, 'no time'), true);
  const ended = await start('zrep');
  ended.kill('SIGKILL');
  await once(ended, 'exit');
  t.equal(isHolder(ended.pid, formatLockTime(new Date())), false);
});

t.test('a word zrep somewhere in its command line makes no zrep of a process', async (t) => {
  process.env['TZ'] = 'UTC';
  const child = spawn('sh', ['-c', 'read line', '--', '/var/log/zrep'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  await once(child, 'spawn');
  t.teardown(() => child.kill('SIGKILL'));
  t.equal(isHolder(child.pid ?? 0, lockTime(-7200, 0)), false);
});

t.test('a script of that name is one, behind its shell', async (t) => {
  for (const argv of [['/usr/bin/zrep', 'sync'], ['-p', '/usr/bin/zrep'], ['/opt/zrep-gate/1.0/zrep-gate']])
    t.ok(namesZrep(['/bin/ksh', ...argv]), argv.join(' '));
  for (const argv of [['ssh', 'zrep'], ['vi', 'zrep'], ['sh', 'x', 'zrep'], ['/usr/bin/zrepd']])
    t.notOk(namesZrep(argv), argv.join(' '));
});

t.test('this process knows its own zone, and a lock from before its start is not its own', async (t) => {
  process.env['TZ'] = 'UTC';
  t.equal(isHolder(process.pid, lockTime(-7200, 0)), false);
  t.equal(isHolder(process.pid, lockTime(0, 0)), true);
});
