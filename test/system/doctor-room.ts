/** What the doctor says of a pool that is too full for a new snapshot, and of a file system that has as many as it may. */

import t from 'tap';
import { diagnose } from '../fixtures/system/doctor.ts';
import { inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { makeSource } from '../fixtures/system/source.ts';

const policyWith = (limits: string, more = '') => `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire"]
recursive = true
${limits}
${more}
`;
const MINE = ['pool-under-free-space', 'snapshots-at-limit', 'limit-below-floor'];

await inGateLab(t, policyWith(''), async (gate) => {
  const { fileserver, tank } = gate;
  const home = await makeSource(fileserver, `${tank}/home`, { snapshots: 3 });
  const other = await makeSource(fileserver, `${tank}/home/other`, { snapshots: 2 });
  await fileserver.run(['zfs', 'snapshot', `${home}@by-hand`]);
  const found = async (...words: string[]) => {
    const { findings } = await diagnose(fileserver, words);
    return findings.filter(({ code }) => MINE.includes(code));
  };

  t.test('where there is room for more, there is nothing to say', async (t) => {
    const before = await stateOf(fileserver);
    t.same(await found(), []);
    await gate.policy(policyWith('snapshots = 6\nkeep-at-least = 3'));
    t.same(await found(), []);
    t.same(await stateOf(fileserver), before);
  });

  t.test('a pool under free-space is an error, with what shows who uses it', async (t) => {
    await gate.policy(policyWith('free-space = "9P"'));
    const [finding, ...more] = await found();
    t.same(more, []);
    t.match(finding, {
      ...{ code: 'pool-under-free-space', severity: 'error', where: `pool ${tank}` },
      problem: /has .* free of .*, less than free-space = "9P"$/,
      remedy: { lines: [`zfs list -r -o space ${tank}`] },
    });
    const { code: checked, stderr } = await fileserver.run(['zrep-gate', 'check'], { allowFail: true });
    t.equal(checked, 0);
    t.match(
      stderr,
      new RegExp(`^zrep-gate: warning: pool ${tank}: has .*, less than free-space = "9P"\\. The gate `),
    );
    await fileserver.script(finding?.remedy.lines.join('\n') ?? 'false');
    const { code, verdict } = await diagnose(fileserver);
    t.same([code, verdict], [2, 'error']);
  });

  t.test('so is a file system at its limit, and only that one', async (t) => {
    await gate.policy(policyWith('snapshots = 3\nkeep-at-least = 1'));
    t.match(await found(), [
      {
        ...{ code: 'snapshots-at-limit', severity: 'error' },
        where: '/etc/zrep-gate/policy.toml: client.backup1.grant[1]',
        problem: `${home} has 3 snapshots of the tag zrep, and snapshots = 3`,
        remedy: { lines: ['snapshots = 6'] },
      },
    ]);
    const own = `[[client.backup1.grant]]\ndataset = "tank/home/other"\noperations = ["pull"]\nsnapshots = 2\nkeep-at-least = 1`;
    await gate.policy(policyWith('snapshots = 4\nkeep-at-least = 1', own));
    t.match(await found(), [
      {
        where: /grant\[2\]$/,
        problem: `${other} has 2 snapshots of the tag zrep, and snapshots = 2`,
        remedy: { lines: ['snapshots = 4'] },
      },
    ]);
    await gate.policy(policyWith('snapshots = 4\nkeep-at-least = 1', own.replace('"pull"', '"read"')));
    t.same(await found(), [], 'who makes none has no limit');
    t.same(await found('--client', 'backup1'), []);
  });

  t.test('a limit that the floors alone fill is a warning, also to check', async (t) => {
    await gate.policy(policyWith('snapshots = 5\nkeep-at-least = 5'));
    const [finding] = await found();
    t.match(finding, {
      ...{ code: 'limit-below-floor', severity: 'warning', where: /grant\[1\]$/ },
      problem: 'snapshots = 5 is not more than keep-at-least = 5',
      remedy: { lines: ['snapshots = 10'] },
    });
    const { code, stderr } = await fileserver.run(['zrep-gate', 'check'], { allowFail: true });
    t.equal(code, 0);
    t.match(
      stderr,
      /^zrep-gate: warning: client\.backup1\.grant\[1\]: snapshots = 5 is not more than keep-at-least = 5/,
    );
    await gate.policy(policyWith('snapshots = 6\nkeep-at-least = 5'));
    t.same(await found(), []);
  });
});
