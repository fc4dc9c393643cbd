/** What is recursive holds to each dataset's own grant: its rights, its limits, and what expiring leaves there. */

import t from 'tap';
import { epoch, inGateLab, snapshotNames, stateOf } from '../fixtures/system/gate-lab.ts';
import { insist } from '../fixtures/system/insist.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource } from '../fixtures/system/source.ts';

/** A tree's grant, and that of one child in it. */
const policyWith = (child: string, root = '') => `
[limits]
keep-for = "0 seconds"
keep-at-least = 1
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire", "send", "read"]
recursive = true
properties = true
filters = ["gzip"]
${root}
[[client.backup1.grant]]
dataset = "tank/home/own"
subtree = true
${child}
`;
const ALL = 'operations = ["pull", "expire", "send", "read"]\nrecursive = true\n';

await inGateLab(t, policyWith(ALL), async (gate) => {
  const { fileserver, tank, ask } = gate;
  const home = await makeSource(fileserver, `${tank}/home`, { savecount: '1', snapshots: 0 });
  const tree = [home, `${home}/own`, `${home}/own/deep`, `${home}/plain`];
  for (const child of tree.slice(1)) await fileserver.run(['zfs', 'create', child]);
  await fileserver.script(
    `zfs snapshot -r ${home}@zrep_000000; zfs set zrep:sent=${epoch()} ${home}@zrep_000000`,
  );
  await gate.share();
  /** A refresh of the tree, as far as the fileserver goes. */
  const refresh = async () => {
    const { stdout: made, stderr } = await ask(`zrep -R snaponly ${home}`);
    t.match(made, /@zrep_[0-9a-f]{6}$/, 'makes one', { said: stderr });
    t.match(await ask(`zrep -R _refreshpull ${made}`), { code: 0 });
    t.match(await ask(`zrep _refreshcomplete ${made} zrep:sent=${epoch()}`), { code: 0 });
    t.match(await ask(`zrep expire -L ${home}`), { code: 0 });
  };
  const names = async () =>
    Object.fromEntries(
      await Promise.all(tree.map(async (one) => [one, await snapshotNames(fileserver, one)] as const)),
    );
  const allHave = (...kept: string[]) => Object.fromEntries(tree.map((one) => [one, kept]));

  t.test('a child keeps what its own grant says, and with it the whole run stays', async (t) => {
    await gate.policy(policyWith(`${ALL}keep-at-least = 3`));
    await refresh();
    await refresh();
    t.same(await names(), allHave('zrep_000000', 'zrep_000001', 'zrep_000002'));
    await refresh();
    t.same(await names(), allHave('zrep_000001', 'zrep_000002', 'zrep_000003'));
    await gate.policy(policyWith(`${ALL}keep-for = "7 days"`));
    t.match(await ask(`zrep expire -L ${home}`), { code: 0 });
    t.same(await names(), allHave('zrep_000001', 'zrep_000002', 'zrep_000003'));
    await gate.policy(policyWith(ALL));
    t.match(await ask(`zrep expire -L ${home}`), { code: 0 });
    t.same(await names(), allHave('zrep_000003'), 'and goes when nobody keeps it');
  });

  t.test('a child that is held keeps its run, until it is let go of', async (t) => {
    await gate.policy(policyWith(ALL));
    await refresh();
    await fileserver.run(['zfs', 'hold', 'kept', `${home}/plain@zrep_000004`]);
    await refresh();
    t.same(await names(), allHave('zrep_000004', 'zrep_000005'));
    await fileserver.run(['zfs', 'release', 'kept', `${home}/plain@zrep_000004`]);
    t.match(await ask(`zrep expire -L ${home}`), { code: 0 });
    t.same(await names(), allHave('zrep_000005'));
  });

  t.test('a child with a clone keeps its run, and that is told', async (t) => {
    await fileserver.run(['zfs', 'clone', `${home}/plain@zrep_000005`, `${tank}/copy`]);
    await ask(`zrep -R snaponly ${home}`);
    t.match(await ask(`zrep -R _refreshpull ${home}@zrep_000006`), { code: 0 });
    t.match(await ask(`zrep _refreshcomplete ${home}@zrep_000006 zrep:sent=${epoch()}`), { code: 0 });
    t.not((await ask(`zrep expire -L ${home}`)).code, 0);
    t.same((await names())[home], ['zrep_000005', 'zrep_000006']);
    await insist(fileserver, ['zfs', 'destroy', `${tank}/copy`]);
    t.match(await ask(`zrep expire -L ${home}`), { code: 0 });
    t.same(await names(), allHave('zrep_000006'));
  });

  t.test("a recursive snapshot keeps to each child's own limits, or none is made", async (t) => {
    const room = Number(await propertyOf(fileserver, 'available', tank));
    for (const [limit, code, said] of [
      ['snapshots = 1', 'too-many-snapshots', `${home}/own has 1 snapshot `],
      ['snapshots-per-hour = 1', 'snapshots-too-often', `${home}/own got 1 snapshot `],
      [`free-space = "${Math.ceil(room / 2 ** 20) + 9}M"`, 'pool-full', `the pool ${tank} `],
    ] as const) {
      await gate.policy(policyWith(`${ALL}${limit}`));
      const before = await stateOf(fileserver);
      const { reason } = checkRefusal(t, await ask(`zrep -R snaponly ${home}`), code, 75);
      t.match(reason, said);
      t.same(await stateOf(fileserver), before, 'nothing was made, and nothing is gone');
    }
    await gate.policy(policyWith(`${ALL}snapshots = 2`));
    t.match(await ask(`zrep -R snaponly ${home}`), { code: 0 });
  });

  t.test('a recursive stream needs each right of every child', async (t) => {
    const newest = `${home}@${(await snapshotNames(fileserver, home)).at(-1)}`;
    const raw = `${ALL}raw = "forbidden"`;
    for (const [child, command] of [
      [ALL, `zrep -R _refreshpull ${newest} | gzip`],
      [`${ALL}filters = ["gzip"]`, `zfs send -Rp ${newest}`],
      ['operations = ["pull"]\nrecursive = true', `zfs send -R ${newest}`],
      ['operations = ["send"]\nrecursive = true', `zrep -R snaponly ${home}`],
      ['operations = ["pull", "send"]', `zfs send -R ${newest}`],
      [`${ALL}tags = ["off"]`, `zrep -R _refreshpull ${newest}`],
      [raw, `zrep -R _refreshpull ${newest}`],
    ] as const) {
      await gate.policy(policyWith(child));
      checkRefusal(t, await ask(command), 'recursive-crosses-grant', 77);
    }
    await gate.policy(policyWith(`${ALL}filters = ["gzip"]\nproperties = true`));
    for (const command of [`zrep -R _refreshpull ${newest} | gzip`, `zfs send -Rp ${newest}`])
      t.match(await ask(command), { code: 0 }, command);
  });

  t.test('a listing of a tree shows only what each grant in it shows', async (t) => {
    await gate.policy(policyWith(`${ALL}tags = ["off"]`));
    checkRefusal(t, await ask(`zfs get -r zrep:sent ${home}`), 'property-not-readable', 77);
    t.match(await ask(`zfs get -r guid ${home}`), { code: 0 });
    await gate.policy(policyWith('operations = ["pull"]'));
    checkRefusal(t, await ask(`zfs list -r ${home}`), 'names-other-datasets', 77);
  });
});
