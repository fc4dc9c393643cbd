/** Streams on the channel of a session, and the lock that is kept from the snapshot to the end of a refresh. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { zfsKind } from '../../lab/zfs.ts';
import { FAREWELL, KEEP, LET_GO } from '../../src/command/session.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { seatsOn } from '../fixtures/system/seats.ts';
import { openSession } from '../fixtures/system/session.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const POLICY = `
[audit]
syslog = "local"
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire", "read"]
resume = true
filters = ["gzip"]
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault, ask } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  const needing = await testsNeeding(t, fileserver, ['kill stops the stream']);
  const holder = (source: string) => propertyOf(fileserver, 'zrep:lock-pid', source);
  const seats = () => seatsOn(fileserver);
  const gates = async () =>
    (await fileserver.run(['pgrep', '-f', '[z]rep-gate serve backup1'], { allowFail: true })).stdout.trim();

  /** A file system with a snapshot that was sent and one that was not, and what alone streams of it. */
  async function made(name: string): Promise<{ source: string; command: string; alone: Buffer }> {
    const source = await makeSource(fileserver, `${tank}/home/${name}`, { snapshots: 2 });
    const command = `zrep _refreshpull ${zrepName(source, 1)}`;
    return { source, command, alone: await streamed(command) };
  }

  async function streamed(command: string): Promise<Buffer> {
    const script = `ssh fileserver '${command}' | base64 -w 0`;
    const { stdout } = await backup.run(['bash', '-o', 'pipefail', '-c', script]);
    return Buffer.from(stdout, 'base64');
  }

  if (zfsKind() === 'kernel')
    t.test(
      'the record has how many bytes zfs wrote, alone, in a session, and in front of a filter',
      async (t) => {
        const { command, alone } = await made('counted');
        const session = await openSession(t, gate);
        await session.stream(command, alone.length);
        session.close();
        await session.ended;
        await streamed(`${command} | gzip -1`);
        const results = async () =>
          (await loggedOn(fileserver)).filter(
            ({ fields }) => fields['base'] && fields['snapshot']?.includes('/counted@'),
          );
        const records = await eventually(results, (all) => all.length === 3);
        const told = records.map(({ fields }) => fields['bytes']);
        // Left out where the process was waited for too soon.
        t.ok(
          told.every((bytes) => bytes === undefined || bytes === String(alone.length)),
          `${told}`,
        );
        t.ok(told.includes(String(alone.length)), `${told} of ${alone.length}`);
      },
    );

  t.test('a stream is, byte for byte, what it is alone, and the session goes on behind it', async (t) => {
    const { source, command, alone } = await made('same');
    t.ok(alone.length > 600);
    const session = await openSession(t, gate);
    for (let time = 0; time < 2; time += 1) {
      const { bytes, answer } = await session.stream(command, alone.length);
      t.ok(bytes.equals(alone));
      t.same(answer, { code: 0, output: '', message: '' });
      t.match(await session.ask(`zfs list ${source}`), { code: 0 });
    }
    t.match(await propertyOf(fileserver, 'zrep-gate:streamed', zrepName(source, 1)), /^backup1@/);
    t.equal(await holder(source), '-', 'nobody asked for the lock to be kept');
    const flags = await fileserver.script(`sed -n 's/^flags:.0*//p' /proc/${await gates()}/fdinfo/1`);
    t.ok(Number.parseInt(flags.stdout, 8) & 0o4000, 'the channel does not wait, as before');
    session.close();
    t.equal(await session.ended, 0);
  });

  t.test('what streams otherwise is refused as too much for a session', async (t) => {
    const { source, command } = await made('otherwise');
    const session = await openSession(t, gate);
    for (const line of [`${command}  | gzip`, `zfs list -r ${source}`])
      t.match(await session.ask(line), { code: 77, output: '', message: /refused \(not-in-session\)/ }, line);
    t.match(await session.ask(`zrep _refreshpull ${zrepName(`${tank}/secret`, 1)}`), {
      code: 77,
      message: /\(not-granted\)/,
    });
    t.match(await session.ask(`zrep _refreshpull ${zrepName(source, 0)}`), {
      code: 77,
      message: /\(not-latest\)/,
    });
    session.kill();
  });

  t.test('a lock that is kept is one to everybody else, until it is let go of', async (t) => {
    const { source, command } = await made('kept');
    const { source: another } = await made('another');
    const session = await openSession(t, gate);
    t.match(await session.ask(`${KEEP}zrep snaponly ${source}`), { output: zrepName(source, 2) });
    const pid = await gates();
    t.equal(await holder(source), pid);
    checkRefusal(t, await ask(`zrep snaponly ${source}`), 'lock-busy', 75);
    const second = await openSession(t, gate);
    t.match(await second.ask(`zrep expire -L ${source}`), { code: 75, message: /\(lock-busy\)/ });
    second.kill();

    t.match(await session.ask(`${KEEP}${command}`), { code: 77, message: /\(not-latest\)/ });
    t.equal(await holder(source), '-', 'what is refused keeps nothing');
    const newest = command.replace('000001', '000002');
    const { answer } = await session.stream(`${KEEP}${newest}`, (await streamed(newest)).length);
    t.match(answer, { code: 0 });
    t.equal(await holder(source), pid);
    t.match(await session.ask(`zrep _refreshcomplete ${zrepName(source, 2)} zrep:sent=${now()}`), {
      code: 0,
    });
    t.match(await session.ask(`${KEEP}zrep expire -L ${source}`), { code: 0 });
    t.equal(await holder(source), pid);
    t.match(await session.ask(LET_GO), { code: 0, output: /^\d{10}$/, message: '' }, 'with the time there');
    t.equal(await holder(source), '-');

    await session.ask(`${KEEP}zrep snaponly ${source}`);
    await session.ask(`${KEEP}zrep snaponly ${another}`);
    t.same([await holder(source), await holder(another)], ['-', pid], 'one at a time');
    session.kill();
    t.equal(
      await eventually(
        () => holder(another),
        (found) => found === '-',
      ),
      '-',
      'nor longer than the session',
    );
    t.equal(await eventually(seats, (found) => found === ''), '');
  });

  t.test('a session that is left open keeps no lock', async (t) => {
    const { source } = await made('left');
    const session = await openSession(t, gate);
    await session.ask(`${KEEP}zrep snaponly ${source}`);
    t.not(await holder(source), '-');
    t.equal(await session.ended, 0);
    t.equal(await holder(source), '-');
    t.equal(await session.ask(`zfs list ${source}`), FAREWELL);
  });

  t.test('whoever writes while a stream is under way holds nothing up', async (t) => {
    const { source, command, alone } = await made('writing');
    const session = await openSession(t, gate);
    const line = `zfs list ${source}`;
    const many = Array.from({ length: 900 }, () => line).join('\n');
    const { bytes, answer } = await session.stream(`${command}\n${many}`, alone.length);
    t.ok(bytes.equals(alone));
    t.match(answer, { code: 0 });
    for (let number = 0; number < 10; number += 1) t.match(await session.ask(line), { code: 0 });
    session.kill();
    await eventually(seats, (found) => found === '');
  });

  needing(['kill stops the stream'], 'behind a stream that failed comes nothing more', async (t) => {
    const { source, command } = await bigOne(t, 'failed');
    const session = await openSession(t, gate);
    const streamed = session.stream(`${KEEP}${command}`, 100_000_000);
    await eventually(
      () => fileserver.run(['pkill', '-KILL', '-fx', '/usr/sbin/zfs send .*'], { allowFail: true }),
      ({ code }) => code === 0,
    );
    const { answer } = await streamed;
    t.equal(answer, '', 'no answer, and no farewell');
    t.equal(await session.ended, 137);
    t.equal(await holder(source), '-');
    t.equal(await propertyOf(fileserver, 'zrep-gate:streamed', zrepName(source, 1)), '-', 'no record');
    const logged = (await loggedOn(fileserver)).map(({ fields }) => fields);
    t.match(logged.at(-2), { event: 'result', outcome: 'failed', signal: 'SIGKILL' });
    t.match(logged.at(-1), { event: 'result', outcome: 'done', end: 'stream' });
  });

  t.test('a reader who goes away in the middle leaves neither lock nor seat', async (t) => {
    const { source, command } = await bigOne(t, 'gone');
    const session = await openSession(t, gate);
    const streamed = session.stream(`${KEEP}${command}`, 100_000_000);
    await eventually(
      () => holder(source),
      (found) => found !== '-',
    );
    await eventually(seats, (found) => /^\/.*streams\//m.test(found));
    await session.streaming();
    session.kill();
    await streamed;
    t.equal(
      await eventually(
        () => holder(source),
        (found) => found === '-',
      ),
      '-',
    );
    t.equal(await eventually(seats, (found) => found === ''), '');
  });

  async function bigOne(t: Test, name: string): Promise<{ source: string; command: string }> {
    const source = await makeSource(fileserver, `${tank}/home/${name}`);
    await writeData(fileserver, source, 'much', 64 * 1024);
    await fileserver.run(['zfs', 'snapshot', zrepName(source, 1)]);
    t.teardown(() => fileserver.script(`rm "$(zfs get -H -o value mountpoint ${source})"/much`));
    return { source, command: `zrep _refreshpull ${zrepName(source, 1)}` };
  }

  t.test('a refresh is one session, and its lock there taken once', async (t) => {
    const pair = await makePair(gate, 'home/one', { savecount: 2 });
    await writeData(fileserver, pair.source, 'data', 3000);
    const before = (await loggedOn(fileserver)).length;
    const { stdout, stderr } = await backup.run(['zrep', 'refresh', pair.destination]);
    t.same([stdout, stderr], [`Expiring zrep snaps on ${pair.source}\n`, '']);
    t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
    t.same(
      [await holder(pair.source), await propertyOf(backup, 'zrep:lock-pid', pair.destination)],
      ['-', '-'],
    );
    const logged = (await loggedOn(fileserver)).slice(before).map(({ fields }) => fields);
    const ids = new Set(logged.map(({ id = '' }) => id.split('-').slice(0, 2).join('-')));
    t.equal(ids.size, 1);
    const allowed = logged.filter(({ event }) => event === 'decision').map(({ operation }) => operation);
    // A channel program marks and expires in one.
    const last = gate.zfs === 'kernel' ? ['refreshcomplete'] : ['refreshcomplete', 'expire'];
    t.same(allowed, ['session', 'snaponly', 'refreshpull', ...last]);
    t.equal(await eventually(seats, (found) => found === ''), '');
  });

  t.test('what comes by a filter, or with properties, comes by itself, and well', async (t) => {
    const pair = await makePair(gate, 'home/filtered', { savecount: 2 });
    const before = await snapshotNames(backup, pair.destination);
    const env = { ZREP_OUTFILTER: 'gzip', ZREP_INFILTER: 'gzip -d' };
    const { stdout, stderr } = await backup.run(['zrep', 'refresh', pair.destination], { env });
    t.same([stdout, stderr], [`Expiring zrep snaps on ${pair.source}\n`, '']);
    t.not(before.at(-1), (await snapshotNames(backup, pair.destination)).at(-1));
    t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
  });
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}
