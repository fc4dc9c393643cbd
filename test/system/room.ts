/** A limit on snapshots does not keep itself up: what is due expires before a new snapshot is refused, also for a stock client. */

import t, { type Test } from 'tap';
import { makePair, type Pair, writeData } from '../../lab/pair.ts';
import { loggedFor } from '../fixtures/system/audit-log.ts';
import { type GateLab, inGateLab, snapshotNames, stateOf } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { refresh } from '../fixtures/system/refresh.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { openSession } from '../fixtures/system/session.ts';
import { makeSource } from '../fixtures/system/source.ts';
import { SPELLINGS } from '../fixtures/system/spellings.ts';

const policyWith = (limits: string, operations = '"pull", "expire", "read"') => `
[audit]
syslog = "local"
[limits]
keep-at-least = 1
${limits}
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = [${operations}]
`;
const KEEPING = 'keep-for = "7 days"';
const LETTING = 'keep-for = "0 seconds"';
const MEBIBYTE = 2 ** 20;

await inGateLab(t, policyWith(KEEPING), async (gate) => {
  const { fileserver, backup, tank, ask } = gate;
  await backup.run(['zfs', 'create', `${gate.vault}/home`]);
  const due = (name: string) =>
    makeSource(fileserver, `${tank}/home/${name}`, { snapshots: 4, sent: [0, 1, 2, 3], savecount: '1' });
  await gate.share();

  t.test('so many snapshots, of which some are due: a stock refresh goes through', async (t) => {
    const pair = await overdue(t, gate, 'home/number', 16);
    await gate.policy(policyWith(`${LETTING}\nsnapshots = 4`));
    await refresh(t, gate, pair, SPELLINGS.plain, {});
    t.same(await snapshotNames(fileserver, pair.source), ['zrep_000004']);
  });

  t.test('a pool under free-space: likewise', async (t) => {
    const pair = await overdue(t, gate, 'home/space', 16 * 1024);
    const available = Number(await propertyOf(fileserver, 'available', tank));
    const lacking = `free-space = "${Math.ceil(available / MEBIBYTE) + 16}M"`;
    await gate.policy(policyWith(`${KEEPING}\n${lacking}`));
    const before = await snapshotNames(fileserver, pair.source);
    const refused = await ask(`zrep snaponly ${pair.source}`);
    const { reason, id } = checkRefusal(t, refused, 'pool-full', 75);
    t.match(
      reason,
      `the pool ${tank} has less free than a new snapshot needs (${lacking}); none is due to expire: `,
    );
    t.match(reason, new RegExp(`see what uses the space: zfs list -r -o space ${tank}$`));
    t.match(await resultOf(gate, id), { code: 'pool-full', destroyed: '0' });
    t.same(await snapshotNames(fileserver, pair.source), before);
    t.equal(await propertyOf(fileserver, 'zrep:lock-pid', pair.source), '-');

    await gate.policy(policyWith(`${LETTING}\n${lacking}`));
    await refresh(t, gate, pair, SPELLINGS.plain, {});
    t.same(await snapshotNames(fileserver, pair.source), ['zrep_000004']);
  });

  t.test('where it is not enough, what is due has gone all the same, and that is said', async (t) => {
    const source = await due('short');
    await gate.policy(policyWith(`${LETTING}\nfree-space = "99.9%"`));
    const { reason, id } = checkRefusal(t, await ask(`zrep snaponly ${source}`), 'pool-full', 75);
    t.match(reason, '; the gate expired 3 snapshots, which was not enough; retry in a minute, ');
    t.match(await resultOf(gate, id), { code: 'pool-full', destroyed: '3' });
    t.same(await snapshotNames(fileserver, source), ['zrep_000003']);
  });

  t.test('in a session, with the lock kept, likewise', async (t) => {
    const source = await due('session');
    await gate.policy(policyWith(`${LETTING}\nsnapshots = 4`));
    const session = await openSession(t, gate);
    t.match(await session.ask(`keep zrep snaponly ${source}`), { code: 0, output: `${source}@zrep_000004` });
    session.close();
    t.equal(await session.ended, 0);
    t.same(await snapshotNames(fileserver, source), ['zrep_000003', 'zrep_000004']);
    t.equal(await propertyOf(fileserver, 'zrep:lock-pid', source), '-');
  });

  t.test('a client that may not expire has nothing expired for it', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/pulled`, {
      ...{ snapshots: 3, sent: [0, 1, 2], savecount: '1' },
    });
    await gate.policy(policyWith(`${LETTING}\nsnapshots = 3`, '"pull"'));
    const before = await stateOf(fileserver);
    const { reason } = checkRefusal(t, await ask(`zrep snaponly ${source}`), 'too-many-snapshots', 75);
    t.match(reason, 'the gate expired nothing, since the grant has no "expire"');
    t.same(await stateOf(fileserver), before);
  });

  t.test('a clone of a snapshot that is due does not keep the others', async (t) => {
    const source = await due('kept');
    await fileserver.run(['zfs', 'clone', `${source}@zrep_000000`, `${tank}/clone`]);
    await gate.policy(policyWith(`${LETTING}\nsnapshots = 4`));
    t.match(await ask(`zrep snaponly ${source}`), { code: 0, stdout: `${source}@zrep_000004` });
    t.same(await snapshotNames(fileserver, source), ['zrep_000000', 'zrep_000003', 'zrep_000004']);
    await gate.policy(policyWith(`${LETTING}\nsnapshots = 1`));
    const { reason, id } = checkRefusal(t, await ask(`zrep snaponly ${source}`), 'too-many-snapshots', 75);
    t.match(reason, '; zfs could not destroy 1, and the log has why; ');
    t.notMatch(reason, 'clone');
    t.match(await resultOf(gate, id), { detail: /zrep_000000: .*clone/ });
  });
});

/** A pair of four snapshots, all sent, of which three are beyond the save count; so many KiB were written before each. */
async function overdue(t: Test, gate: GateLab, name: string, kibibytes: number): Promise<Pair> {
  await gate.policy(policyWith(KEEPING));
  const pair = await makePair(gate, name, { savecount: 1 });
  for (let round = 0; round < 3; round += 1) {
    await writeData(gate.fileserver, pair.source, 'data', kibibytes);
    await refresh(t, gate, pair, SPELLINGS.plain, {});
  }
  t.equal((await snapshotNames(gate.fileserver, pair.source)).length, 4);
  return pair;
}

/** The record of how the request ended. */
async function resultOf({ fileserver }: GateLab, id: string) {
  const logged = await loggedFor(fileserver, id, 2);
  return logged.find(({ fields }) => fields['event'] === 'result')?.fields;
}
