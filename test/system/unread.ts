/** Whatever holds a seat ends when nobody reads it: a listing as well as a stream. Then others get the seat. */

import t from 'tap';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { seatsOn } from '../fixtures/system/seats.ts';

const SEATS = 2;
const POLICY = `
[audit]
syslog = "local"
[limits]
stall-seconds = 10
sessions = ${SEATS}
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["read"]
`;

/** What a client can ask for at most, of a long name each. */
const COLUMNS = Array(32).fill('name').join(',');

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, ask } = gate;
  const source = `${tank}/home/${'long'.repeat(50)}`;
  // More than ssh takes for a client that reads nothing: 2 MiB, and what lies in pipes.
  await fileserver.script(`zfs create -p ${source}
    seq 500 | sed 's|^|${source}@s|' >/run/lab/names
    xargs -n 100 zfs snapshot </run/lab/names 2>/dev/null || xargs -n 1 zfs snapshot </run/lab/names`);
  await gate.share();

  t.test('listings that nobody reads end, and give their seats back', async (t) => {
    const listings = [
      `zfs list -H -r -t snapshot -d 1 -o ${COLUMNS} ${source}`,
      `zfs get -H -r -o name,property,value ${COLUMNS.replaceAll('name', 'guid')} ${source}`,
    ];
    const children = listings.map((command) => {
      const argv = ['ssh', 'fileserver', command];
      return backup.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'] }).child;
    });
    t.teardown(() => {
      for (const child of children) child.kill('SIGKILL');
    });
    const sessions = async () => (await seatsOn(fileserver)).split('/sessions/').length - 1;
    t.equal(await eventually(sessions, (taken) => taken === SEATS), SEATS, 'all seats are taken');
    checkRefusal(t, await ask(`zfs list ${source}`), 'too-many-sessions', 75);

    const stalled = async () =>
      (await loggedOn(fileserver)).filter(({ fields }) => fields['code'] === 'stalled');
    const records = await eventually(stalled, (found) => found.length === SEATS);
    t.equal(records.length, SEATS);
    for (const { fields } of records)
      t.match(fields, { event: 'result', outcome: 'refused', exit: '75', reason: /stall-seconds = 10/ });
    t.equal(
      await eventually(
        () => seatsOn(fileserver),
        (found) => found === '',
      ),
      '',
      'no seat is taken',
    );
    const left = await fileserver.run(['pgrep', '-f', `^/usr/sbin/zfs (list|get) .*${source}`], {
      allowFail: true,
    });
    t.equal(left.stdout, '', 'and no zfs is left');
    t.equal((await ask(`zfs list ${source}`)).code, 0);
  });

  t.test('one that is read comes to its end, however long it is', async (t) => {
    const { code, stdout } = await ask(`zfs list -H -r -t snapshot -d 1 -o ${COLUMNS} ${source}`);
    t.same([code, stdout.trim().split('\n').length], [0, 500]);
  });
});
