/** How much a client may ask for: each limit is reached for real, named, and passes. */

import t, { type Test } from 'tap';
import { type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { installPausingZfs, PAUSING_ZFS, whilePaused } from '../fixtures/system/pausing.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { seatsOn } from '../fixtures/system/seats.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

/** A policy with `limits`, for everything below tank/home. */
const policyWith = (limits: string) => `
zfs = "${PAUSING_ZFS}"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire", "read", "send"]
[limits]
${limits}
`;

await inGateLab(t, policyWith(''), async (gate) => {
  const { fileserver, tank, ask } = gate;
  await installPausingZfs(fileserver);
  const source = await makeSource(fileserver, `${tank}/home/one`, { snapshots: 2 });
  const other = await makeSource(fileserver, `${tank}/home/two`, { snapshots: 2 });
  const pull = `zrep _refreshpull ${zrepName(source, 1)}`;
  const send = `zfs send ${zrepName(source, 0)}`;
  await gate.share();

  t.test('so many snapshots in all', async (t) => {
    await gate.policy(policyWith('snapshots = 3'));
    const dataset = await makeSource(fileserver, `${tank}/home/few`, { snapshots: 2 });
    t.equal((await ask(`zrep snaponly ${dataset}`)).code, 0);
    const { reason } = checkRefusal(t, await ask(`zrep snaponly ${dataset}`), 'too-many-snapshots', 75);
    t.match(reason, /snapshots = 3\); none is due to expire: /);
    t.equal((await snapshotNames(fileserver, dataset)).length, 3);
    await fileserver.run(['zfs', 'destroy', zrepName(dataset, 0)]);
    t.equal((await ask(`zrep snaponly ${dataset}`)).code, 0, 'one less, one more');
  });

  t.test('so many snapshots in an hour, and when the next one may come', async (t) => {
    await gate.policy(policyWith('snapshots-per-hour = 4'));
    const dataset = await makeSource(fileserver, `${tank}/home/often`, { snapshots: 3 });
    t.equal((await ask(`zrep snaponly ${dataset}`)).code, 0);
    const { reason } = checkRefusal(t, await ask(`zrep snaponly ${dataset}`), 'snapshots-too-often', 75);
    t.match(reason, /snapshots-per-hour = 4\); try again in (?:59|60) minutes$/);
    t.equal((await snapshotNames(fileserver, dataset)).length, 4);
    t.equal(await propertyOf(fileserver, 'zrep:lock-pid', dataset), '-', 'the lock is let go of');
  });

  t.test('so much room in the pool', async (t) => {
    for (const [room, enough] of [
      ['99.9%', false],
      ['9P', false],
      ['1%', true],
      ['1M', true],
    ] as const) {
      await gate.policy(policyWith(`free-space = "${room}"`));
      const made = await ask(`zrep snaponly ${other}`);
      if (enough) t.equal(made.code, 0, room, { said: made.stderr });
      else
        t.match(
          checkRefusal(t, made, 'pool-full', 75).reason,
          `free-space = "${room}"); none is due to expire: `,
        );
    }
  });

  t.test('so many commands at a time', async (t) => {
    await gate.policy(policyWith('sessions = 1'));
    const first = await whilePaused(gate, pull, async () => {
      for (const command of [`zfs list ${other}`, `zrep snaponly ${other}`, pull]) {
        const { reason } = checkRefusal(t, await ask(command), 'too-many-sessions', 75);
        t.match(reason, /sessions = 1\); try again when /);
      }
    });
    t.equal(first.code, 0, 'the one before is not disturbed', { said: first.stderr });
    t.equal((await ask(`zfs list ${other}`)).code, 0, 'and when it has ended the next one may');
    await nobodySits(t, gate);
  });

  t.test('so many streams at a time, whatever the file system', async (t) => {
    await gate.policy(policyWith('streams = 1'));
    await whilePaused(gate, send, async () => {
      for (const command of [`zrep _refreshpull ${zrepName(other, 1)}`, `zfs send ${zrepName(other, 0)}`]) {
        const { reason } = checkRefusal(t, await ask(command), 'too-many-streams', 75);
        t.match(reason, /streams = 1\); try again when /);
      }
      t.equal((await ask(`zfs list ${other}`)).code, 0, 'what is no stream may');
    });
    await nobodySits(t, gate);
  });

  t.test('so many streams of a file system at a time', async (t) => {
    await gate.policy(policyWith('streams-per-dataset = 1'));
    await whilePaused(gate, send, async () => {
      const { reason } = checkRefusal(t, await ask(send), 'too-many-streams-of-dataset', 75);
      t.match(reason, /streams-per-dataset = 1\); try again when /);
    });
    await nobodySits(t, gate);
  });

  t.test('a gate that was killed counts for nothing', async (t) => {
    await gate.policy(policyWith('sessions = 1\nstreams = 1\nstreams-per-dataset = 1'));
    const killed = await whilePaused(gate, `zrep _refreshpull ${zrepName(source, 1)}`, async () => {
      const pid = await propertyOf(fileserver, 'zrep:lock-pid', source);
      checkRefusal(t, await ask(`zfs list ${source}`), 'too-many-sessions', 75);
      await fileserver.run(['kill', '-KILL', pid]);
      t.equal((await ask(`zfs list ${source}`)).code, 0);
    });
    t.not(killed.code, 0);
  });

  t.test('where nothing can be counted nothing is done', async (t) => {
    await fileserver.run(['rm', '-rf', '/var/run/zrep-gate']);
    await fileserver.writeFile('/var/run/zrep-gate', 'not a folder');
    await gate.policy(policyWith(''));
    checkRefusal(t, await ask(`zfs list ${source}`), 'limits-unavailable', 77);
    await fileserver.run(['rm', '/var/run/zrep-gate']);
    t.equal((await ask(`zfs list ${source}`)).code, 0);
  });
});

/** When all have left, they have left nothing. */
async function nobodySits(t: Test, { fileserver }: GateLab): Promise<void> {
  t.equal(await seatsOn(fileserver), '', 'no seat is taken');
}
