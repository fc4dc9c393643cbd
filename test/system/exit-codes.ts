/** What zfs ends with is not handed to ssh's clients as it is: 255 is ssh's own word for a lost connection. */

import t from 'tap';
import { loggedFor } from '../fixtures/system/audit-log.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { installPausingZfs, PAUSING_ZFS, whilePaused } from '../fixtures/system/pausing.ts';
import { idIn } from '../fixtures/system/refusal.ts';
import { openSession } from '../fixtures/system/session.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { boolean, nvlist, string, tokenText, uint64 } from '../fixtures/zfs/resume-token.ts';

const policyWith = (zfs: string) => `
zfs = "${zfs}"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "read"]
resume = true
`;

/** A zfs that can set no lock: the real one, which is also asked for what is no value of `readonly`, and runs no program. */
const UNSETTING_ZFS = '/usr/local/sbin/zfs-unsetting';
const SCRIPT = `#!/bin/sh
case $1 in
  set) shift; exec /usr/sbin/zfs set readonly=maybe "$@" ;;
  program) echo 'Channel program execution failed' >&2; exit 1 ;;
esac
exec /usr/sbin/zfs "$@"
`;

await inGateLab(t, policyWith(PAUSING_ZFS), async (gate) => {
  const { fileserver, tank, ask } = gate;
  await installPausingZfs(fileserver);
  await fileserver.writeFile(UNSETTING_ZFS, SCRIPT, { mode: 0o755 });
  const testNeeding = await testsNeeding(t, fileserver, ['resume']);
  const source = await makeSource(fileserver, `${tank}/home`, { snapshots: 2 });
  await gate.share();

  /** How zfs itself ends. */
  const codeOf = async (...argv: string[]) => (await fileserver.run(argv, { allowFail: true })).code;
  const unset = await codeOf('zfs', 'set', 'readonly=maybe', source);

  testNeeding(['resume'], 'zfs ends with 255 by itself', async (t) => {
    t.equal(unset, 255, 'zfs set');
    t.equal(await codeOf('zfs', 'send', '-t', '1-abcdef-c8-789c'), 255, 'zfs send -t');
  });

  testNeeding(['resume'], 'a resumed stream that zfs cannot begin ends with 1', async (t) => {
    const name = zrepName(source, 1);
    const guid = BigInt(await propertyOf(fileserver, 'guid', name));
    const command = `zrep _refreshpull ${name} ${tokenOf(name, guid)}`;
    const failed = await whilePaused(gate, command, async () => {
      await fileserver.run(['zfs', 'destroy', name]);
    });
    t.match(failed, { code: 1, stdout: '', stderr: /^zrep-gate: zfs failed \(exit code 255\)/ });
    t.match(await resultOf(gate, idIn(failed)), { outcome: 'failed', exit: '1', status: '255' });
    await fileserver.run(['zfs', 'snapshot', name]);
  });

  t.test('a lock that zfs cannot set ends with 1, alone and in a session', async (t) => {
    await gate.policy(policyWith(UNSETTING_ZFS));
    const alone = await ask(`zrep snaponly ${source}`);
    t.match(alone, { code: 1, stdout: '', stderr: `zrep-gate: zfs failed (exit code ${unset})` });
    t.match(await resultOf(gate, idIn(alone)), { outcome: 'failed', exit: '1', status: String(unset) });
    const session = await openSession(t, gate);
    t.match(await session.ask(`zrep snaponly ${source}`), { code: 1, output: '', message: /zfs failed/ });
    t.match(await session.ask(`zfs list ${source}`), { code: 0 });
    session.close();
    t.equal(await session.ended, 0);
  });

  testNeeding(['resume'], 'a session whose stream zfs cannot begin ends with 1', async (t) => {
    await gate.policy(policyWith(PAUSING_ZFS));
    const name = zrepName(source, 1);
    const guid = BigInt(await propertyOf(fileserver, 'guid', name));
    const session = await openSession(t, gate);
    await whilePaused({ ...gate, ask: () => inSession() }, '', async () => {
      await fileserver.run(['zfs', 'destroy', name]);
    });
    t.equal(await session.ended, 1);

    async function inSession() {
      await session.stream(`zrep _refreshpull ${name} ${tokenOf(name, guid)}`, 0);
      return { code: 0, stdout: '', stderr: '' };
    }
  });
});

/** As zfs receive leaves it behind, for the whole of a snapshot. */
function tokenOf(snapshot: string, guid: bigint): string {
  const pairs = [
    ...[uint64('object', 1n), uint64('offset', 0n), uint64('bytes', 0n), uint64('toguid', guid)],
    string('toname', snapshot),
    boolean('compressok'),
  ];
  return tokenText(nvlist(...pairs));
}

/** The record of how the request ended. */
async function resultOf({ fileserver }: GateLab, id: string) {
  const logged = await loggedFor(fileserver, id, 2);
  return logged.find(({ fields }) => fields['event'] === 'result')?.fields;
}
