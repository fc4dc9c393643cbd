/** What the client says to the far side, beside what stock zrep 2.0.2 was recorded to say. */

import t from 'tap';
import {
  expireCommand,
  refreshcompleteCommand,
  refreshpullCommand,
  snaponlyCommand,
} from '../../src/client/far/far-commands.ts';
import { receiveCommand } from '../../src/client/verbs/init-push.ts';
import { parseTag, type Tag } from '../../src/zfs/names.ts';

const PLAIN = {
  zrepPath: 'zrep',
  tag: parseTag('zrep') as Tag,
  recursive: false,
  outFilter: undefined,
  debug: false,
};
const SNAPSHOT = 'tank/home@zrep_000001';

t.test('the four commands of a plain refresh', async (t) => {
  t.equal(snaponlyCommand(PLAIN, 'tank/home'), 'zrep snaponly tank/home');
  t.equal(refreshpullCommand(PLAIN, SNAPSHOT), `zrep  _refreshpull ${SNAPSHOT}  `);
  t.equal(
    refreshcompleteCommand(PLAIN, SNAPSHOT, 'zrep:sent=1795385385'),
    `zrep _refreshcomplete ${SNAPSHOT} zrep:sent=1795385385`,
  );
  t.equal(expireCommand(PLAIN, 'tank/home'), 'zrep expire -L tank/home');
});

t.test('with -R, which completing and expiring do without', async (t) => {
  const recursive = { ...PLAIN, recursive: true };
  t.equal(snaponlyCommand(recursive, 'tank/home'), 'zrep -R snaponly tank/home');
  t.equal(refreshpullCommand(recursive, SNAPSHOT), `zrep -R _refreshpull ${SNAPSHOT}  `);
  t.equal(refreshpullCommand(recursive, SNAPSHOT, '1-a-b-c'), `zrep -R _refreshpull ${SNAPSHOT} 1-a-b-c `);
  t.equal(expireCommand(recursive, 'tank/home'), 'zrep expire -L tank/home');
});

t.test('with a tag, a path and sudo', async (t) => {
  const tagged = { ...PLAIN, zrepPath: 'zrep -t off', tag: parseTag('off') as Tag };
  t.equal(snaponlyCommand(tagged, 'tank/home'), 'zrep -t off snaponly tank/home');
  t.equal(
    refreshpullCommand(tagged, 'tank/home@off_000001'),
    'zrep -t off  _refreshpull tank/home@off_000001  ',
  );
  const sudo = { ...PLAIN, zrepPath: 'sudo /usr/local/bin/zrep' };
  t.equal(snaponlyCommand(sudo, 'tank/home'), 'sudo /usr/local/bin/zrep snaponly tank/home');
  t.equal(refreshpullCommand(sudo, SNAPSHOT), `sudo /usr/local/bin/zrep  _refreshpull ${SNAPSHOT}  `);
});

t.test('with a token and a filter', async (t) => {
  const filtered = { ...PLAIN, outFilter: 'lz4 -c' };
  t.equal(
    refreshpullCommand(PLAIN, SNAPSHOT, '1-abcdef-c8-789c'),
    `zrep  _refreshpull ${SNAPSHOT} 1-abcdef-c8-789c `,
  );
  t.equal(refreshpullCommand(filtered, SNAPSHOT), `zrep  _refreshpull ${SNAPSHOT}  | lz4 -c`);
  t.equal(
    refreshpullCommand({ ...PLAIN, outFilter: 'cat' }, SNAPSHOT, '1-a-b-c'),
    `zrep  _refreshpull ${SNAPSHOT} 1-a-b-c | cat`,
  );
});

t.test('with -D, on those that stock says so of', async (t) => {
  const debug = { ...PLAIN, debug: true };
  t.equal(snaponlyCommand(debug, 'tank/home'), 'zrep snaponly tank/home');
  t.equal(
    refreshcompleteCommand(debug, SNAPSHOT, 'zrep:sent=1795385385'),
    `zrep _refreshcomplete ${SNAPSHOT} zrep:sent=1795385385`,
  );
  t.equal(refreshpullCommand(debug, SNAPSHOT), `zrep -D _refreshpull ${SNAPSHOT}`);
  t.equal(expireCommand(debug, 'tank/home'), 'zrep -D expire -L tank/home');
  t.equal(refreshpullCommand(debug, SNAPSHOT, '1-a-b-c'), `zrep -D _refreshpull ${SNAPSHOT} 1-a-b-c`);
  t.equal(
    refreshpullCommand({ ...debug, outFilter: 'cat' }, SNAPSHOT),
    `zrep -D _refreshpull ${SNAPSHOT} | cat`,
  );
  const tagged = { ...debug, zrepPath: 'zrep -t off', tag: parseTag('off') as Tag };
  t.equal(
    refreshpullCommand(tagged, 'tank/home@off_000001'),
    'zrep -t off -D -t off _refreshpull tank/home@off_000001',
  );
  t.equal(expireCommand(tagged, 'tank/home'), 'zrep -t off -D -t off expire -L tank/home');
});

t.test('with -D, where stock says what no stock zrep understands, what they do understand', async (t) => {
  const debug = { ...PLAIN, debug: true };
  // Recorded: zrep -D -R _refreshpull, and sudo zrep -D zrep _refreshpull.
  t.equal(refreshpullCommand({ ...debug, recursive: true }, SNAPSHOT), `zrep -R -D _refreshpull ${SNAPSHOT}`);
  t.equal(
    refreshpullCommand({ ...debug, zrepPath: 'sudo zrep' }, SNAPSHOT),
    `sudo zrep -D _refreshpull ${SNAPSHOT}`,
  );
});

t.test('what takes in the first stream on the other side, when zrep init sends', async (t) => {
  const plain = { inFilter: [], resume: false };
  t.equal(receiveCommand(plain, 'vault/home', true), ' zfs recv -u -o readonly=on  -F vault/home');
  t.equal(receiveCommand(plain, 'vault/home', false), ' zfs recv   -F vault/home');
  t.equal(
    receiveCommand({ ...plain, resume: true }, 'vault/home', true),
    ' zfs recv -u -o readonly=on -s -F vault/home',
  );
  t.equal(
    receiveCommand({ ...plain, inFilter: [['gzip', '-dc']] }, 'vault/home', true),
    'gzip -dc | zfs recv -u -o readonly=on  -F vault/home',
  );
});
