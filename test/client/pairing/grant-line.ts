/** The line to paste: any shell reads it as it is meant, whatever a key's comment has. */

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { grantLine } from '../../../src/client/pairing/grant-line.ts';
import { readSetup } from '../../../src/client/pairing/ssh-setup.ts';
import type { Tag } from '../../../src/zfs/names.ts';

const SETTINGS = { hostName: 'backup1', tag: 'zrep' as Tag, recursive: false };
const KEY = { type: 'ssh-ed25519', base64: 'AAAA+/==', comment: 'root@backup1' };

t.test('it has what is not usual as well', async (t) => {
  t.equal(
    grantLine(SETTINGS, 'tank/home', KEY, 'root'),
    "zrep-gate grant backup1 tank/home --key 'ssh-ed25519 AAAA+/== root@backup1'",
  );
  t.equal(
    grantLine(
      { ...SETTINGS, tag: 'off' as Tag, recursive: true },
      'tank/home',
      { ...KEY, comment: '' },
      'zrep',
    ),
    "zrep-gate grant backup1 tank/home --key 'ssh-ed25519 AAAA+/==' --tag off --recursive --sudo zrep",
  );
  t.match(grantLine({ ...SETTINGS, hostName: 'b'.repeat(200) }, 'tank', KEY, 'root'), / b{64} tank /);
});

t.test('a shell makes the words of it again', async () => {
  fc.assert(
    fc.property(fc.string(), (comment) => {
      const line = grantLine(SETTINGS, 'tank/home', { ...KEY, comment }, 'root');
      const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`])
        .toString()
        .split('\n');
      return words.length === 7 && (words[5] ?? '').startsWith('ssh-ed25519 AAAA+/==');
    }),
    { numRuns: 50 },
  );
});

t.test('what ssh says of itself is gone by, and else its defaults', async (t) => {
  const said = 'user zrep\nhostname 192.0.2.1\nidentityfile ~/.ssh/id_rsa\nidentityfile /etc/keys/b c\n';
  t.same(readSetup(said, 'fileserver', '/root', 'root'), {
    user: 'zrep',
    identities: ['/root/.ssh/id_rsa', '/etc/keys/b c'],
  });
  t.same(readSetup('', 'zrep@fileserver', '/root', 'root'), {
    user: 'zrep',
    identities: ['/root/.ssh/id_ed25519'],
  });
  t.equal(readSetup('', 'fileserver', '/root', 'me').user, 'me');
  const none = 'identityfile none\nidentityfile %d/.ssh/x\nidentityfile key\n';
  t.same(
    readSetup(none, 'fileserver', '/root', 'me').identities,
    ['/root/.ssh/id_ed25519'],
    'what is no path here',
  );
});
