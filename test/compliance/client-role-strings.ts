/** What the client says to the other side when roles change, beside what stock zrep 2.0.2 was recorded to say. */

import t from 'tap';
import { failoverBackCommand, failoverCommand, takeoverCommand } from '../../src/client/far/role-commands.ts';
import { readSettings } from '../../src/client/words/settings.ts';

const MACHINE = { nodeName: 'fileserver', root: true, zfs: '/sbin/zfs' };
const settings = (variables: Record<string, string>) => readSettings(variables, {}, MACHINE).settings;

t.test('the master says takeover -L, the copy says failover; -R, -D and -f change neither', async (t) => {
  for (const variables of [{}, { DEBUG: '1' }, { ZREP_R: '-R' }, { ZREP_FORCE: '-f' }]) {
    t.equal(takeoverCommand(settings(variables), 'vault/home'), 'zrep takeover -L vault/home');
    t.equal(failoverCommand(settings(variables), 'tank/home'), 'zrep failover tank/home');
  }
});

t.test('with a tag, a path and sudo', async (t) => {
  const tagged = settings({ ZREPTAG: 'off' });
  t.equal(takeoverCommand(tagged, 'vault/home'), 'zrep -t off takeover -L vault/home');
  t.equal(failoverCommand(tagged, 'tank/home'), 'zrep -t off failover tank/home');
  const sudo = settings({ ZREP_PATH: 'sudo /usr/local/bin/zrep' });
  t.equal(takeoverCommand(sudo, 'vault/home'), 'sudo /usr/local/bin/zrep takeover -L vault/home');
});

t.test('back to a snapshot, which stock forgets to say: agreed to on this side, so with -f', async (t) => {
  t.equal(
    failoverBackCommand(settings({}), 'tank/home@zrep_000001'),
    'zrep failover -f tank/home@zrep_000001',
  );
});
