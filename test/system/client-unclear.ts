/** A source that was moved, and a restored copy: what neither the doctor nor a refresh may take for a copy. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, writeData } from '../../lab/pair.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { propertyOf } from '../fixtures/system/partial.ts';

const POLICY = homePolicy('["pull", "expire", "read"]', '');

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup } = gate;
  await provideBuild(fileserver, { program: 'zrep' });
  await provideBuild(backup, { program: 'zrep' });
  await backup.run(['zfs', 'create', `${backup.pool}/home`]);
  const pair = await makePair(gate, 'home/old');
  const moved = `${fileserver.pool}/home/new`;
  const carry = (host: typeof backup, from: string, to: string, name: string) =>
    host.script(
      `zfs snapshot ${from}@${name} && zfs send -R ${from}@${name} | zfs receive ${to} && zfs destroy ${from}@${name}`,
    );

  t.test(
    'the doctor names a source that was moved, stops nobody from writing to it, and does nothing to it',
    async (t) => {
      await carry(fileserver, pair.source, moved, 'mv');
      for (const words of [['--fix'], ['--fix', '-f']]) {
        const found = await doctor(fileserver, '--here', ...words, moved);
        t.match(found, { code: 1, codes: ['role-unclear'], mended: [] }, words.join(' '));
        t.match(found.findings[0]?.what, `zrep:src-fs=${pair.source} (received)`);
      }
      t.equal(await propertyOf(fileserver, 'readonly', moved), 'off');
      await writeData(fileserver, moved, 'still-written', 64);
    },
  );

  t.test('and no refresh rolls it back, not even with -f', async (t) => {
    const before = await snapshotNames(fileserver, moved);
    const { code, stderr } = await fileserver.run(['zrep', 'refresh', '-f', '--yes', moved], {
      allowFail: true,
    });
    t.equal(code, 1);
    t.match(stderr, `${moved} is not refreshed: its properties do not say that it is a copy`);
    const expired = await fileserver.run(['zrep', 'expire', '-L', moved], { allowFail: true });
    t.equal(expired.code, 1);
    t.match(expired.stderr, `${moved} is not expired: its properties`);
    t.same(await snapshotNames(fileserver, moved), before);
  });

  t.test('the commands for a moved source in docs/doctor-pairs.md take it over', async (t) => {
    const [newest] = (await snapshotNames(fileserver, moved))
      .filter((name) => name.startsWith('zrep_'))
      .slice(-1);
    await fileserver.run(['zrep', 'changeconfig', moved, 'backup', pair.destination]);
    await fileserver.run(['zrep', 'sentsync', '-L', `${moved}@${newest}`]);
    await backup.run(['zrep', 'changeconfig', '-d', pair.destination, 'fileserver', moved]);
    const { code, stderr } = await backup.run(['zrep', 'refresh', pair.destination], { allowFail: true });
    t.equal(code, 0, 'done', { said: stderr });
    t.match(await doctor(fileserver, '--here', moved), { code: 0, codes: [] });
  });

  t.test('a restored copy is named, and hidden by the commands for it', async (t) => {
    const restored = `${backup.pool}/restored`;
    await carry(backup, pair.destination, restored, 'test');
    // Of what was set here, zfs sends nothing on as set there.
    t.match(await doctor(backup, '--here', '--fix', restored), {
      code: 1,
      codes: ['role-unclear'],
      mended: [],
    });
    await backup.script(
      `for p in src-fs src-host dest-fs dest-host savecount master; do zfs inherit zrep:$p ${restored}; done`,
    );
    t.match((await doctor(backup, '--here', restored)).codes, ['not-a-pair']);
  });
});
