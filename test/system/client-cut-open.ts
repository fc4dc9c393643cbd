/** Streams that were cut off from a fileserver without a gate: our own zrep answers there, or a stock one. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { snapshotsOf } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { makeHealthyPair, transfer, writeSource } from '../fixtures/system/histories/pair.ts';
import { World } from '../fixtures/system/histories/world.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { openLogin, shareOpenLogin } from '../fixtures/system/open-login.ts';
import { tokenOn } from '../fixtures/system/partial.ts';

/** More than zfs needs to begin, less than all. */
const CUT = 1_000_000;

/** A zrep that has no verb of our own, and gives a token to zfs as it came: as far as it matters here, a stock one. */
const STOCK = '/root/bin/stock-zrep';
const SCRIPT = `#!/bin/sh
case $1,$3 in
  _state,*) echo usage; exit 0;;
  _refreshcomplete,*) exec zfs set "$3" "$2";;
  _refreshpull,1-*) exec zfs send -t "$3";;
esac
exec zrep "$@"
`;

await inGateLab(t, homePolicy('["pull", "expire"]'), async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  const needing = await testsNeeding(t, fileserver, ['resume']);
  for (const host of [fileserver, backup]) await provideBuild(host, { program: 'zrep' });
  await openLogin(gate, 'open');
  const SSH = await shareOpenLogin(gate, 'open');
  await fileserver.writeFile(STOCK, SCRIPT, { mode: 0o755 });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  let pairs = 0;
  /** Refreshed once; the stream of zrep_000002 was cut off, and left a token where zfs can resume. */
  const cutPair = async (t: Test): Promise<World> => {
    pairs += 1;
    const world = new World(gate, `p${pairs}`, 'open');
    await world.begin();
    await makeHealthyPair(world, 1);
    await writeSource(world, 'much', 3072);
    await transfer(world, 2, CUT);
    if (gate.zfs === 'kernel') t.not(await tokenOn(backup, world.copy), '-', 'there is a token');
    return world;
  };
  const equal = async (t: Test, { source, copy }: World) => {
    const [here, there] = [await snapshotsOf(backup, copy), await snapshotsOf(fileserver, source)];
    t.same(here.at(-1), there.at(-1), 'the newest one, with its mark');
  };

  for (const [what, ZREP_PATH] of [
    ['our zrep', 'zrep'],
    ['a stock zrep', STOCK],
  ] as const) {
    const zrep = (...words: string[]) =>
      backup.run(['zrep', ...words], { allowFail: true, env: { SSH, ZREP_PATH } });
    for (const anew of ['destroyed', 'destroyed, and made anew'])
      needing(['resume'], `${what}: a snapshot whose stream was cut off was ${anew}`, async (t) => {
        const world = await cutPair(t);
        await world.run('source', ['zfs', 'destroy', `${world.source}@zrep_000002`]);
        if (anew !== 'destroyed')
          await world.run('source', ['zfs', 'snapshot', `${world.source}@zrep_000002`]);
        t.match(await zrep('status', '--verify', world.copy), { code: 0 });
        const { code, stderr } = await zrep('refresh', world.copy);
        t.equal(code, 0, 'done', { said: stderr });
        t.match(
          stderr,
          /resumed \(its snapshot is not on open any more\)\. What it left is discarded, and a new stream begins\n/,
        );
        await equal(t, world);
        t.match(await zrep('refresh', world.copy), { code: 0, stderr: '' }, 'and the next one as ever');
      });

    needing(['resume'], `${what}: what came is kept while the source is not there`, async (t) => {
      const world = await cutPair(t);
      const token = await tokenOn(backup, world.copy);
      await world.run('source', ['zfs', 'rename', world.source, `${world.source}-away`]);
      t.match(await zrep('refresh', world.copy), { code: 1 });
      t.equal(await tokenOn(backup, world.copy), token);
      await world.run('source', ['zfs', 'rename', `${world.source}-away`, world.source]);
      t.match(await zrep('refresh', world.copy), { code: 0, stderr: '' });
      t.ok((await snapshotNames(backup, world.copy)).includes('zrep_000002'), 'it was resumed');
      await equal(t, world);
    });

    t.test(
      `${what}: a snapshot on the copy with the name of one that is to come is seen before anything is streamed`,
      async (t) => {
        const world = await cutPair(t);
        await world.run('source', ['zfs', 'snapshot', `${world.source}@manual`]);
        await world.run('copy', ['zfs', 'snapshot', `${world.copy}@manual`]);
        const before = await snapshotsOf(backup, world.copy);
        const told = await zrep('status', '--verify', world.copy);
        t.match(told, { code: 1, stdout: '@manual' });
        const refused = await zrep('refresh', world.copy);
        t.equal(refused.code, 1);
        const [, why = 'nothing'] = /would FAIL: (.*)\n/.exec(told.stdout) ?? [];
        t.ok(refused.stderr.includes(why), 'in the same words', { told, refused });
        t.same(await snapshotsOf(backup, world.copy), before);
      },
    );
  }
});
