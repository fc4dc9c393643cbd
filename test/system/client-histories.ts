/**
 * Random histories of pairs: `zrep status --verify` says what the next `zrep refresh` then does. HISTORIES=2000 SEED=1 runs as many, from
 * that seed on (docs/lab.md).
 */

import t from 'tap';
import { switchTo } from '../../lab/gate.ts';
import { provideBuild } from '../../lab/installation.ts';
import { zfsKind } from '../../lab/zfs.ts';
import manifest from '../../package.json' with { type: 'json' };
import { type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { makeHealthyPair } from '../fixtures/system/histories/pair.ts';
import { type Side, World } from '../fixtures/system/histories/world.ts';
import {
  describe,
  type Happened,
  type History,
  happen,
  historyOf,
  kindOfDifference,
  shrink,
} from '../fixtures/system/histories.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { openLogin } from '../fixtures/system/open-login.ts';

/** How many are asked about, and refreshed, by one call. */
const AT_A_TIME = 10;

/** Where .ci/run runs them, a hundred in all: in a guest each takes four times as long. */
const USUAL = zfsKind() === 'kernel' ? { count: 10, seed: 1, trees: 3 } : { count: 90, seed: 11, trees: 0 };

/** How many, the seed of the first, for how many seconds those that differ are shrunk, and how many of them are with -R, which zfs-fuse does not take. */
const {
  HISTORIES = String(USUAL.count),
  SEED = String(USUAL.seed),
  SHRINK_SECONDS = '60',
  TREES = String(USUAL.trees),
} = process.env;
const [histories, seed, shrinking, trees] = [HISTORIES, SEED, SHRINK_SECONDS, TREES].map(Number) as [
  number,
  number,
  number,
  number,
];

/** Of those with -R: the usual ones have differed once. */
const treeSeed = process.env['SEED'] === undefined ? 2000 : seed;

const POLICY = homePolicy('["pull", "expire", "init", "read"]', 'resume = true\nrecursive = true');

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, vault, tank } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await switchTo(fileserver, manifest.version, 'zrep');
  await openLogin(gate, 'open');
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);

  t.test('a healthy pair is made here as zrep makes it', async (t) => {
    const [real, made] = [new World(gate, 'real', 'gate'), new World(gate, 'made', 'gate')];
    await real.begin();
    await fileserver.run(['zfs', 'create', real.source]);
    await backup.run(['zrep', 'init', '--pull', `fileserver:${real.source}`, real.copy]);
    await backup.run(['zrep', 'refresh', real.copy]);
    await made.begin();
    await makeHealthyPair(made, 1);
    for (const side of ['source', 'copy'] as const)
      t.same(await settings(gate, made, side), await settings(gate, real, side));
    for (const world of [real, made]) await world.remove();
  });

  const differing = new Map<string, Happened[]>();
  const all = Array.from({ length: histories }, (_, index) =>
    index < trees ? historyOf(treeSeed + index, true) : historyOf(seed + index),
  );
  for (const group of [...groups(all.slice(0, trees)), ...groups(all.slice(trees))]) {
    const seeds = group.map((one) => one.seed);
    const which = `${(group[0]?.children ?? 0) > 0 ? 'with -R ' : ''}${seeds[0]} to ${seeds.at(-1)}`;
    t.test(`verify and refresh agree on the histories ${which}`, async (t) => {
      const began = Date.now();
      for (const one of await happen(gate, group)) {
        t.equal(one.difference, undefined, `history ${one.history.seed}: ${one.verdict.verdict}`, {
          said: describe(one),
        });
        if (one.difference === undefined) continue;
        const kind = kindOfDifference(one);
        differing.set(kind, [...(differing.get(kind) ?? []), one]);
      }
      t.comment(`${((Date.now() - began) / 1000 / seeds.length).toFixed(1)} seconds a history`);
    });
  }

  t.test('the shortest history of each kind that differs', async (t) => {
    const kinds = [...differing.values()].sort((a, b) => b.length - a.length);
    const end = Date.now() + shrinking * 1000;
    for (const kind of kinds) {
      const [first] = kind.sort((a, b) => a.history.steps.length - b.history.steps.length);
      const shortest = await shrink(gate, first as Happened, end);
      t.fail(`${shortest.difference}, ${kind.length} times`, { said: describe(shortest) });
    }
    if (kinds.length === 0) t.pass('there is none');
  });
});

/** As many as share a call. */
function groups(all: readonly History[]): History[][] {
  const count = Math.ceil(all.length / AT_A_TIME);
  return Array.from({ length: count }, (_, index) => all.slice(index * AT_A_TIME, (index + 1) * AT_A_TIME));
}

/** All that is set on a side and on its snapshots, whatever the time and the history's name. */
async function settings(gate: GateLab, world: World, side: Side): Promise<string[]> {
  const argv = ['zfs', 'get', '-Hp', '-r', '-s', 'local,received', '-o', 'name,property,value,source', 'all'];
  const { stdout } = await (side === 'source' ? gate.fileserver : gate.backup).run([...argv, world.of(side)]);
  const lines = stdout
    .replaceAll(/\b\d{10}\b/g, 'TIME')
    .replaceAll('/home/made/', '/home/real/')
    .split('\n');
  // zfs-fuse shows what the mount has.
  return lines.filter((line) => gate.zfs === 'kernel' || !line.includes('\treadonly\t')).sort();
}
