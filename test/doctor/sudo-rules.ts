/** The listings of sudo 1.9.13 and of 1.9.16, as they were printed. */

import t from 'tap';
import { parseRules } from '../../src/doctor/sudo-rules.ts';

const LISTING = `Matching Defaults entries for zrep on fileserver:
    env_reset, secure_path=/usr/local/sbin\\:/usr/local/bin

Runas and Command-specific defaults for zrep:
    Defaults!/usr/bin/zrep-gate serve backup1 env_reset, env_keep="SSH_ORIGINAL_COMMAND SSH_CONNECTION"

User zrep may run the following commands on fileserver:

Sudoers entry:
    RunAsUsers: root
    Options: !authenticate
    Commands:
\t/usr/bin/zrep-gate serve backup1 --policy /etc/a\\,b\\:c\\=d

Sudoers entry: /etc/sudoers.d/zz
    RunAsUsers: ALL, !bob
    RunAsGroups: ALL
    Options: setenv, noexec
    Commands:
\tALL
\t!/bin/cat

LDAP Role: backup
    RunAsUsers: root
    Commands:
\t/bin/sh ""
`;

t.test('rules in their order, with where they are from, as far as sudo tells', (t) => {
  t.same(parseRules(LISTING), [
    {
      place: undefined,
      runAs: ['root'],
      options: ['!authenticate'],
      commands: ['/usr/bin/zrep-gate serve backup1 --policy /etc/a,b:c=d'],
    },
    {
      place: '/etc/sudoers.d/zz',
      runAs: ['ALL', '!bob'],
      options: ['setenv', 'noexec'],
      commands: ['ALL', '!/bin/cat'],
    },
    { place: 'backup', runAs: ['root'], options: [], commands: ['/bin/sh ""'] },
  ]);
  t.same(parseRules('User nobody is not allowed to run sudo on fileserver.\n'), []);
  t.end();
});
