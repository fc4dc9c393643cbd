/** What expiring destroys, and above all what it does not. */

import t, { type Test } from 'tap';
import { zfsKind } from '../../lab/zfs.ts';
import { type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
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
tags = ["zrep", "off"]
operations = ["expire"]

[[client.backup1.grant]]
dataset = "tank/tree"
subtree = true
except = ["tank/tree/private"]
operations = ["expire"]
recursive = true
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, tank } = gate;
  const zfs = (...words: string[]) => fileserver.run(['zfs', ...words]);
  await installWrapper(fileserver);
  await gate.share();

  t.test('the last sent snapshot, savecount - 1 before it, and everything newer stay', async (t) => {
    const count = { snapshots: 8, sent: [0, 2, 5] };
    const source = await makeSource(fileserver, `${tank}/home/counted`, { ...count, savecount: '3' });
    await expire(t, gate, source);
    t.same(await numbersOf(gate, source), [3, 4, 5, 6, 7]);
    await expire(t, gate, source);
    t.same(await numbersOf(gate, source), [3, 4, 5, 6, 7], 'and once more does no more');
  });

  t.test('a savecount of 1 leaves the last sent one, one above the count destroys nothing', async (t) => {
    const one = await makeSource(fileserver, `${tank}/home/one`, { snapshots: 4, sent: [2], savecount: '1' });
    await expire(t, gate, one);
    t.same(await numbersOf(gate, one), [2, 3]);
    const many = await makeSource(fileserver, `${tank}/home/many`, {
      snapshots: 4,
      sent: [3],
      savecount: '10',
    });
    await expire(t, gate, many);
    t.same(await numbersOf(gate, many), [0, 1, 2, 3]);
  });

  t.test('snapshots made in a row cannot push the last sent one out', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/row`, {
      snapshots: 30,
      sent: [0],
      savecount: '1',
    });
    await expire(t, gate, source);
    t.equal((await numbersOf(gate, source)).length, 30);
  });

  t.test('a savecount that only inherits counts as well, as in zrep', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/heir`, { snapshots: 5, sent: [4] });
    await zfs('inherit', 'zrep:savecount', source);
    await zfs('set', 'zrep:savecount=2', `${tank}/home`);
    await expire(t, gate, source);
    t.same(await numbersOf(gate, source), [3, 4]);
  });

  t.test('snapshots made by hand and those of another tag stay', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/mixed`, { snapshots: 2, sent: [] });
    for (const name of ['by-hand', 'off_000000', 'zrep_', 'zrep_00000g', 'zrepx_000000', 'zrep-uk_000000']) {
      await zfs('snapshot', `${source}@${name}`);
    }
    await zfs('snapshot', zrepName(source, 2));
    await zfs('set', 'zrep:sent=1795385385', zrepName(source, 2));
    await zfs('set', 'zrep:savecount=1', source);
    await expire(t, gate, source);
    const left = [
      'by-hand',
      'off_000000',
      'zrep_',
      'zrep_00000g',
      'zrepx_000000',
      'zrep-uk_000000',
      'zrep_000002',
    ];
    t.same(await snapshotNames(fileserver, source), left);
  });

  t.test('another tag expires its own by its own savecount', async (t) => {
    const own = { tag: 'off', snapshots: 4, sent: [3], savecount: '2' };
    const source = await makeSource(fileserver, `${tank}/home/off`, own);
    await zfs('snapshot', zrepName(source, 0));
    t.equal((await gate.ask(`zrep -t off expire -L ${source}`)).code, 0);
    t.same(await snapshotNames(fileserver, source), ['off_000002', 'off_000003', 'zrep_000000']);
  });

  t.test('a held snapshot stays, and the rest goes', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/held`, {
      snapshots: 4,
      sent: [3],
      savecount: '1',
    });
    await zfs('hold', 'keep', zrepName(source, 1));
    await expire(t, gate, source);
    t.same(await numbersOf(gate, source), [1, 3]);
  });

  t.test('a clone keeps its snapshot, the others go, and the clone is not named', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/cloned`, {
      snapshots: 4,
      sent: [3],
      savecount: '1',
    });
    await zfs('clone', zrepName(source, 0), `${tank}/private-clone`);
    const { code, stdout, stderr } = await gate.ask(`zrep expire -L ${source}`);
    t.same(await numbersOf(gate, source), [0, 3]);
    t.equal(code, 1, "zfs's exit code");
    t.equal(stdout, '');
    const [line = '', ...more] = stderr.split('\n');
    t.match(line, /^zrep-gate: zfs failed \(exit code 1\): cannot destroy '[^']*cloned@zrep_000000'/);
    t.same(more, [''], 'one line');
    t.notMatch(stderr, 'private-clone');
  });

  t.test('where zfs can, a dataset takes one process, and one that is stuck one more for each', async (t) => {
    // A channel program, and what it could not destroy once more by a call, which says why.
    const { batched, single, alone } =
      zfsKind() === 'kernel' ? { batched: 1, single: 2, alone: 2 } : { batched: 3, single: 3, alone: 1 };
    const options = { snapshots: 4, sent: [3], savecount: '1' };
    const free = await makeSource(fileserver, `${tank}/home/free`, options);
    t.equal(await destroysOf(gate, free), batched);
    t.same(await numbersOf(gate, free), [3]);
    const stuck = await makeSource(fileserver, `${tank}/home/stuck`, options);
    await zfs('clone', zrepName(stuck, 1), `${tank}/stuck-clone`);
    t.equal(await destroysOf(gate, stuck), single);
    t.same(await numbersOf(gate, stuck), [1, 3]);
    t.equal(await destroysOf(gate, stuck), alone, 'and one that is left has no other beside it');
    t.same(await numbersOf(gate, stuck), [1, 3]);
  });

  t.test('a snapshot that is held only once expiring has begun stays as well', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/late`, {
      snapshots: 4,
      sent: [3],
      savecount: '1',
    });
    const busy = zrepName(source, 1);
    // In zfs's place for one call: the hold comes between looking and destroying.
    const script = `#!/bin/bash
if [ "$1" = destroy ] || [ "$1" = program ]; then zfs hold late ${busy} 2>/dev/null; fi
exec zfs "$@"
`;
    await fileserver.writeFile('/usr/local/sbin/zfs-late', script, { mode: 0o755 });
    await gate.policy(POLICY.replace(LOGGED_ZFS, '/usr/local/sbin/zfs-late'));
    const { code, stderr } = await gate.ask(`zrep expire -L ${source}`);
    await gate.policy(POLICY);
    t.equal(code, 1);
    // OpenZFS names it without quotes, and what is not quoted is not shown.
    t.match(stderr, /^zrep-gate: zfs failed \(exit code 1\)/);
    t.same(await numbersOf(gate, source), [1, 3]);
  });

  t.test('a recursive grant takes along the same run of the children, and nothing else', async (t) => {
    const source = await makeSource(fileserver, `${tank}/tree`, { sent: [], savecount: '1' });
    for (const child of ['plain', 'plain/deep', 'own', 'own/below', 'private', 'later']) {
      await zfs('create', `${source}/${child}`);
    }
    await zfs('set', `zrep:src-fs=${source}/own`, `${source}/own`);
    await zfs('snapshot', '-r', zrepName(source, 1));
    await zfs('snapshot', zrepName(source, 2));
    await zfs('snapshot', zrepName(`${source}/later`, 2));
    await zfs('snapshot', '-r', zrepName(source, 3));
    await zfs('set', 'zrep:sent=1795385385', zrepName(source, 3));
    await expire(t, gate, source);
    t.same(await numbersOf(gate, source), [3]);
    t.same(await numbersOf(gate, `${source}/plain`), [3], 'the same run');
    t.same(await numbersOf(gate, `${source}/plain/deep`), [3], 'the same run, further down');
    t.same(await numbersOf(gate, `${source}/later`), [2, 3], 'the same name of another run stays');
    t.same(
      await numbersOf(gate, `${source}/own`),
      [1, 3],
      'a child with a zrep configuration of its own stays',
    );
    t.same(await numbersOf(gate, `${source}/own/below`), [1, 3], 'and what is below it');
    t.same(await numbersOf(gate, `${source}/private`), [1, 3], 'what is excepted stays');
  });

  t.test('a child that has no part in what was sent keeps what it has, and the root its run', async (t) => {
    const source = await makeSource(fileserver, `${tank}/tree/left`, { sent: [], savecount: '1' });
    await zfs('create', `${source}/child`);
    await zfs('snapshot', '-r', zrepName(source, 1));
    for (const number of [2, 3]) await zfs('snapshot', zrepName(source, number));
    await zfs('set', 'zrep:sent=1795385385', zrepName(source, 3));
    await expire(t, gate, source);
    t.same(await numbersOf(gate, `${source}/child`), [1]);
    t.same(await numbersOf(gate, source), [1, 3]);
  });

  t.test('without a recursive grant the children keep theirs', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/flat`, { sent: [], savecount: '1' });
    await zfs('create', `${source}/child`);
    for (const number of [1, 2]) await zfs('snapshot', '-r', zrepName(source, number));
    await zfs('set', 'zrep:sent=1795385385', zrepName(source, 2));
    await expire(t, gate, source);
    t.same(await numbersOf(gate, source), [2]);
    t.same(await numbersOf(gate, `${source}/child`), [1, 2]);
  });
});

async function expire(t: Test, { ask }: GateLab, dataset: string): Promise<void> {
  const { code, stdout, stderr } = await ask(`zrep expire -L ${dataset}`);
  t.same({ code, stdout, stderr }, { code: 0, stdout: `Expiring zrep snaps on ${dataset}\n`, stderr: '' });
}

/** Expires; the answer is how many processes zfs took to destroy. */
async function destroysOf({ fileserver, ask }: GateLab, dataset: string): Promise<number> {
  await callsOn(fileserver);
  await ask(`zrep expire -L ${dataset}`);
  return (await callsOn(fileserver)).filter(({ argv }) => ['destroy', 'program'].includes(argv[0] ?? ''))
    .length;
}

/** The numbers of a dataset's snapshots with the tag zrep, oldest first. */
async function numbersOf({ fileserver }: GateLab, dataset: string): Promise<number[]> {
  const names = await snapshotNames(fileserver, dataset);
  return names.map((name) => Number.parseInt(name.replace(/^zrep_/, ''), 16));
}
