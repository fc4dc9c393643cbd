/** How streams can be packed: the policy's flags, a client's own in every spelling, and what zfs is called with. */

import t, { type Test } from 'tap';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { epoch, type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { receive, streamsOn } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';

const policy = (flags: readonly string[]) => `
zfs = "${LOGGED_ZFS}"
[zrep]
send-flags = ${JSON.stringify(flags)}
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
properties = true
operations = ["pull", "send"]
`;

await inGateLab(t, policy([]), async (gate) => {
  const { fileserver, tank, ask } = gate;
  await installWrapper(fileserver);
  const testNeeding = await testsNeeding(t, fileserver, ['compressed sends', 'raw']);
  await makeSource(fileserver, `${tank}/home`, { snapshots: 2 });
  await gate.backup.run(['zfs', 'create', `${gate.vault}/home`]);
  const pulled = await makePair(gate, 'home/pulled');
  const sent = await makePair(gate, 'home/sent');
  await gate.share();

  t.test("a pull without flags of the policy's has none", async (t) => pullWith(t, gate, pulled, [], []));

  t.test('a bookmark is no base, and nothing else that is no snapshot of zrep', async (t) => {
    const target = `${tank}/home@zrep_000001`;
    await callsOn(fileserver);
    for (const [base, code] of [
      [`${tank}/home#zrep_000000`, 'not-understood'],
      ['#zrep_000000', 'not-understood'],
      [`'${tank}/home#zrep_000000'`, 'not-understood'],
      [`${tank}/home`, 'bad-name'],
      ['@by-hand', 'bad-name'],
    ] as const) {
      for (const option of ['-i', '-I']) {
        checkRefusal(t, await ask(`zfs send ${option} ${base} ${target}`), code, 77);
      }
    }
    t.same(await callsOn(fileserver), [], 'zfs was not even called');
  });

  testNeeding(['compressed sends', 'raw'], 'each flag of the policy goes with every pull', async (t) => {
    for (const [flags, expected] of [
      [['-L'], ['-L']],
      [['-c'], ['-c']],
      [['-e'], ['-e']],
      [['-w'], ['-w']],
      [
        ['-e', '-c', '-L'],
        ['-L', '-c', '-e'],
      ],
    ] as const) {
      await pullWith(t, gate, pulled, flags, expected);
    }
  });

  testNeeding(['compressed sends', 'raw'], "a client's own flags are zfs's, in every spelling", async (t) => {
    const spellings: readonly (readonly [words: string, argv: readonly string[]])[] = [
      ['--large-block --compressed --embed --raw -i', ['-L', '-c', '-e', '-w', '-i']],
      ['-Lce -I', ['-L', '-c', '-e', '-I']],
      ['-ecLi', ['-L', '-c', '-e', '-i']],
      ['-w --props -c -i', ['-c', '-p', '-w', '-i']],
      ['--large-block -ceI', ['-L', '-c', '-e', '-I']],
    ];
    for (const [index, [words, argv]] of spellings.entries()) {
      const [base, snapshot] = [zrepName(sent.source, index), zrepName(sent.source, index + 1)];
      await writeData(fileserver, sent.source, 'news', 256);
      await fileserver.run(['zfs', 'snapshot', snapshot]);
      await callsOn(fileserver);
      const received = await receive(gate, `zfs send ${words} ${base} ${snapshot}`, ['-u', sent.destination]);
      t.match(received, { code: 0, stderr: '' }, words);
      t.same(await streamsOn(gate.fileserver), [['send', ...argv, base, snapshot]]);
      await sameSnapshots(t, gate, sent, index + 2);
    }
  });
});

/** A pull under a policy with these flags: zfs gets those that are expected, and the snapshot arrives. */
async function pullWith(
  t: Test,
  gate: GateLab,
  pair: Pair,
  flags: readonly string[],
  expected: readonly string[],
): Promise<void> {
  await gate.policy(policy(flags));
  await writeData(gate.fileserver, pair.source, 'news', 256);
  const before = await snapshotsOf(gate.fileserver, pair.source);
  const { stdout: snapshot } = await gate.ask(`zrep snaponly ${pair.source}`);
  await callsOn(gate.fileserver);
  const received = await receive(gate, `zrep  _refreshpull ${snapshot}  `, ['-u', pair.destination]);
  t.match(received, { code: 0, stderr: '' }, `send-flags ${flags}`);
  const base = `${pair.source}@${before.at(-1)?.name}`;
  t.same(await streamsOn(gate.fileserver), [['send', ...expected, '-i', base, snapshot]]);
  const completed = await gate.ask(`zrep _refreshcomplete ${snapshot} zrep:sent=${epoch()}`);
  t.equal(completed.code, 0);
  await sameSnapshots(t, gate, pair, before.length + 1);
}

/** Both sides have as many snapshots, with the same names and GUIDs. */
async function sameSnapshots(t: Test, gate: GateLab, pair: Pair, count: number): Promise<void> {
  const [here, there] = await Promise.all([
    snapshotsOf(gate.fileserver, pair.source),
    snapshotsOf(gate.backup, pair.destination),
  ]);
  t.equal(here.length, count);
  t.same(
    there.map(({ name, guid }) => `${name} ${guid}`),
    here.map(({ name, guid }) => `${name} ${guid}`),
  );
}
