/** `_refreshpull … from=GUID`: increments from what both sides have, whoever made it, through the real sshd into real ZFS. */

import t from 'tap';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { epoch, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { cutOff, propertyOf, receive } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { openSession } from '../fixtures/system/session.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const POLICY = `
[audit]
syslog = "local"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull"]
recursive = true
resume = true
[[client.backup1.grant]]
dataset = "tank/home/new"
operations = ["init", "read", "send", "expire"]
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault, ask } = gate;
  const needing = await testsNeeding(t, fileserver, ['bookmarks', 'resume']);
  const zfs = (...words: string[]) => fileserver.run(['zfs', ...words]);
  const guid = (name: string) => propertyOf(fileserver, 'guid', name);
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  await gate.share();

  /** A pair both sides of which have `@by-hand`, and no snapshot of zrep's that is marked on the source. */
  async function lostPair(name: string): Promise<Pair> {
    const pair = await makePair(gate, `home/${name}`);
    await writeData(fileserver, pair.source, 'one', 64);
    await zfs('snapshot', `${pair.source}@by-hand`);
    const command = `zfs send -i ${zrepName(pair.source, 0)} ${pair.source}@by-hand | base64`;
    const { stdout } = await fileserver.script(command);
    await backup.run(['bash', '-c', `base64 -d | zfs receive ${pair.destination}`], { input: stdout });
    await zfs('destroy', zrepName(pair.source, 0));
    await writeData(fileserver, pair.source, 'two', 3000);
    await zfs('snapshot', `${pair.source}@between`);
    t.equal((await ask(`zrep snaponly ${pair.source}`)).stdout, zrepName(pair.source, 0));
    return pair;
  }

  /** Marks what was received, as a client does. */
  async function complete({ source, destination }: Pair): Promise<void> {
    const sent = epoch();
    await backup.run(['zfs', 'set', `zrep:sent=${sent}`, zrepName(destination, 0)]);
    const { code, stderr } = await ask(`zrep _refreshcomplete ${zrepName(source, 0)} zrep:sent=${sent}`);
    t.same([code, stderr], [0, '']);
  }

  /** The copy's own first snapshot has the name of the source's new one. */
  async function makeWay({ destination }: Pair): Promise<void> {
    await backup.run(['zfs', 'destroy', zrepName(destination, 0)]);
  }

  t.test("an increment from somebody else's snapshot arrives whole, and can be completed", async (t) => {
    const pair = await lostPair('foreign');
    await makeWay(pair);
    const newest = zrepName(pair.source, 0);
    checkRefusal(t, await ask(`zrep _refreshpull ${newest}`), 'never-sent', 77);
    const base = await guid(`${pair.source}@by-hand`);
    t.equal(await propertyOf(backup, 'guid', `${pair.destination}@by-hand`), base, 'both have it');
    const command = `zrep  _refreshpull ${newest} from=${base}`;
    const { code, stderr } = await receive(gate, command, [pair.destination]);
    t.equal(code, 0, 'received', { said: stderr });
    t.same(await snapshotNames(backup, pair.destination), ['by-hand', 'between', 'zrep_000000']);
    await complete(pair);
    const [here, there] = await Promise.all([
      snapshotsOf(fileserver, pair.source),
      snapshotsOf(backup, pair.destination),
    ]);
    t.same(there, here);
    const { fields } = (await loggedOn(fileserver)).findLast((one) => one.fields['base'] !== undefined) ?? {};
    t.match(fields, { event: 'result', snapshot: newest, base: `${pair.source}@by-hand` });
    t.equal(await propertyOf(fileserver, 'zrep:lock-pid', pair.source), '-');

    const next = (await ask(`zrep snaponly ${pair.source}`)).stdout;
    const refreshed = await receive(gate, `zrep  _refreshpull ${next}`, [pair.destination]);
    t.equal(refreshed.code, 0, 'and the next refresh goes on from there', { said: refreshed.stderr });
  });

  needing(['bookmarks'], 'so does one from a bookmark, of which no snapshot is left', async (t) => {
    const pair = await lostPair('bookmark');
    await makeWay(pair);
    await zfs('bookmark', `${pair.source}@by-hand`, `${pair.source}#kept`);
    const base = await guid(`${pair.source}#kept`);
    await zfs('destroy', `${pair.source}@by-hand`);
    const newest = zrepName(pair.source, 0);
    const recursive = await ask(`zrep -R _refreshpull ${newest} from=${base}`);
    const { reason } = checkRefusal(t, recursive, 'no-such-base', 77);
    t.match(reason, /#kept" is a bookmark/);
    const { code, stderr } = await receive(gate, `zrep _refreshpull ${newest} from=${base}`, [
      pair.destination,
    ]);
    t.equal(code, 0, 'received', { said: stderr });
    t.same(await snapshotNames(backup, pair.destination), ['by-hand', 'zrep_000000'], 'in one step');
    await complete(pair);
    t.same(
      (await snapshotsOf(backup, pair.destination)).at(-1),
      (await snapshotsOf(fileserver, pair.source)).at(-1),
    );
    const { fields } = (await loggedOn(fileserver)).findLast((one) => one.fields['base'] !== undefined) ?? {};
    t.match(fields, { base: `${pair.source}#kept` });
  });

  needing(['resume'], 'one that was cut off is resumed by its token', async (t) => {
    const pair = await lostPair('cut');
    await makeWay(pair);
    await zfs('destroy', `${pair.source}@between`);
    const newest = zrepName(pair.source, 0);
    const command = `zrep _refreshpull ${newest} from=${await guid(`${pair.source}@by-hand`)}`;
    const token = await cutOff(gate, pair.source, pair.destination, command);
    t.not(token, '-');
    const { code, stderr } = await receive(gate, `zrep _refreshpull ${newest} ${token}`, [
      '-s',
      pair.destination,
    ]);
    t.equal(code, 0, 'received', { said: stderr });
    t.same(await snapshotNames(backup, pair.destination), ['by-hand', 'zrep_000000']);
  });

  t.test('in a session it is, byte for byte, what it is alone', async (t) => {
    const { source } = await lostPair('session');
    const command = `zrep _refreshpull ${zrepName(source, 0)} from=${await guid(`${source}@by-hand`)}`;
    const script = `ssh fileserver '${command}' | base64 -w 0`;
    const { stdout } = await backup.run(['bash', '-o', 'pipefail', '-c', script]);
    const alone = Buffer.from(stdout, 'base64');
    const session = await openSession(t, gate);
    const { bytes, answer } = await session.stream(command, alone.length);
    t.ok(alone.length > 1000 && bytes.equals(alone));
    t.same(answer, { code: 0, output: '', message: '' });
    t.match(await session.ask(command.replace(/from=.*/, 'from=1')), {
      code: 77,
      message: /\(no-such-base\)/,
    });
    session.kill();
  });

  t.test('nothing is sent from what is not there, not older, or of another dataset', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/own`, { snapshots: 2 });
    const other = await makeSource(fileserver, `${tank}/home/own/child`);
    const secret = await makeSource(fileserver, `${tank}/secret`, { snapshots: 2 });
    const newest = zrepName(source, 1);
    for (const base of [
      '1',
      await guid(newest),
      await guid(zrepName(other, 0)),
      await guid(zrepName(secret, 0)),
      await guid(source),
    ]) {
      const { reason } = checkRefusal(
        t,
        await ask(`zrep _refreshpull ${newest} from=${base}`),
        'no-such-base',
        77,
      );
      t.notMatch(reason, /secret|child/);
    }
    const old = await guid(zrepName(source, 0));
    checkRefusal(t, await ask(`zrep _refreshpull ${zrepName(source, 0)} from=${old}`), 'not-latest', 77);
    const stolen = `zrep _refreshpull ${zrepName(secret, 1)} from=${await guid(zrepName(secret, 0))}`;
    checkRefusal(t, await ask(stolen), 'not-granted', 77);
    await makeSource(fileserver, `${tank}/home/new`, { snapshots: 2 });
    const ungranted = `zrep _refreshpull ${zrepName(`${tank}/home/new`, 1)} from=1`;
    checkRefusal(t, await ask(ungranted), 'operation-not-granted', 77);
    t.equal(await propertyOf(fileserver, 'zrep-gate:streamed', newest), '-');
  });
});
