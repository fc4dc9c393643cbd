/** Where marks were lost or lie, or snapshots are gone, a refresh goes on from what both sides have; or every program names what is in the way. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { makeHealthyPair } from '../fixtures/system/histories/pair.ts';
import { World } from '../fixtures/system/histories/world.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { insist } from '../fixtures/system/insist.ts';
import { openLogin } from '../fixtures/system/open-login.ts';

const POLICY = homePolicy('["pull", "expire"]', '');

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  await gate.shareWithZrep();
  const isFuse = gate.zfs === 'zfs-fuse';
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
  const writable = async ({ destination }: Pair, name: string) => {
    await here('zfs', 'set', 'readonly=off', destination);
    await here('zfs', 'mount', destination);
    await writeData(backup, destination, name, 64);
    await here('zfs', 'set', 'readonly=on', destination);
  };

  /** Somebody at a terminal who says yes. */
  const agree = (words: string) =>
    backup.run(['sh', '-c', `printf 'yes\\n' | script -qec "zrep ${words}" /dev/null`], { allowFail: true });

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

  const IN_THE_WAY: [code: string, breaks: (pair: Pair) => Promise<unknown>][] = [
    [
      'newer-snapshots',
      async (pair) => {
        await writable(pair, 'change');
        await here('zfs', 'snapshot', `${pair.destination}@before-upgrade`);
      },
    ],
    ['copy-modified', (pair) => writable(pair, 'change')],
    [
      'parted',
      async ({ source }) => {
        await there('zfs', 'destroy', `${source}@zrep_000002`);
        await there('zfs', 'set', `zrep:sent=${Math.floor(Date.now() / 1000)}`, `${source}@zrep_000001`);
      },
    ],
    ['base-destroyed', ({ destination }) => here('zfs', 'destroy', `${destination}@zrep_000002`)],
  ];
  for (const [code, breaks] of IN_THE_WAY)
    t.test(`${code}: every program says so, and its line mends it`, async (t) => {
      const pair = await newPair();
      await breaks(pair);
      // What is written is told of when it is on disk.
      await here('sync');
      await writeData(fileserver, pair.source, 'more', 64);
      const before = await snapshotsOf(backup, pair.destination);
      const line = `zrep refresh -f ${pair.destination}`;
      // A zfs that does not count what was written learns of it by trying.
      if (!isFuse || code === 'parted') {
        t.match(await zrep(`status --verify ${pair.destination}`), { code: 1, stdout: `would FAIL: ` });
        t.match((await zrep(`status --verify ${pair.destination}`)).stdout, line);
        const { findings } = await doctor(backup, pair.destination);
        t.ok(findings.some((one) => one.code === code && one.mend.lines.includes(line)));
      }
      const refused = await zrep(`refresh ${pair.destination}`);
      t.equal(refused.code, 1);
      t.match(refused.stderr, line);
      t.same(await snapshotsOf(backup, pair.destination), before, 'nothing was changed');
      t.ok((await zrep(`status ${pair.destination}`)).stderr.includes(line), 'status says so, too');
      t.match(await zrep(`status -w 2h ${pair.destination}`), {
        code: 1,
        stdout: / has failed to refresh for /,
      });
      const unasked = await zrep(`refresh -f --yes ${pair.destination}`);
      // The newest one that was sent goes: that wants somebody who has seen it.
      t.equal(unasked.code, code === 'parted' ? 1 : 0, 'as far as --yes goes', { said: unasked.stderr });
      if (code === 'parted') {
        t.match(unasked.stderr, `to do it, at a terminal: ${line}\n`);
        t.same(await snapshotsOf(backup, pair.destination), before);
        const asked = await agree(line.slice('zrep '.length));
        t.equal(asked.code, 0, 'done', { said: asked.stdout });
      }
      await equal(t, pair);
      t.match(await zrep(`status --verify ${pair.destination}`), { code: 0 });
      t.match(await zrep(`refresh ${pair.destination}`), { code: 0, stderr: '' });
      t.match(await zrep(`status ${pair.destination}`), { code: 0, stderr: '' });
    });

  const mount = (source: string) =>
    fileserver.script(`[ "$(zfs get -Ho value mounted ${source})" = yes ] || zfs mount ${source}`);
  /** What the fileserver's own root did to the source; the line is for them. */
  const AT_THE_SOURCE: [code: string, breaks: (pair: Pair) => Promise<unknown>][] = [
    [
      'source-received',
      async ({ source }) => {
        await fileserver.script(`zfs send -R ${source}@zrep_000002 | zfs receive -u ${source}_moved`);
        await insist(fileserver, ['zfs', 'destroy', '-r', source]);
        await insist(fileserver, ['zfs', 'rename', `${source}_moved`, source]);
        await mount(source);
      },
    ],
    [
      'source-unconfigured',
      async ({ source, destination }) => {
        await insist(fileserver, ['zfs', 'destroy', '-r', source]);
        await backup.script(`zfs send ${destination}@zrep_000002 | ssh plain zfs receive -u ${source}`);
        await mount(source);
      },
    ],
    ['source-renamed', ({ source }) => there('zfs', 'set', 'zrep:src-host=former', source)],
  ];
  for (const [code, breaks] of AT_THE_SOURCE)
    t.test(`${code}: every program says so, and its line mends it on the fileserver`, async (t) => {
      const pair = await newPair();
      await breaks(pair);
      const { findings } = await doctor(backup, pair.destination);
      const found = findings.find((one) => one.code === code);
      const [line = ''] = found?.mend.lines ?? [];
      t.match(found?.mend, { on: 'fileserver' });
      t.same(
        findings.filter(({ severity }) => severity === 'error').map((one) => one.code),
        [code],
      );
      for (const words of ['status --verify', 'refresh']) {
        const told = await zrep(`${words} ${pair.destination}`);
        t.equal(told.code, 1);
        t.ok(`${told.stdout}${told.stderr}`.includes(`on fileserver: ${line}\n`), words, told);
      }
      await fileserver.script(line);
      await writeData(fileserver, pair.source, 'more', 64);
      t.match(await zrep(`status --verify ${pair.destination}`), { code: 0 });
      const { code: ended, stderr } = await zrep(`refresh ${pair.destination}`);
      t.equal(ended, 0, 'done', { said: stderr });
      await equal(t, pair);
      t.match(await zrep(`refresh ${pair.destination}`), { code: 0, stderr: '' });
    });
});
