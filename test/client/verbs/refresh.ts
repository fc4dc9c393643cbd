/** `zrep refresh all`, from the command line to the exit code, over a pretend zfs: what it says of what it does not refresh. */

import t from 'tap';
import { looking } from '../../fixtures/client/looking.ts';

const look = looking(t);

t.test('a copy whose set-up was not completed is named once, as missing', async (t) => {
  const statedir = t.testdir({ copies: 'zrep vault/home - fileserver:tank/home 1700000000\n' });
  const begun = [
    ['type', 'filesystem', '-'],
    ['guid', '7', '-'],
    ['zrep:src-fs', 'tank/home', 'local'],
    ['zrep:src-host', 'fileserver', 'local'],
    ['zrep:dest-fs', 'vault/home', 'local'],
    ['zrep:dest-host', 'backup', 'local'],
  ];
  const { code, stderr } = look('backup', { 'vault/home': begun }, 'refresh all', {
    ZREP_STATEDIR: statedir,
  });
  t.equal(code, 1);
  t.match(stderr, /^Error: vault\/home is missing: its set-up was begun and not completed/);
  t.notMatch(stderr, 'LEFT OUT');
});
