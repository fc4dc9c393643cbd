/** Trees that change between refreshes: what -R carries, and what expiring takes along. */

import t from 'tap';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { insist, renameFileSystem } from '../fixtures/system/insist.ts';
import { refresh } from '../fixtures/system/refresh.ts';
import { RECURSIVE } from '../fixtures/system/spellings.ts';

const POLICY = `
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/tree"
operations = ["pull", "expire"]
recursive = true

[[client.backup1.grant]]
dataset = "tank/plain"
operations = ["pull", "expire"]
recursive = true
`;
const [SPELLING] = RECURSIVE as [(typeof RECURSIVE)[0]];

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank } = gate;
  const zfs = (...words: string[]) => fileserver.run(['zfs', ...words]);
  await gate.share();

  t.test('zfs receive -F follows children that were added, removed and renamed', async (t) => {
    const tree = await makePair(gate, 'tree', { savecount: 2 });
    const follow = () => refresh(t, gate, tree, SPELLING, { force: true });
    for (const child of ['kept', 'gone', 'old', 'own']) await addChild(gate, `${tree.source}/${child}`);
    await zfs('set', `zrep:src-fs=${tree.source}/own`, `${tree.source}/own`);
    await follow();
    t.same(await childrenOn(gate, 'backup', 'tree'), ['gone', 'kept', 'old', 'own']);
    await dismount(gate, tree);

    await insist(fileserver, ['zfs', 'destroy', '-r', `${tree.source}/gone`]);
    await renameFileSystem(fileserver, `${tree.source}/old`, `${tree.source}/new`);
    await addChild(gate, `${tree.source}/late`);
    await follow();
    t.same(await childrenOn(gate, 'backup', 'tree'), ['kept', 'late', 'new', 'own']);
    for (const child of ['kept', 'late', 'new', 'own']) {
      const [here, there] = [`${tree.source}/${child}`, `${tree.destination}/${child}`];
      t.same(await snapshotsOf(backup, there), await snapshotsOf(fileserver, here), child);
    }

    await follow();
    t.same(await snapshotNames(fileserver, tree.source), ['zrep_000002', 'zrep_000003']);
    for (const [child, left] of Object.entries({
      kept: ['zrep_000002', 'zrep_000003'],
      new: ['zrep_000002', 'zrep_000003'],
      late: ['zrep_000002', 'zrep_000003'],
      own: ['zrep_000001', 'zrep_000002', 'zrep_000003'],
    })) {
      t.same(await snapshotNames(fileserver, `${tree.source}/${child}`), left, child);
    }
  });

  t.test('of a child that was there before, snapshots of other runs stay', async (t) => {
    const source = `${tank}/tree`;
    await zfs('snapshot', `${source}/kept@by-hand`);
    await zfs('create', `${source}/foreign`);
    // The name of a run in which the child had no part.
    await zfs('snapshot', `${source}/foreign@zrep_000002`);
    const pair = { source, destination: `${gate.vault}/tree`, tag: 'zrep' };
    await refresh(t, gate, pair, SPELLING, { force: true });
    await refresh(t, gate, pair, SPELLING, { force: true });
    const both = ['zrep_000004', 'zrep_000005'];
    t.same(await snapshotNames(fileserver, source), both);
    t.same(await snapshotNames(fileserver, `${source}/kept`), ['by-hand', ...both]);
    t.same(await snapshotNames(fileserver, `${source}/foreign`), ['zrep_000002', ...both]);
  });

  t.test('a plain zfs receive brings new children, and leaves removed ones', async (t) => {
    const plain = await makePair(gate, 'plain');
    const follow = () => refresh(t, gate, plain, SPELLING, {});
    await addChild(gate, `${plain.source}/gone`);
    await follow();
    await dismount(gate, plain);
    await insist(fileserver, ['zfs', 'destroy', '-r', `${plain.source}/gone`]);
    await addChild(gate, `${plain.source}/late`);
    await follow();
    t.same(await childrenOn(gate, 'backup', 'plain'), ['gone', 'late']);
    const late = [`${plain.source}/late`, `${plain.destination}/late`] as const;
    t.same(await snapshotsOf(backup, late[1]), await snapshotsOf(fileserver, late[0]));
  });
});

/**
 * Unmounts what was received first and takes back what mounting it changed: a plain zfs receive takes nothing
 * where anything has changed. Not earlier: the first stream with properties clears those that were set before.
 */
async function dismount({ backup }: GateLab, { destination }: Pair): Promise<void> {
  await insist(backup, ['zfs', 'set', 'mountpoint=none', destination]);
  const latest = (await snapshotNames(backup, destination)).at(-1);
  await backup.run(['zfs', 'rollback', `${destination}@${latest}`]);
}

async function addChild({ fileserver }: GateLab, dataset: string): Promise<void> {
  await fileserver.run(['zfs', 'create', dataset]);
  await writeData(fileserver, dataset, 'data', 64);
}

/** The names of what is below POOL/NAME, without that. */
async function childrenOn(gate: GateLab, side: 'fileserver' | 'backup', name: string): Promise<string[]> {
  const root = `${gate[side].pool}/${name}`;
  const { stdout } = await gate[side].run(['zfs', 'list', '-H', '-r', '-o', 'name', root]);
  return stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${root}/`) ? [line.slice(root.length + 1)] : []));
}
