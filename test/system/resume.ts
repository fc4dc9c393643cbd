/** Resumed pulls: what a cut stream's token continues, and what nobody can make a token read. */

import t, { type Test } from 'tap';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { epoch, type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { cutOff, propertyOf, receive, streamsOn } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';
import { boolean, nvlist, string, tokenText, uint64 } from '../fixtures/zfs/resume-token.ts';

const POLICY = `
zfs = "${LOGGED_ZFS}"
[limits]
keep-for = "0 seconds"
keep-at-least = 1
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire"]
resume = true

[[client.backup1.grant]]
dataset = "tank/home/never"
operations = ["pull"]

[[client.backup1.grant]]
dataset = "tank/home/raw"
operations = ["pull"]
resume = true
raw = "required"

[[client.backup1.grant]]
dataset = "tank/home/clear"
operations = ["pull"]
resume = true
raw = "forbidden"
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, tank, ask } = gate;
  await installWrapper(fileserver);
  const testNeeding = await testsNeeding(t, fileserver, ['resume']);
  await makeSource(fileserver, `${tank}/home`, { snapshots: 2 });
  await makeSource(fileserver, `${tank}/secret`, { snapshots: 2 });
  await gate.backup.run(['zfs', 'create', `${gate.vault}/home`]);
  await gate.share();
  const guid = async (snapshot: string) => BigInt(await propertyOf(fileserver, 'guid', snapshot));
  const guids = {
    base: await guid(`${tank}/home@zrep_000000`),
    own: await guid(`${tank}/home@zrep_000001`),
    secret: await guid(`${tank}/secret@zrep_000001`),
  };
  const forged = `${tank}/home@zrep_000001`;

  t.test('a forged token is refused before a byte is sent', async (t) => {
    await fileserver.run(['zfs', 'snapshot', `${tank}/home@by-hand`]);
    const byHand = await guid(`${tank}/home@by-hand`);
    for (const [what, token] of Object.entries({
      "another dataset's snapshot": forge(forged, { toguid: guids.secret }),
      'its own, from a snapshot of another dataset': forge(forged, {
        toguid: guids.own,
        fromguid: guids.secret,
      }),
      'its own, from no snapshot at all': forge(forged, { toguid: guids.own, fromguid: 1n }),
      'another one of its own': forge(forged, { toguid: guids.base }),
      'one that zrep did not make': forge(forged, { toguid: byHand }),
      none: forge(`${tank}/home@zrep_000009`, { toguid: guids.own }),
      'a snapshot of a child': forge(`${tank}/home/clear@zrep_000001`, { toguid: guids.own }),
      'a snapshot of the parent': forge(`${tank}@zrep_000001`, { toguid: guids.own }),
      'a snapshot of another tag': forge(`${tank}/home@off_000001`, { toguid: guids.own }),
    })) {
      t.comment(what);
      await refused(t, gate, `zrep _refreshpull ${forged} ${token}`, 'token-mismatch');
    }
  });

  t.test('without a grant to resume a sound token is refused', async (t) => {
    const name = zrepName(await makeSource(fileserver, `${tank}/home/never`), 0);
    const token = forge(name, { toguid: await guid(name) });
    await refused(t, gate, `zrep _refreshpull ${name} ${token}`, 'resume-not-granted');
  });

  t.test('a token must be raw where raw is required, and must not where it is forbidden', async (t) => {
    for (const [name, features, code] of [
      ['raw', [], 'raw-required'],
      ['raw', ['compressok'], 'raw-required'],
      ['clear', ['compressok', 'rawok'], 'raw-forbidden'],
    ] as const) {
      const snapshot = zrepName(`${tank}/home/${name}`, 0);
      const token = forge(snapshot, { toguid: guids.own }, features);
      await refused(t, gate, `zrep _refreshpull ${snapshot} ${token}`, code);
    }
  });

  testNeeding(['resume'], 'zfs itself would let a forged token read another dataset', async (t) => {
    const token = forge(forged, { toguid: guids.secret });
    const { stdout, stderr } = await fileserver.run(['zfs', 'send', '-nvt', token]);
    t.match(`${stdout}${stderr}`, `full send of ${tank}/secret@zrep_000001`);
  });

  testNeeding(['resume'], 'a pull that was cut off is completed by its token', async (t) => {
    const pair = await makePair(gate, 'home/cut', { savecount: 1 });
    await writeData(fileserver, pair.source, 'much', 2048);
    const { stdout: snapshot } = await ask(`zrep snaponly ${pair.source}`);
    const token = await cutOff(gate, pair.source, pair.destination, `zrep  _refreshpull ${snapshot}  `);
    t.match(token, /^1-/, 'zfs receive has left a token');
    await callsOn(fileserver);
    const resumed = await receive(gate, `zrep  _refreshpull ${snapshot} ${token} `, ['-s', pair.destination]);
    t.match(resumed, { code: 0, stderr: '' });
    t.match(await streamsOn(fileserver), [['send', '-t', /^1-/]]);
    await sameAfterMark(t, gate, pair, snapshot);
    t.match(await ask(`zrep expire -L ${pair.source}`), { code: 0, stderr: '' });
    const left = await snapshotsOf(fileserver, pair.source);
    t.same(
      left.map(({ name }) => name),
      ['zrep_000001'],
      'expiring counts it as the last sent one',
    );
  });

  testNeeding(
    ['resume'],
    'the token of an older snapshot brings that one, the next pull the rest',
    async (t) => {
      const pair = await makePair(gate, 'home/older');
      const made: string[] = [];
      for (const file of ['one', 'two']) {
        await writeData(fileserver, pair.source, file, 2048);
        made.push((await ask(`zrep snaponly ${pair.source}`)).stdout);
      }
      const [first = '', second = ''] = made;
      const pull = `zrep  _refreshpull ${second}`;
      const token = await cutOff(gate, pair.source, pair.destination, `${pull}  `);
      t.equal((await receive(gate, `${pull} ${token} `, ['-s', pair.destination])).code, 0);
      const names = async () => (await snapshotsOf(gate.backup, pair.destination)).map(({ name }) => name);
      t.same(await names(), ['zrep_000000', first.split('@')[1]]);
      t.equal((await receive(gate, `${pull}  `, [pair.destination])).code, 0);
      await sameAfterMark(t, gate, pair, second);
    },
  );

  testNeeding(
    ['resume'],
    'the token of a snapshot that zrep did not make is refused, and giving it up helps',
    async (t) => {
      const pair = await makePair(gate, 'home/by-hand');
      await writeData(fileserver, pair.source, 'much', 2048);
      await fileserver.run(['zfs', 'snapshot', `${pair.source}@by-hand`]);
      const { stdout: snapshot } = await ask(`zrep snaponly ${pair.source}`);
      const pull = `zrep  _refreshpull ${snapshot}`;
      const token = await cutOff(gate, pair.source, pair.destination, `${pull}  `);
      await refused(t, gate, `${pull} ${token}`, 'bad-token');
      await gate.backup.run(['zfs', 'receive', '-A', pair.destination]);
      t.equal((await receive(gate, `${pull}  `, [pair.destination])).code, 0);
      await sameAfterMark(t, gate, pair, snapshot);
    },
  );
});

/** A token after docs/resume-token.md, as anybody can make one. */
function forge(
  toname: string,
  guids: Readonly<Record<string, bigint>>,
  features: readonly string[] = [],
): string {
  const numbers = { object: 3n, offset: 0n, bytes: 1n, ...guids };
  const pairs = Object.entries(numbers).map(([name, value]) => uint64(name, value));
  return tokenText(nvlist(...pairs, string('toname', toname), ...features.map(boolean)));
}

/** Checks that the command is refused with this code, and that no zfs send ran. */
async function refused(t: Test, { ask, fileserver }: GateLab, command: string, code: string): Promise<void> {
  await callsOn(fileserver);
  checkRefusal(t, await ask(command), code, 77);
  const sends = (await callsOn(fileserver)).filter(({ argv }) => argv[0] === 'send');
  t.same(sends, [], 'nothing was sent');
}

/** Marks `snapshot` as sent on both sides, as a client does, and compares these. */
async function sameAfterMark(t: Test, gate: GateLab, pair: Pair, snapshot: string): Promise<void> {
  const mark = `zrep:sent=${epoch()}`;
  await gate.backup.run(['zfs', 'set', mark, `${pair.destination}@${snapshot.split('@')[1]}`]);
  t.match(await gate.ask(`zrep _refreshcomplete ${snapshot} ${mark}`), { code: 0, stderr: '' });
  t.same(await snapshotsOf(gate.backup, pair.destination), await snapshotsOf(gate.fileserver, pair.source));
}
