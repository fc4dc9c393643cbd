/** A source whose last common snapshot somebody has destroyed: the next increment begins with the bookmark of it. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { bookmarksOf } from '../fixtures/system/bookmarks.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { openLogin } from '../fixtures/system/open-login.ts';

const POLICY = homePolicy(
  '["pull", "expire"]',
  `
[[client.backup1.grant]]
dataset = "tank/home/without"
operations = ["pull", "expire"]
bookmarks = false
`,
);

/** A zrep that has no verb of our own, and gives numbers by snapshots alone: as far as it matters here, a stock one. */
const STOCK = `#!/bin/sh
case $1 in
  _state) echo usage; exit 0;;
  _refreshcomplete) exec zfs set "$3" "$2";;
esac
exec /usr/bin/zrep-of-ours "$@"
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  const needing = await testsNeeding(t, fileserver, ['bookmarks']);
  for (const host of [fileserver, backup]) await provideBuild(host, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  await openLogin(gate, 'plain');
  const zrep = (words: string) => backup.run(['zrep', ...words.split(' ')], { allowFail: true });
  const there = (...argv: string[]) => fileserver.run(argv);
  const refreshed = async ({ source, destination }: Pair, name: string) => {
    await writeData(fileserver, source, name, 64);
    await backup.run(['zrep', 'refresh', destination]);
  };
  /** Refreshed twice, from `host`. */
  const newPair = async (name: string, { host = 'fileserver', savecount = 9 } = {}): Promise<Pair> => {
    const pair = await makePair(gate, `home/${name}`, { savecount });
    await backup.run(['zfs', 'set', `zrep:src-host=${host}`, pair.destination]);
    for (const file of ['one', 'two']) await refreshed(pair, file);
    return pair;
  };
  /** Every program says that it goes on, and so it does. */
  const goesOn = async (t: Test, { source, destination }: Pair) => {
    await writeData(fileserver, source, 'more', 64);
    t.match(await zrep(`status --verify ${destination}`), {
      code: 0,
      stdout: `${destination}: the next pull would succeed\n`,
    });
    const { findings } = await doctor(backup, destination);
    t.same(
      findings.filter(({ severity }) => severity === 'error'),
      [],
      'the doctor finds nothing in the way',
    );
    const { code, stderr } = await zrep(`refresh ${destination}`);
    t.equal(code, 0, 'done', { said: stderr });
    const [here, theirs] = [await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source)];
    t.same(here.at(-1), theirs.at(-1), 'the newest one, with its mark');
    t.match(await zrep(`refresh ${destination}`), { code: 0, stderr: '' }, 'and the next one as ever');
  };

  needing(['bookmarks'], 'each that is streamed is kept as a bookmark, three at most', async (t) => {
    const pair = await newPair('kept', { savecount: 2 });
    t.same(await bookmarksOf(fileserver, pair.source), ['zrep_000001', 'zrep_000002']);
    const foreign = `${pair.source}#zrep_000001`;
    await there('zfs', 'bookmark', `${pair.source}@zrep_000001`, foreign);
    for (const file of ['three', 'four']) await refreshed(pair, file);
    t.same(await snapshotNames(fileserver, pair.source), ['zrep_000003', 'zrep_000004']);
    t.same(await bookmarksOf(fileserver, pair.source), ['zrep_000002', 'zrep_000003', 'zrep_000004']);
    await there('zfs', 'get', 'guid', foreign);
  });

  needing(
    ['bookmarks'],
    'a source goes on from it without its last common snapshot, or without any',
    async (t) => {
      const pair = await newPair('gate');
      await there('zfs', 'destroy', `${pair.source}@zrep_000002`);
      await goesOn(t, pair);
      const names = await snapshotNames(fileserver, pair.source);
      t.same(names.slice(-2), ['zrep_000003', 'zrep_000004'], 'the number was not given again');
      const records = (await loggedOn(fileserver)).map(({ fields }) => fields);
      const made = records.find((one) => one['bookmark']?.startsWith(`${pair.source}#zrep_000002_`));
      t.ok(
        records.some((one) => one['base'] === made?.['bookmark']),
        'made and used, by the records',
      );

      for (const one of names) await there('zfs', 'destroy', `${pair.source}@${one}`);
      await goesOn(t, pair);
    },
  );

  needing(['bookmarks'], 'so does one whose zrep is ours, without a gate', async (t) => {
    const pair = await newPair('plain', { host: 'plain' });
    t.same(await bookmarksOf(fileserver, pair.source), ['zrep_000001', 'zrep_000002']);
    await there('zfs', 'destroy', `${pair.source}@zrep_000002`);
    await goesOn(t, pair);
  });

  t.test(
    'where there is none, the doctor and a refresh name what is in the way, and change nothing',
    async (t) => {
      const pair = await newPair('without');
      if (gate.zfs !== 'zfs-fuse')
        t.same(await bookmarksOf(fileserver, pair.source), [], 'the policy says no');
      await there('zfs', 'destroy', `${pair.source}@zrep_000002`);
      const before = await snapshotsOf(backup, pair.destination);
      t.match(await zrep(`status --verify ${pair.destination}`), { code: 1, stdout: 'would FAIL: ' });
      const refused = await zrep(`refresh ${pair.destination}`);
      t.equal(refused.code, 1);
      t.match(refused.stderr, `zrep refresh -f ${pair.destination}`);
      t.same(await snapshotsOf(backup, pair.destination), before);
    },
  );

  needing(
    ['bookmarks'],
    "a stock zrep's source is asked for bookmarks, and told to begin there",
    async (t) => {
      const pair = await newPair('stock', { host: 'plain' });
      await there('zfs', 'bookmark', `${pair.source}@zrep_000002`, `${pair.source}#by-hand`);
      // Or a stock zrep would give the number again.
      await there('zfs', 'snapshot', `${pair.source}@zrep_000003`);
      for (const one of ['0', '1', '2']) await there('zfs', 'destroy', `${pair.source}@zrep_00000${one}`);
      await fileserver.script(
        `for b in $(zfs list -H -t bookmark -o name ${pair.source} | grep zrep_); do zfs destroy $b; done`,
      );
      const { stdout } = await fileserver.script('readlink -f "$(command -v zrep)"; command -v zrep');
      const [program = '', name = ''] = stdout.split('\n');
      await fileserver.script(`ln -s ${program} /usr/bin/zrep-of-ours; rm ${name}`);
      await fileserver.writeFile(name, STOCK, { mode: 0o755 });
      await goesOn(t, pair);
      t.match((await snapshotNames(backup, pair.destination)).slice(-2), ['zrep_000004', 'zrep_000005']);
    },
  );
});
