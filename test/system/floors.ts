/** What expiring leaves whatever a client does in front of it: the real backup's base, above all. */

import t from 'tap';
import { makePair, type Pair } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { epoch, type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { refresh } from '../fixtures/system/refresh.ts';
import { makeSource } from '../fixtures/system/source.ts';
import { SPELLINGS } from '../fixtures/system/spellings.ts';

const policyWith = (limits: string) => `
[limits]
${limits}
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire"]
`;

await inGateLab(t, policyWith(''), async (gate) => {
  const { fileserver, backup, tank, vault, ask } = gate;
  await backup.run(['zfs', 'create', `${vault}/home`]);
  const expire = async (dataset: string) => {
    const { code, stdout, stderr } = await ask(`zrep expire -L ${dataset}`);
    t.same({ code, stdout }, { code: 0, stdout: `Expiring zrep snaps on ${dataset}\n` }, 'expires', {
      said: stderr,
    });
    return snapshotNames(fileserver, dataset);
  };
  await gate.share();

  t.test('a thief who streams to nowhere, completes and expires does not get rid of the base', async (t) => {
    await gate.policy(policyWith('keep-at-least = 1'));
    const pair = await makePair(gate, 'home/base', { savecount: 1 });
    await refresh(t, gate, pair, SPELLINGS.plain, {});
    const before = await snapshotNames(fileserver, pair.source);
    t.same(before, ['zrep_000000', 'zrep_000001'], 'the real base is the second one');
    const made = await thieve(gate, pair, 4);
    t.same(await expire(pair.source), [...before, ...made]);
  });

  t.test('keep-for is over once the newer stream is so old, and not before', async (t) => {
    await gate.policy(policyWith('keep-at-least = 1\nkeep-for = "10 minutes"'));
    const pair = await makePair(gate, 'home/patience', { savecount: 1 });
    await refresh(t, gate, pair, SPELLINGS.plain, {});
    const made = await thieve(gate, pair, 2);
    t.equal((await expire(pair.source)).length, 4);
    await gate.policy(policyWith('keep-at-least = 1\nkeep-for = "2 seconds"'));
    const left = await eventually(
      () => expire(pair.source),
      (names) => names.length === 1,
    );
    t.same(left, made.slice(-1), 'the last sent one alone');
  });

  t.test('what was streamed long ago and never marked does not shorten keep-for', async (t) => {
    await gate.policy(policyWith('keep-at-least = 1\nkeep-for = "2 hours"'));
    const pair = await makePair(gate, 'home/unread', { savecount: 1 });
    await refresh(t, gate, pair, SPELLINGS.plain, {});
    const before = await snapshotNames(fileserver, pair.source);
    const { stdout: made } = await ask(`zrep snaponly ${pair.source}`);
    const past = epoch() - 86_400;
    // A backup whose zfs receive failed: the stream had ended well, and nothing was marked.
    await fileserver.run(['zfs', 'set', `zrep-gate:streamed=backup1@${past}`, made]);
    t.equal((await ask(`zrep _refreshcomplete ${made} zrep:sent=${past}`)).code, 0);
    t.same(await expire(pair.source), [...before, made.split('@')[1]]);
  });

  t.test('keep-at-least holds where the save count is less', async (t) => {
    const dataset = await makeSource(fileserver, `${tank}/home/few`, {
      snapshots: 8,
      sent: [0, 1, 2, 3, 4, 5],
      savecount: '1',
    });
    await gate.policy(policyWith('keep-at-least = 4\nkeep-for = "0 seconds"'));
    const names = ['2', '3', '4', '5', '6', '7'].map((digit) => `zrep_00000${digit}`);
    t.same(
      await expire(dataset),
      names,
      'the last sent one and three before it; what is not sent does not count',
    );
    await gate.policy(policyWith('keep-at-least = 1\nkeep-for = "0 seconds"'));
    t.same(await expire(dataset), names.slice(3), 'else the save count');
  });

  t.test('by default five stay, and a week', async (t) => {
    await gate.policy(policyWith(''));
    const dataset = await makeSource(fileserver, `${tank}/home/default`, {
      snapshots: 9,
      sent: [...Array(9).keys()],
      savecount: '1',
    });
    t.equal((await expire(dataset)).length, 9);
    await gate.policy(policyWith('keep-for = "0 seconds"'));
    t.equal((await expire(dataset)).length, 5);
  });
});

/** Snapshot, stream to nowhere, complete, expire, so many times; the names that were made. */
async function thieve({ ask }: GateLab, { source }: Pair, times: number): Promise<string[]> {
  const names: string[] = [];
  for (let round = 0; round < times; round += 1) {
    const { stdout: made } = await ask(`zrep snaponly ${source}`);
    const commands = [
      `zrep _refreshpull ${made}`,
      `zrep _refreshcomplete ${made} zrep:sent=${epoch()}`,
      `zrep expire -L ${source}`,
    ];
    for (const command of commands) {
      const { code, stderr } = await ask(command);
      if (code !== 0) throw new Error(`${command}: ${stderr}`);
    }
    names.push(made.split('@')[1] ?? '');
  }
  return names;
}
