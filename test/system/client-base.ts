/** Where marks were lost or lie, or snapshots are gone, a refresh goes on from what both sides have. What is in the way: client-obstacles*.ts. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { makeHealthyPair } from '../fixtures/system/histories/pair.ts';
import { World } from '../fixtures/system/histories/world.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { openLogin } from '../fixtures/system/open-login.ts';

const POLICY = homePolicy('["pull", "expire"]', '');

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  await gate.shareWithZrep();
  const zrep = (words: string) => backup.run(['zrep', ...words.split(' ')], { allowFail: true });
  let pairs = 0;
  /** Refreshed twice, with something written each time. */
  const newPair = async (): Promise<Pair> => {
    pairs += 1;
    const world = new World(gate, `p${pairs}`, 'gate');
    await world.begin();
    await makeHealthyPair(world, 2);
    return { source: world.source, destination: world.copy, tag: 'zrep' };
  };
  const refreshed = async ({ source, destination }: Pair, name: string) => {
    await writeData(fileserver, source, name, 64);
    await backup.run(['zrep', 'refresh', destination]);
  };
  const equal = async (t: Test, { source, destination }: Pair) => {
    const [here, there] = [await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source)];
    t.same(here.at(-1), there.at(-1), 'the newest one, with its mark');
  };
  const there = (...argv: string[]) => fileserver.run(argv);
  const here = (...argv: string[]) => backup.run(argv);
  await openLogin(gate, 'plain');
  const HEALED: [name: string, breaks: (pair: Pair) => Promise<unknown>][] = [
    [
      'the mark of the newest common snapshot is gone there',
      ({ source }) => there('zfs', 'inherit', 'zrep:sent', `${source}@zrep_000002`),
    ],
    [
      'no snapshot there is marked any more',
      async ({ source }) => {
        for (const name of ['zrep_000000', 'zrep_000001', 'zrep_000002'])
          await there('zfs', 'inherit', 'zrep:sent', `${source}@${name}`);
      },
    ],
    [
      'marks are gone on both sides',
      async ({ source, destination }) => {
        await there('zfs', 'inherit', 'zrep:sent', `${source}@zrep_000002`);
        await here('zfs', 'inherit', 'zrep:sent', `${destination}@zrep_000002`);
      },
    ],
    [
      'one is marked there that never came here',
      async ({ source }) => {
        await there('zfs', 'snapshot', `${source}@zrep_000003`);
        await there('zfs', 'set', `zrep:sent=${Math.floor(Date.now() / 1000)}`, `${source}@zrep_000003`);
      },
    ],
    [
      'another tool has destroyed what zrep had in common, and left its own',
      async ({ source, destination }) => {
        await there('zfs', 'snapshot', `${source}@autosnap`);
        await refreshed({ source, destination, tag: 'zrep' }, 'three');
        for (const name of await snapshotNames(fileserver, source))
          if (name !== 'autosnap') await there('zfs', 'destroy', `${source}@${name}`);
        // Or the next one would have the number of one that is here.
        await there('zfs', 'snapshot', `${source}@zrep_000008`);
        await here('zfs', 'rollback', '-r', `${destination}@autosnap`);
      },
    ],
    [
      'the newest common snapshot has a blank in its name',
      async ({ source, destination }) => {
        await there('zfs', 'snapshot', `${source}@before upgrade`);
        await backup.script(
          `ssh plain "zfs send -i @zrep_000002 '${source}@before upgrade'" | zfs receive ${destination}`,
        );
      },
    ],
    [
      'the common snapshot has another name on either side',
      async ({ source, destination }) => {
        await there('zfs', 'rename', `${source}@zrep_000002`, `${source}@keep`);
        await there('zfs', 'snapshot', `${source}@zrep_000004`);
        await here('zfs', 'rename', `${destination}@zrep_000002`, `${destination}@mine`);
      },
    ],
  ];
  for (const [name, breaks] of HEALED)
    t.test(`goes on where ${name}`, async (t) => {
      const pair = await newPair();
      await breaks(pair);
      await writeData(fileserver, pair.source, 'more', 64);
      t.match(await zrep(`status --verify ${pair.destination}`), {
        code: 0,
        stdout: `${pair.destination}: the next pull would succeed\n`,
      });
      const errors = (await doctor(backup, pair.destination)).findings.filter(
        ({ severity }) => severity === 'error',
      );
      t.same(errors, [], 'nor does the doctor find anything in the way');
      const shown = await zrep(`snapshots --verify --json ${pair.destination}`);
      const [{ base }] = JSON.parse(shown.stdout).datasets;
      const theirs = await snapshotsOf(fileserver, pair.source);
      t.ok(
        theirs.some(({ guid }) => guid === base),
        'the base is shown by its GUID',
        { said: shown.stdout },
      );
      const { code, stderr } = await zrep(`refresh ${pair.destination}`);
      t.equal(code, 0, 'done', { said: stderr });
      await equal(t, pair);
      t.match(await zrep(`refresh ${pair.destination}`), { code: 0, stderr: '' }, 'and the next one as ever');
    });

  t.test('what -f --yes agrees to: not that the newest snapshot that was sent goes', async (t) => {
    const pair = await newPair();
    await there('zfs', 'destroy', `${pair.source}@zrep_000002`);
    await writeData(fileserver, pair.source, 'more', 64);
    const before = await snapshotsOf(backup, pair.destination);
    t.match(await zrep(`refresh ${pair.destination}`), { code: 1 });
    t.match(await zrep(`status -w 2h ${pair.destination}`), {
      code: 1,
      stdout: / has failed to refresh for /,
    });
    const line = `zrep refresh -f ${pair.destination}`;
    t.match(await zrep(`refresh -f --yes ${pair.destination}`), {
      code: 1,
      stderr: `to do it, at a terminal: ${line}\n`,
    });
    t.same(await snapshotsOf(backup, pair.destination), before, 'nothing was changed');
  });

  t.test('and that changes of the copy are given up', async (t) => {
    const pair = await newPair();
    await here('zfs', 'set', 'readonly=off', pair.destination);
    await here('zfs', 'mount', pair.destination);
    await writeData(backup, pair.destination, 'change', 64);
    await here('sync');
    await writeData(fileserver, pair.source, 'more', 64);
    t.match(await zrep(`refresh -f --yes ${pair.destination}`), { code: 0 });
    await equal(t, pair);
  });

  t.test('a name on the copy that is to come is seen before anything is made or streamed', async (t) => {
    const pair = await newPair();
    await there('zfs', 'snapshot', `${pair.source}@daily`);
    await there('zfs', 'snapshot', `${pair.source}@manual`);
    await here('zfs', 'snapshot', `${pair.destination}@manual`);
    await there('zfs', 'snapshot', `${pair.source}@hourly`);
    const sides = async () => [
      await snapshotsOf(fileserver, pair.source),
      await snapshotsOf(backup, pair.destination),
    ];
    const before = await sides();
    const { stdout } = await zrep(`status --verify ${pair.destination}`);
    t.match(stdout, '@manual');
    const refused = await zrep(`refresh ${pair.destination}`);
    t.equal(refused.code, 1);
    const [, why = 'nothing'] = /would FAIL: (.*)\n/.exec(stdout) ?? [];
    t.ok(refused.stderr.includes(why), 'in the words of --verify', { stdout, said: refused.stderr });
    t.same(await sides(), before);
  });
});
