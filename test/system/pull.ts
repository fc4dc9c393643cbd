/** A stock client's pull, by the four commands it sends, from real ZFS through a real sshd into real ZFS. */

import t, { type Test } from 'tap';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { refresh } from '../fixtures/system/refresh.ts';
import { OFF_SPELLINGS, RECURSIVE, SPELLINGS } from '../fixtures/system/spellings.ts';

/** A filter as clients write it, and what undoes it. */
const FILTERS = {
  'lz4 -c': 'lz4 -d -c',
  'gzip -1': 'gzip -dc',
  'zstd -c -3': 'zstd -dc',
  'mbuffer -q -m 16M': 'cat',
  'zstd -c | mbuffer -q': 'zstd -dc',
  'gzip -c | lz4 -9 | mbuffer -q': 'lz4 -d -c | gzip -dc',
};

const POLICY = `
[limits]
keep-for = "0 seconds"
keep-at-least = 1
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
filters = ["gzip", "lz4", "zstd", "mbuffer"]

[[client.backup1.grant]]
dataset = "tank/off"
tags = ["off"]
operations = ["pull", "expire"]

[[client.backup1.grant]]
dataset = "tank/tree"
operations = ["pull", "expire"]
recursive = true
`;

await inGateLab(
  t,
  POLICY,
  async (gate) => {
    const home = await makePair(gate, 'home');
    const off = await makePair(gate, 'off', { tag: 'off' });
    t.test(
      'refreshes by the key of root and by the account with sudo end with equal snapshots',
      async (t) => {
        for (const account of ['root', 'zrep', 'root']) {
          await writeData(gate.fileserver, home.source, `by-${account}`, 64);
          await refresh(t, gate, home, SPELLINGS.plain, { account });
        }
        await sameOnBothSides(t, gate, home, 4);
        await gate.share();
      },
    );

    t.test('every spelling of a stock client does the same', async (t) => {
      for (const [name, spelling] of Object.entries(SPELLINGS)) {
        t.comment(name);
        await refresh(t, gate, home, spelling, {});
      }
      for (const spelling of Object.values(OFF_SPELLINGS)) await refresh(t, gate, off, spelling, {});
      await sameOnBothSides(t, gate, off, 1 + Object.keys(OFF_SPELLINGS).length);
    });

    t.test('a stream through each filter arrives behind its opposite', async (t) => {
      for (const [filter, opposite] of Object.entries(FILTERS)) {
        await writeData(gate.fileserver, home.source, `through-${filter.split(' ')[0]}`, 128);
        const pull = (name: string) => `zrep  _refreshpull ${name}  | ${filter}`;
        await refresh(t, gate, home, { ...SPELLINGS.plain, pull }, { opposite });
      }
    });

    t.test('the tag zrep carries the snapshots of others in between, another tag does not', async (t) => {
      for (const [pair, spelling, arrives] of [
        [home, SPELLINGS.plain, true],
        [off, OFF_SPELLINGS.plain, false],
      ] as const) {
        await gate.fileserver.run(['zfs', 'snapshot', `${pair.source}@by-hand`]);
        await refresh(t, gate, pair, spelling, {});
        const names = await snapshotNames(gate.backup, pair.destination);
        t.equal(names.includes('by-hand'), arrives, `tag ${pair.tag}`);
      }
    });

    t.test('-R brings the children, in every order of the switches', async (t) => {
      const tree = await makePair(gate, 'tree');
      await gate.fileserver.run(['zfs', 'create', `${tree.source}/leaf`]);
      for (const spelling of RECURSIVE) {
        await writeData(gate.fileserver, `${tree.source}/leaf`, 'news', 64);
        // zfs-fuse mounts what comes with properties, which changes the parent.
        await refresh(t, gate, tree, spelling, { force: true });
      }
      const leaf = { source: `${tree.source}/leaf`, destination: `${tree.destination}/leaf`, tag: 'zrep' };
      await sameOnBothSides(t, gate, leaf, RECURSIVE.length, false);
    });
  },
  { sudo: true },
);

/** Every snapshot of the source is on the destination with the same GUID and, but for children, the same mark. */
async function sameOnBothSides(
  t: Test,
  { fileserver, backup }: GateLab,
  pair: Pair,
  count: number,
  marked = true,
) {
  const here = await snapshotsOf(fileserver, pair.source);
  const there = await snapshotsOf(backup, pair.destination);
  t.equal(here.length, count);
  t.same(there, here);
  t.ok(here.every(({ sent }) => (sent !== '') === marked));
}
