/** Without root and without sudo: an account to which `zfs allow` gave what its clients may do. */

import t from 'tap';
import { letInAs } from '../../lab/installation.ts';
import { makePair, snapshotsOf } from '../../lab/pair.ts';
import { addAccount } from '../../lab/ssh.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedFor, loggedOn } from '../fixtures/system/audit-log.ts';
import { bookmarksOf } from '../fixtures/system/bookmarks.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab, snapshotNames, stateOf } from '../fixtures/system/gate-lab.ts';
import { refresh } from '../fixtures/system/refresh.ts';
import { checkRefusal, idIn } from '../fixtures/system/refusal.ts';
import { startSleeper } from '../fixtures/system/sleeper.ts';
import { makeSource } from '../fixtures/system/source.ts';
import { SPELLINGS } from '../fixtures/system/spellings.ts';

const POLICY = `
[zrep]
rundir = "/run/zrep"
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
[[client.backup1.grant]]
dataset = "tank/other"
operations = ["pull", "expire"]
[[client.backup1.grant]]
dataset = "tank/unexpired"
operations = ["pull", "expire"]
[[client.backup1.grant]]
dataset = "tank/unkept"
operations = ["pull", "expire"]
`;

const ACCOUNT = 'zrep';
/** As docs/zfs-allow.md has them: of the dataset alone, and of what is below it, which its snapshots are. */
const PERMISSIONS = {
  '-l': 'bookmark,hold,mount,snapshot,userprop',
  '-d': 'destroy,mount,send,userprop',
};

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, ask } = gate;
  await addAccount(fileserver, ACCOUNT);
  await letInAs(gate, 'backup1', ACCOUNT);
  await fileserver.run(['install', '-d', '-m', '0755', '-o', ACCOUNT, '/run/zrep']);
  const allow = async (dataset: string, permissions: typeof PERMISSIONS) => {
    for (const [whose, words] of Object.entries(permissions))
      await fileserver.run(['zfs', 'allow', whose, '-u', ACCOUNT, words, dataset]);
  };
  await gate.share(ACCOUNT);
  const testNeeding = await testsNeeding(t, fileserver, ['delegation']);

  t.test('what the policy grants and zfs allow does not is not done', async (t) => {
    const other = await makeSource(fileserver, `${tank}/other`, {
      snapshots: 3,
      sent: [0, 1, 2],
      savecount: '1',
    });
    const before = await stateOf(fileserver);
    for (const command of [`zrep snaponly ${other}`, `zrep expire -L ${other}`]) {
      const { code, stdout, stderr } = await ask(command, { account: ACCOUNT });
      t.not(code, 0, command);
      t.equal(stdout, '', command);
      t.match(stderr, /^zrep-gate: zfs failed/);
    }
    t.same(await stateOf(fileserver), before);
  });

  testNeeding(['delegation'], 'an account with what zfs allow gave it serves refreshes', async (t) => {
    const home = await makePair(gate, 'home', { savecount: 2 });
    await allow(home.source, PERMISSIONS);
    for (const spelling of [SPELLINGS.plain, SPELLINGS.sudo, SPELLINGS['-D']])
      await refresh(t, gate, home, spelling, { account: ACCOUNT });
    t.same(await snapshotNames(fileserver, home.source), ['zrep_000002', 'zrep_000003']);
    const [here, there] = [
      await snapshotsOf(fileserver, home.source),
      await snapshotsOf(backup, home.destination),
    ];
    t.same(there.slice(-2), here);
    t.same(await bookmarksOf(fileserver, home.source), ['zrep_000001', 'zrep_000002', 'zrep_000003']);
  });

  testNeeding(
    ['delegation'],
    'without the permission for bookmarks there are none, and all else is done',
    async (t) => {
      const pair = await makePair(gate, 'unkept', { savecount: 2 });
      await allow(pair.source, { ...PERMISSIONS, '-l': 'hold,mount,snapshot,userprop' });
      await refresh(t, gate, pair, SPELLINGS.plain, { account: ACCOUNT });
      t.same(await bookmarksOf(fileserver, pair.source), []);
      const refused = (await loggedOn(fileserver)).map(({ fields }) => fields['bookmark-refused']);
      t.match(refused.findLast(Boolean), /permission denied/);
    },
  );

  testNeeding(['delegation'], "a lock of root's, whom the account cannot signal, is respected", async (t) => {
    const dataset = `${tank}/home`;
    const pid = await startSleeper(fileserver);
    await fileserver.run(['zfs', 'set', `zrep:lock-pid=${pid}`, dataset]);
    checkRefusal(t, await ask(`zrep snaponly ${dataset}`, { account: ACCOUNT }), 'lock-busy', 75);
    await fileserver.run(['kill', '-KILL', pid]);
    const taken = await eventually(
      () => ask(`zrep snaponly ${dataset}`, { account: ACCOUNT }),
      ({ code }) => code === 0,
    );
    t.equal(taken.code, 0, 'and taken over when that has ended', { said: taken.stderr });
  });

  testNeeding(['delegation'], 'without the permission to destroy, only expiring fails', async (t) => {
    const pair = await makePair(gate, 'unexpired', { savecount: 1 });
    await allow(pair.source, { ...PERMISSIONS, '-d': 'mount,send,userprop' });
    const { stdout } = await ask(`zrep snaponly ${pair.source}`, { account: ACCOUNT });
    t.equal(stdout, `${pair.source}@zrep_000001`);
    await fileserver.run(['zfs', 'set', `zrep:sent=1`, stdout]);
    const expired = await ask(`zrep expire -L ${pair.source}`, { account: ACCOUNT });
    t.not(expired.code, 0);
    const [, result] = await loggedFor(fileserver, idIn(expired), 2);
    t.match(result?.fields['message'], /permission denied/);
    t.same(await snapshotNames(fileserver, pair.source), ['zrep_000000', 'zrep_000001']);
  });
});
