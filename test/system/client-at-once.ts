/** Two runs of `zrep refresh` for one copy at the same time: on this machine, since a guest's one core runs them in turns. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf } from '../../lab/pair.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';

const POLICY = `
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup } = gate;
  await provideBuild(backup, { program: 'zrep' });
  const pair = await makePair(gate, 'home', { savecount: 2 });
  const refresh = () => backup.run(['zrep', 'refresh', pair.destination], { allowFail: true });

  t.test('of two refreshes at once, twenty times over, exactly one transfers at a time', async (t) => {
    for (let round = 0; round < 20; round += 1) {
      const before = (await snapshotNames(fileserver, pair.source)).at(-1) ?? '';
      const ends = await Promise.all([refresh(), refresh()]);
      const done = ends.filter(({ code }) => code === 0).length;
      const after = (await snapshotNames(fileserver, pair.source)).at(-1) ?? '';
      const made = Number.parseInt(after.slice(-6), 16) - Number.parseInt(before.slice(-6), 16);
      // One that came when the other was done may transfer as well; never do two at a time.
      t.equal(made, done, `round ${round}: as many snapshots as successes`, { said: ends });
      t.ok(done >= 1);
      t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
    }
  });
});
