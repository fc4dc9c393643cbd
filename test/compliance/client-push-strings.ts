/** What the side that sends says to the other, beside what stock zrep 2.0.2 was recorded to say. */

import t from 'tap';
import {
  expireThereCommand,
  markCommand,
  masterCommand,
  oldMarkCommands,
  receiveIncrementCommand,
  rollbackCommand,
  snapshotCommand,
  tokenCommand,
} from '../../src/client/far/push-commands.ts';
import { parseTag, type Tag } from '../../src/zfs/names.ts';

const ZREP = { zrepPath: 'zrep', tag: parseTag('zrep') as Tag, debug: false };
const OFF = { zrepPath: 'zrep -t off', tag: parseTag('off') as Tag, debug: false };
const PLAIN = { inFilter: [], resume: false, force: false };

t.test('sync, -S and synconly', async (t) => {
  t.equal(masterCommand('zrep', 'vault/home'), 'zfs get -H -o value -s local zrep:master vault/home');
  t.equal(receiveIncrementCommand(PLAIN, 'vault/home'), ' zfs recv   vault/home');
  t.equal(
    markCommand('zrep', 'vault/home@zrep_000001', 1795385385),
    'zfs set zrep:sent=1795385385 vault/home@zrep_000001',
  );
  t.equal(expireThereCommand(ZREP, 'vault/home'), 'zrep expire vault/home');
});

t.test('with -f, -r and filters; where one is missing, its blank is not', async (t) => {
  t.equal(
    receiveIncrementCommand({ ...PLAIN, resume: true, force: true }, 'vault/home'),
    ' zfs recv -s -F vault/home',
  );
  t.equal(receiveIncrementCommand({ ...PLAIN, resume: true }, 'vault/home'), ' zfs recv -s  vault/home');
  t.equal(receiveIncrementCommand({ ...PLAIN, force: true }, 'vault/home'), ' zfs recv  -F vault/home');
  t.equal(
    receiveIncrementCommand({ ...PLAIN, inFilter: [['gzip', '-dc']] }, 'vault/home'),
    'gzip -dc | zfs recv   vault/home',
  );
  t.equal(
    receiveIncrementCommand(
      {
        ...PLAIN,
        inFilter: [
          ['mbuffer', '-q'],
          ['lz4', '-d'],
        ],
      },
      'vault/home',
    ),
    'mbuffer -q | lz4 -d | zfs recv   vault/home',
  );
  t.equal(tokenCommand('vault/home'), 'zfs get -H -o value receive_resume_token vault/home');
});

t.test('with a tag, and with -D', async (t) => {
  t.equal(masterCommand('off', 'vault/home'), 'zfs get -H -o value -s local off:master vault/home');
  t.equal(markCommand('off', 'vault/home@off_000001', 1), 'zfs set off:sent=1 vault/home@off_000001');
  t.equal(expireThereCommand(OFF, 'vault/home'), 'zrep -t off expire vault/home');
  t.equal(expireThereCommand({ ...ZREP, debug: true }, 'vault/home'), 'zrep -D expire vault/home');
  t.equal(
    expireThereCommand({ ...OFF, debug: true }, 'vault/home'),
    'zrep -t off -D -t off expire vault/home',
  );
});

t.test('where the mark cannot be set on a snapshot', async (t) => {
  t.same(oldMarkCommands('zrep', 'tank/home@zrep_000001', 'vault/home', 1795385385), [
    'zfs set zrep:lastsent=tank/home@zrep_000001 vault/home',
    'zfs set zrep:lastsenttime=1795385385 vault/home',
  ]);
});

t.test('sync FS@SNAPSHOT', async (t) => {
  t.equal(snapshotCommand('vault/home@zrep_000001'), 'zfs list -t snapshot vault/home@zrep_000001');
  t.equal(rollbackCommand('vault/home@zrep_000001'), 'zfs rollback -Rr vault/home@zrep_000001');
});
