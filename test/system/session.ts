/** Sessions: many short commands on one channel, each judged, recorded and answered as if it had come alone. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf } from '../../lab/pair.ts';
import { FAREWELL, GREETING, SESSION } from '../../src/command/session.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { seatsOn } from '../fixtures/system/seats.ts';
import { openSession } from '../fixtures/system/session.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const policyWith = (operations: string, sessions = 16) => `
[audit]
syslog = "local"
[limits]
keep-at-least = 1
keep-for = "0 seconds"
sessions = ${sessions}
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = [${operations}]
`;
const ALL = '"pull", "expire", "read", "send"';

await inGateLab(t, policyWith(ALL), async (gate) => {
  const { fileserver, backup, tank, vault, ask } = gate;
  await provideBuild(backup, { program: 'zrep' });
  const home = await makeSource(fileserver, `${tank}/home`, { snapshots: 2, sent: [0, 1], savecount: '1' });
  const seats = () => seatsOn(fileserver);

  t.test('each command is answered as it would be alone', async (t) => {
    const session = await openSession(t, gate);
    t.same(await session.ask(`zrep snaponly ${home}`), { code: 0, output: zrepName(home, 2), message: '' });
    const guid = (await ask(`zfs get -Hp -o value guid ${zrepName(home, 2)}`)).stdout;
    t.same(await session.ask(`zfs get -Hp -o value guid ${zrepName(home, 2)}`), {
      ...{ code: 0, output: guid, message: '' },
    });
    t.same(await session.ask(`sudo /usr/sbin/zrep expire -L ${home}`), {
      ...{ code: 0, output: `Expiring zrep snaps on ${home}\n`, message: '' },
    });
    t.same(await snapshotNames(fileserver, home), ['zrep_000001', 'zrep_000002']);
    for (const [line, code, exit] of [
      [`zrep snaponly ${tank}/secret`, 'not-granted', 77],
      [`zrep _refreshcomplete ${zrepName(home, 2)} zrep:sent=1`, 'mark-out-of-range', 77],
      [`zrep _refreshcomplete ${zrepName(home, 2)} zrep:sent=${now()}`, 'not-streamed', 77],
      [`zfs list ${home}@nosuch`, 'no-such-snapshot', 77],
    ] as const)
      t.match(
        await session.ask(line),
        { code: exit, output: '', message: new RegExp(`^zrep-gate: refused \\(${code}\\): .* \\[log id `) },
        line,
      );
    session.close();
    t.equal(await session.ended, 0);
    t.equal(await propertyOf(fileserver, 'zrep:lock-pid', home), '-');
  });

  t.test('nothing long, and no stream but of a refresh', async (t) => {
    const session = await openSession(t, gate);
    for (const line of [`zfs send ${zrepName(home, 2)}`, `zfs list -r ${home}`])
      t.match(await session.ask(line), { code: 77, output: '', message: /refused \(not-in-session\)/ }, line);
    session.kill();
  });

  t.test('nothing is smuggled in, and what is no command is refused by itself', async (t) => {
    const before = await snapshotNames(fileserver, home);
    const session = await openSession(t, gate);
    for (const [line, code] of [
      [`zrep snaponly ${home}; zrep snaponly ${home}`, 'not-understood'],
      [`zrep snaponly ${home}\r`, 'unprintable'],
      [`zrep snaponly ${home}\0`, 'unprintable'],
      [`zrep snaponly ${home}\u00a0`, 'unprintable'],
      ['', 'empty-command'],
      [SESSION, 'unknown-program'],
      [`answer 0 0 0`, 'unknown-program'],
      [`zrep snaponly $(id)`, 'not-understood'],
    ] as const)
      t.match(await session.ask(line), { code: 77, output: '', message: new RegExp(`\\(${code}\\)`) }, line);
    const long = await session.ask('x'.repeat(100_000));
    t.match(long, { code: 77, message: /\(too-long\)/ });
    t.equal(await session.ask(`zrep snaponly ${home}`), FAREWELL, 'and that was the end of it');
    t.equal(await session.ended, 0);
    for (const command of [
      ` ${SESSION}`,
      `${SESSION} `,
      `sudo ${SESSION}`,
      `${SESSION}\nzrep snaponly ${home}`,
    ])
      t.match(await ask(command), { code: 77, stdout: '' }, JSON.stringify(command));
    const half = await ask(SESSION, { input: `zrep snaponly ${home}` });
    t.same([half.code, half.stdout], [0, GREETING], 'half a line is none');
    t.same(await snapshotNames(fileserver, home), before);
  });

  t.test('what is revoked is revoked for the next command, and a broken policy allows nothing', async (t) => {
    const session = await openSession(t, gate);
    t.match(await session.ask(`zrep expire -L ${home}`), { code: 0 });
    await gate.policy(policyWith('"read"'));
    t.match(await session.ask(`zrep expire -L ${home}`), { code: 77, message: /\(operation-not-granted\)/ });
    await gate.policy('nonsense');
    t.match(await session.ask(`zfs list ${home}`), { code: 78, message: /\(policy-broken\)/ });
    checkRefusal(t, await ask(SESSION), 'policy-broken', 78);
    await gate.policy(
      policyWith(ALL).replace('[client.backup1]\n', '[client.backup1]\nfrom = ["192.0.2.1"]\n'),
    );
    t.match(await session.ask(`zfs list ${home}`), { code: 77, message: /\(wrong-address\)/ });
    checkRefusal(t, await ask(SESSION), 'wrong-address', 77);
    await gate.policy(policyWith(ALL));
    t.match(await session.ask(`zfs list ${home}`), { code: 0 });
    session.kill();
  });

  t.test('half as many can be open as commands can be at work, and who is gone has no seat', async (t) => {
    await eventually(seats, (found) => found === '');
    await gate.policy(policyWith(ALL, 2));
    const session = await openSession(t, gate);
    const { reason } = checkRefusal(t, await ask(SESSION), 'too-many-open-sessions', 75);
    t.match(reason, /\(sessions = 2\); send commands by themselves$/);
    t.equal((await ask(`zfs list ${home}`)).code, 0, 'a command is none');
    t.match(await seats(), /^\/var\/run\/zrep-gate\/open\/backup1\/\d+-\d+\n$/);
    session.kill();
    t.equal(await eventually(seats, (found) => found === ''), '');
    t.equal((await ask(SESSION)).stdout, GREETING);
    await gate.policy(policyWith(ALL));
  });

  t.test('a session that is told to end answers what it is at, and no more', async (t) => {
    const session = await openSession(t, gate);
    const [pid = ''] = (await fileserver.script('pgrep -f "[z]rep-gate serve backup1"')).stdout.split('\n');
    t.match(await session.ask(`zfs list ${home}`), { code: 0 });
    await fileserver.run(['kill', '-TERM', pid]);
    t.equal(await session.ended, 143);
    t.equal(await session.ask(`zfs list ${home}`), FAREWELL);
  });

  t.test('every command has a decision and a result on record, under an id of its own', async (t) => {
    const before = (await loggedOn(fileserver)).length;
    const session = await openSession(t, gate);
    await session.ask(`zfs list ${home}`);
    await session.ask(`zfs list ${tank}/secret`);
    session.close();
    await session.ended;
    const records = (await loggedOn(fileserver, before + 5)).slice(before).map(({ fields }) => fields);
    const [first] = records;
    t.match(first, { event: 'decision', verdict: 'allow', operation: 'session', command: SESSION });
    const id = first?.['id'] ?? '';
    const told = records.map((one) => [one['id'], one['event'], one['verdict'] ?? one['outcome']]);
    t.same(told, [
      [id, 'decision', 'allow'],
      [`${id}-1`, 'decision', 'allow'],
      [`${id}-1`, 'result', 'done'],
      [`${id}-2`, 'decision', 'deny'],
      [id, 'result', 'done'],
    ]);
    t.match(records.at(-1), { commands: '2', end: 'closed' });
  });

  t.test('several are refreshed at a time, through sessions, and each is told of in one piece', async (t) => {
    await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
    const pairs = [];
    for (let number = 0; number < 6; number += 1)
      pairs.push(await makePair(gate, `home/p${number}`, { savecount: 2 }));
    const destinations = pairs.map(({ destination }) => destination);
    await backup.run(['zfs', 'set', 'zrep:master=yes', destinations[2] ?? '']);
    for (const options of [[], ['-j', '1'], ['-j', '4']]) {
      const before = (await loggedOn(fileserver)).length;
      const { code, stdout, stderr } = await backup.run(['zrep', 'refresh', ...options, ...destinations], {
        allowFail: true,
      });
      t.equal(code, 1);
      const why = `Sorry, you cant run refresh on a master mode fs ${destinations[2]}. By its other properties it is a copy: zrep doctor ${destinations[2]} says what to do\n`;
      t.equal(stderr, `Error: ${why}FAILED ${destinations[2]}: ${why}`);
      const lines = stdout.trim().split('\n');
      t.equal(lines.pop(), 'refresh: 5 of 6 file systems done, 1 FAILED');
      t.same(
        lines.sort(),
        pairs.toSpliced(2, 1).map(({ source }) => `Expiring zrep snaps on ${source}`),
      );
      for (const { source, destination } of pairs.toSpliced(2, 1)) {
        t.same(await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source));
        t.equal(await propertyOf(backup, 'zrep:lock-pid', destination), '-');
        t.equal(await propertyOf(fileserver, 'zrep:lock-pid', source), '-');
      }
      const decided = (await loggedOn(fileserver))
        .slice(before)
        .filter(({ fields }) => fields['event'] === 'decision');
      const alone = decided.filter(({ fields }) => /^[a-z0-9]+-[a-z0-9]+$/.test(fields['id'] ?? ''));
      const kinds = new Set(alone.map(({ fields }) => fields['operation']));
      t.same([...kinds], ['session'], 'nothing has a channel of its own');
    }
    t.equal(await eventually(seats, (found) => found === ''), '');
    t.equal((await backup.script('ls -d /tmp/zrep-* /var/run/zrep.lock* 2>/dev/null || true')).stdout, '');
  });

  t.test('a far side without sessions is asked one by one, without a word', async (t) => {
    const keys = '/root/.ssh/authorized_keys';
    const kept = await fileserver.readFile(keys);
    const script = `#!/bin/sh
case $SSH_ORIGINAL_COMMAND in zrep-gate*) echo "sh: zrep-gate: not found" >&2; exit 127 ;; esac
exec /usr/bin/zrep-gate serve backup1
`;
    await fileserver.writeFile('/usr/local/bin/without', script, { mode: 0o755 });
    await fileserver.writeFile(
      keys,
      kept.replace('/usr/bin/zrep-gate serve backup1', '/usr/local/bin/without'),
    );
    const pair = await makePair(gate, 'home/alone', { savecount: 2 });
    const { code, stdout, stderr } = await backup.run(['zrep', 'refresh', pair.destination]);
    t.same([code, stdout, stderr], [0, `Expiring zrep snaps on ${pair.source}\n`, '']);
    t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
    await fileserver.writeFile(keys, kept);
  });
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}
